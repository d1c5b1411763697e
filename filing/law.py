"""What a filing says about the law: its standing statements, and cited rules as JSON."""

from typing import Any

from registry.language import Text
from registry.law import FORCE_NAMES, City, rule

FILING_STATEMENT = Text(
    "备案不等于批准，也不代表主管部门认可或推荐这个算法。",
    "A filing is not an approval, and does not mean that the authority endorses or "
    "recommends this algorithm.",
)
GRADE_STATEMENT = Text(
    "风险等级由本平台方法得出，不是主管部门的认定。",
    "The risk grade follows from this platform's method; it is not a finding of the authority.",
)
GRADING_STATEMENT = Text(
    "风险等级由本平台方法得出；审核人员改定的，备案页写明改定和理由。方法得出的等级不是主管部门的认定。",
    "Risk grades follow from this platform's method; where reviewers set another, the filing's page "
    "says so and why. A grade by the method is not a finding of the authority.",
)
METHOD_STATEMENT = Text(
    "条例没有写怎样分级，把办法留给了市里；我们没有见到已经公布的办法。",
    "The regulations do not say how to grade and leave the method to the city; we know of none "
    "that has been issued.",
)
CITY_STATEMENTS: dict[str, Text] = {
    City.SHENZHEN: Text(
        "深圳的条例没有规定备案，这是在本平台的登记。",
        "Shenzhen's regulation has no article on filing; this is an entry in this platform's "
        "register.",
    )
}


def cite(rule_id: str) -> dict[str, Any]:
    """A rule as a JSON object; its force is part of it and is shown wherever the rule is.

    Raises:
        KeyError: when the product cites no such rule.
    """
    found = rule(rule_id)
    force = found.force
    return {
        "id": found.id,
        "cited": found.cited.as_json(),
        "place": found.place.as_json(),
        "shown": found.shown.as_json(),
        "force": {"id": force.value, **FORCE_NAMES[force].as_json()},
        "about": found.about.as_json(),
    }
