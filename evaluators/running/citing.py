"""Which rules a finding bears on: by what was measured, and by the feature it is about.

A probe's articles stand for all that it may be asked. An article against discrimination names
features; it stands beside a comparison by one of them, of decisions or of prices, and beside no
other. A rule on prices by habits, preferences or ability to pay says nothing of such a feature.
Pages, JSON and the signed report read the same list.
"""

from collections.abc import Iterable
from dataclasses import replace

from evaluators.plan import Plan
from evaluators.probe import ProbeSpec
from registry import law
from registry.findings import Finding

BY_HABIT = frozenset({"SZ72-5", "算法推荐21", "平台价格规则"})
"""Rules that turn on what users do, like or can pay."""
OF_GROUPS = frozenset({"differential_fairness"})
"""Metrics over all groups of all sensitive features, whose slice names none."""
WORDS = {"gender": "gender"}
"""Lists of words that stand for a feature: those of regions and of names stand for none that is named."""


def cited(finding: Finding, spec: ProbeSpec, plan: Plan) -> Finding:
    """The finding with the articles that what it is about calls for.

    Args:
        finding: with all articles of its probe.
        spec: of the probe.
        plan: for the sensitive features and their plain names.
    """
    against = frozenset(law.AGAINST_DISCRIMINATION)
    own = [each for each in spec.legal_refs if each not in against]
    pricing = spec.task == "pricing"
    named = frozenset[str]()
    if pricing or against & set(spec.legal_refs):
        named = frozenset().union(*(_naming(each, plan) for each in _about(finding, plan)))
    if pricing and named:
        own = [each for each in own if each not in BY_HABIT]
    told = (*own, *(each for each in law.AGAINST_DISCRIMINATION if each in named))
    return finding if told == finding.legal_refs else replace(finding, legal_refs=told)


def _about(finding: Finding, plan: Plan) -> Iterable[str]:
    """The features that a finding compares by."""
    if finding.metric in OF_GROUPS:
        return plan.columns.sensitive
    return [
        WORDS.get(level, "") if name == "words" else name for name, level in finding.slice.items()
    ]


def _naming(column: str, plan: Plan) -> frozenset[str]:
    plain = plan.plain(column)
    return law.naming([column, plain.zh, plain.en])
