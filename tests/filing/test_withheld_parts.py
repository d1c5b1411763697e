"""One part of an answer is withheld: the rest stays public, and the part is proved later by its digest."""

from typing import Any

import pytest

from filing import basis, checks, computed, editions, in_full
from filing.answers import WrongAnswer, kept, store
from filing.fields import Answers
from filing.forms import current
from filing.meanings import Meaning
from registry import attestation
from tests.filing import papers
from tests.filing.papers import Scene
from tests.filing.test_checks import TODAY

SECRET = {"zh": "六十棵树，每棵两层"}
SEAL = {"reason": {"zh": "公开后别人可以照做"}, "ground": "trade_secret", "review": "2027-06-01"}


def given(seal: Any = SEAL, **parts: Any) -> dict[str, Any]:
    value = {"structure": SECRET, "size": "small"}
    return {"value": value, "sealed_parts": {"structure": seal, **parts}}


def stored(raw: Any) -> Answers:
    made = store(current(), "E2", raw)
    assert made is not None
    return Answers(current(), {"E1": {"value": "trained"}, "E2": made})


def test_the_public_reads_the_rest_and_that_and_why_the_part_is_withheld() -> None:
    (_, row) = editions.answers(stored(given()))
    assert row["value"] == {"size": "small"}
    assert "六十棵树" not in str(row)
    (part,) = row["withheld_parts"]
    assert part["name"] == {"zh": "结构", "en": "Structure"}
    assert part["reason"] == SEAL["reason"]
    assert part["ground"]["id"] == "trade_secret"
    assert part["review"] == SEAL["review"]


def test_the_digest_proves_the_part_later() -> None:
    told = stored(given())
    salt = told.rows["E2"]["sealed_parts"]["structure"]["salt"]
    (_, row) = editions.answers(told)
    assert row["withheld_parts"][0]["digest"] == attestation.digest(
        {"salt": salt, "value": SECRET}
    )


@pytest.mark.parametrize(("value", "same"), [(SECRET, True), ({"zh": "另一种结构"}, False)])
def test_the_digest_stays_while_the_part_does(value: Any, same: bool) -> None:
    before = store(current(), "E2", given())
    raw = {**given(), "value": {"structure": value, "size": "large"}}
    after = store(current(), "E2", raw)
    assert before is not None
    assert after is not None
    salts = [each["sealed_parts"]["structure"]["salt"] for each in (before, kept(before, after))]
    assert (salts[0] == salts[1]) is same


def test_a_part_that_has_to_be_public_is_not_withheld() -> None:
    wrong = checks.check(stored(given(size=SEAL)), "E2", today=TODAY)
    assert [each.item for each in wrong] == ["E2.size.sealed"]


@pytest.mark.parametrize(
    ("changed", "item"),
    [
        ({"reason": ""}, "E2.structure.sealed.reason"),
        ({"ground": "because"}, "E2.structure.sealed.ground"),
        ({"review": "2020-01-01"}, "E2.structure.sealed.review"),
    ],
)
def test_a_part_needs_reason_ground_and_date_like_a_whole_answer(
    changed: dict[str, str], item: str
) -> None:
    wrong = checks.check(stored(given(SEAL | changed)), "E2", today=TODAY)
    assert [each.item for each in wrong] == [item]


def test_a_seal_of_a_part_that_is_none_is_refused() -> None:
    with pytest.raises(WrongAnswer):
        store(current(), "E2", given(colour=SEAL))


def test_filer_and_authority_read_it_in_full() -> None:
    said = in_full.stored(current().field("E2"), stored(given()).rows["E2"])
    assert "六十棵树" in said.zh
    assert "申请不公开“结构”：商业秘密" in said.zh


def test_the_reviewer_is_told_of_every_part_that_is_to_be_withheld() -> None:
    """A part was told to nobody who decides; only a whole answer was, without ground and date."""
    field = current().field("E2")
    (said,) = in_full.seals(field, stored(given()).rows["E2"])
    assert said.zh == (
        "申请不公开“结构”：商业秘密，公开后别人可以照做；没有写到哪天为止，复查日期2027-06-01"
    )
    assert in_full.seals(field, {"value": {"size": "small"}}) == []


def test_a_change_of_a_withheld_part_is_a_change_since_the_evaluation(scene: Scene) -> None:
    before, after = (
        editions.answers(
            stored({**given(), "value": {"structure": {"zh": text}, "size": "small"}})
        )
        for text in ("一种", "另一种")
    )
    assert [each["zh"] for each in basis.differing(before, after)] == ["模型结构与规模"]


def test_the_form_lists_what_is_withheld_with_why_and_until_when(scene: Scene) -> None:
    filing = scene.published(E2=given())
    edition = editions.newest(scene.session, filing.id)
    assert edition is not None
    said = edition.read()
    assert "六十棵树" not in edition.content
    row = next(
        each for each in said["answers"] if each["code"] == current().meant(Meaning.WITHHELD).code
    )
    assert (
        "模型结构与规模·结构：公开后别人可以照做（商业秘密，没有写到哪天为止，复查日期2027-06-01）"
        in row["said"]["zh"]
    )
    assert computed.withheld(Answers(current(), {})) is None


def test_rows_with_one_for_each_of_a_list_want_each_once() -> None:
    whole = papers.answers()["G4"]
    raw = [whole[0], whole[0], *whole[2:]]
    made = store(current(), "G4", raw)
    assert made is not None
    said = [
        each.said.zh for each in checks.check(Answers(current(), {"G4": made}), "G4", today=TODAY)
    ]
    assert said == ["“国家利益”写了不止一行。", "“公共安全”还没有写。"]


def test_a_row_that_only_names_its_thing_is_none() -> None:
    assert store(current(), "G4", [{"aspect": "national"}, {"aspect": "safety"}]) is None


def test_rows_of_a_list_stand_in_its_order() -> None:
    made = store(current(), "G4", list(reversed(papers.answers()["G4"])))
    assert made is not None
    assert made["value"] == store(current(), "G4", papers.answers()["G4"])["value"]  # type: ignore[index]
