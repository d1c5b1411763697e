"""Plans held against the installed probes: may each run, with these options, on these columns?"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from evaluators.guests import installed
from evaluators.option_faults import option_faults
from evaluators.plan import Plan
from evaluators.plan_reasons import Reasons


def parse(mapping: Mapping[str, Any]) -> Plan:
    """Check a plan as written, by itself and against the installed probes.

    Args:
        mapping: the parsed TOML or JSON.

    Raises:
        PlanInvalid: with every reason, each naming the offending item.
    """
    reasons = Reasons()
    plan = Plan.read(reasons, mapping)
    check(reasons, plan)
    reasons.settle()
    return plan


def check(reasons: Reasons, plan: Plan) -> None:
    """See that every planned probe is installed and has the options and columns that it needs.

    Args:
        reasons: what is wrong goes here.
        plan: as read.
    """
    for planned in plan.probes:
        try:
            probe = installed.probe_class(planned.id)
        except installed.ProbeMissing as missing:
            reasons.add(
                f"probes.{planned.id}",
                missing.said.zh,
                missing.said.en,
                do_zh=f"已安装的有：{'、'.join(installed.names())}",
                do_en=f"installed: {', '.join(installed.names())}",
            )
            continue
        try:
            probe.spec.options.model_validate(dict(planned.options))
        except ValidationError as wrong:
            reasons.found += option_faults(planned.id, probe.spec.options, wrong)
        for role in probe.spec.roles:
            if plan.columns.role(role) in (None, ()):
                reasons.add(
                    f"columns.{role}",
                    f"检验 {planned.id} 需要这一列",
                    f"the probe {planned.id} needs it",
                    do_zh="在 [columns] 里写上",
                    do_en="name it under [columns]",
                )


def task(plan: Plan) -> Literal["decision", "pricing"]:
    """What a plan evaluates: pricing as soon as one price probe is planned."""
    tasks = {installed.probe_class(probe.id).spec.task for probe in plan.probes}
    return "pricing" if "pricing" in tasks else "decision"
