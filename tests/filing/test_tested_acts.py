"""The filer's check against the forbidden acts beside the reports that bear on them."""

from types import SimpleNamespace
from typing import Any

import pytest

from filing import catalogue, tested_acts
from filing.fields import Answers
from filing.forms import current
from filing.meanings import Meaning
from registry.language import Text
from tests.filing import papers
from tests.filing.papers import ACTS, Scene
from tests.filing.test_standing import own


def told(act: str, tested: str) -> Answers:
    key = current().key(Meaning.FORBIDDEN_ACTS)
    return Answers(current(), {key: {"value": [{"act": act, "tested": tested}]}})


def report(name: str, *refs: str) -> Any:
    findings = [{"legal_refs": list(refs)}, {}]
    return SimpleNamespace(
        predicate={"findings": findings}, evidence=SimpleNamespace(report_id=name)
    )


@pytest.mark.parametrize(
    ("tested", "refs", "differs", "says"),
    [
        ("report", ("SZ72-4",), False, "里有检查引用这一条（r1）"),
        ("report", ("SZ36",), True, "没有检查引用这一条"),
        ("not_tested", ("SZ72-4",), True, "里有检查引用这一条（r1）"),
        ("own", ("SZ72-4",), False, "里有检查引用这一条（r1）"),
        ("not_tested", (), False, None),
        ("own", (), False, None),
    ],
)
def test_the_filers_word_stands_beside_what_the_reports_refer_to(
    tested: str, refs: tuple[str, ...], differs: bool, says: str | None
) -> None:
    (act,) = tested_acts.acts(told("SZ72-4", tested), [report("r1", *refs)])
    assert act.differs is differs
    assert (act.said is not None) is (says is not None)
    assert says is None or says in act.said.zh  # type: ignore[union-attr]


def test_every_act_of_the_form_can_be_referred_to_by_its_rule() -> None:
    for each in ACTS:
        (act,) = tested_acts.acts(told(each.id, "own"), [report("r1", each.id), report("r2")])
        assert act.reports == ("r1",)


def test_where_nothing_is_said_of_acts_nothing_is_told() -> None:
    assert tested_acts.acts(Answers(current(), {}), [report("r1", "SZ72-4")]) == []


def test_an_edition_carries_what_the_reports_refer_to(scene: Scene) -> None:
    acts: list[dict[str, Any]] = [{"act": each.id, "tested": "not_tested"} for each in ACTS]
    acts[0] |= {"tested": "report", "by": {"zh": "附上的评估"}}
    filing = scene.published(G9=acts)
    content = catalogue.entry(scene.session, str(filing.number)).content
    said = {each["act"]: each["zh"] for each in content["tested_acts"]}
    assert "没有检查引用这一条" in said[ACTS[0].id]


def test_filer_and_reviewer_are_remarked_on_what_differs(scene: Scene) -> None:
    remarks = {"B1": Text("甲", "a")}
    filing = own(scene)
    assert tested_acts.beside(scene.session, filing.told, [], remarks) == remarks
    acts: list[dict[str, Any]] = [{"act": each.id, "tested": "not_tested"} for each in ACTS]
    acts[0] |= {"tested": "report", "by": {"zh": "附上的评估"}}
    other = papers.answers(G9=acts)["G9"]
    key = current().key(Meaning.FORBIDDEN_ACTS)
    found = tested_acts.beside(
        scene.session, Answers(current(), {key: {"value": other}}), [], remarks
    )
    assert set(found) == {"B1", key}
    assert "没有检查引用这一条" in found[key].zh
