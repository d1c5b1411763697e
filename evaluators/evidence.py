"""What a run may publish, and what it seals.

Accumulators are personal data: cells of one, sums per user. Published are tables whose cells hold
at least ten people, once enough other cells are left out that none of the missing ones can be
worked out, and salted commitments to everything sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.plan import Plan
from evaluators.probe import Table
from registry import attestation
from registry.reports import Finding


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of one run.

    Args:
        findings: the findings as published.
        public: what everyone may read.
        sealed: what the authority and the assigned tester may read.
    """

    findings: tuple[Finding, ...]
    public: dict[str, Any]
    sealed: dict[str, Any]


def make(
    plan: Plan,
    found: Sequence[Finding],
    tables: Mapping[str, Sequence[Table]],
    states: Mapping[str, Any],
    *,
    nonce: str,
) -> Evidence:
    """Divide a run's evidence into public and sealed.

    Args:
        plan: the plan that ran.
        found: the full findings.
        tables: per probe the count tables it offers.
        states: per probe the full state.
        nonce: salts the commitments.
    """
    content = {name: [t.as_json() for t in offered] for name, offered in tables.items()}
    sealed = {"states": dict(states), "findings": [f.as_json() for f in found], "tables": content}
    public = {
        "tables": content,
        "plan": plan.digest,
        "commitments": attestation.digest([nonce, states]),
    }
    return Evidence(tuple(found), public, sealed)
