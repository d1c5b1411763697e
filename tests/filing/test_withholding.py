"""What is withheld: on which ground, until when, who sees it, what never is, and how it is proved later."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filing import catalogue, checks, disclosures, in_full, withholding
from filing.answers import store
from filing.dossier import Filing, NotAssigned
from filing.fields import Answers, Show
from filing.forms import current
from filing.withholding import Disclosure, NothingWithheld, Place, WrongDisclosure
from registry import attestation
from tests import cast
from tests.filing.papers import Scene
from tests.filing.test_catalogue import SEAL, again, row, sealed
from tests.filing.test_checks import TODAY

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=6,
)


def faults(key: str, raw: Any, **beside: Any) -> list[tuple[str, str]]:
    form = current()
    rows = {each: store(form, each, value) for each, value in {**beside, key: raw}.items()}
    told = Answers(form, {each: made for each, made in rows.items() if made})
    return [(each.item, each.said.zh) for each in checks.check(told, key, today=TODAY)]


def rules(**seal: Any) -> dict[str, Any]:
    return {"value": [{"rule": "六十分", "effect": "建议批准"}], "sealed": SEAL | seal}


def test_a_withholding_may_say_until_when(scene: Scene) -> None:
    assert faults("D7", rules()) == []
    assert faults("D7", rules(until="2027-09-01")) == []
    for wrong in (TODAY.isoformat(), "2020-01-01", "有一天"):
        assert [item for item, _ in faults("D7", rules(until=wrong))] == ["D7.sealed.until"]


def test_the_public_reads_until_when_and_who_sees_it(scene: Scene) -> None:
    seal = SEAL | {"until": "2027-09-01"}
    filing = scene.published(D7={"value": [{"rule": "六十分", "effect": "批准"}], "sealed": seal})
    told = row(catalogue.entry(scene.session, str(filing.number)), "D7")["withheld"]
    assert told["until"] == "2027-09-01"
    assert told["seen_by"]["zh"] == "备案主体、主管部门和受委托期间的测试机构能看到"
    said = row(catalogue.entry(scene.session, str(filing.number)), "H10")["said"]["zh"]
    assert said.endswith("（商业秘密，不公开到2027-09-01，复查日期2027-06-01）")
    assert "不公开到2027-09-01" in in_full.stored(current().field("D7"), filing.answers["D7"]).zh


def test_without_an_end_that_is_said() -> None:
    assert withholding.until({"review": "2027-06-01"}).zh == "没有写到哪天为止，复查日期2027-06-01"


@pytest.mark.parametrize(
    ("key", "raw", "why"),
    [
        ("H1", {"zh": "给贷款申请打分"}, "写给公众的说明"),
        ("I1", {"offline": "柜台"}, "找到人、申诉和举报"),
        ("B7", {"purpose": {"zh": "甲"}, "non_uses": {"zh": "乙"}}, "都要公开"),
    ],
)
def test_what_is_never_withheld_is_refused_by_name_with_the_reason(
    key: str, raw: Any, why: str
) -> None:
    found = [said for item, said in faults(key, {"value": raw, "sealed": SEAL}) if item == f"{key}.sealed"]  # fmt: skip
    assert len(found) == 1
    assert current().field(key).name.zh in found[0]
    assert why in found[0]


def test_what_is_not_public_in_any_case_is_told_as_that() -> None:
    (_, said) = next(
        each for each in faults("A8", {"value": 3, "sealed": SEAL}) if each[0] == "A8.sealed"
    )
    assert said == "“专职人员数”本来就不公开，不用申请。"


def test_no_group_that_is_never_withheld_has_a_field_that_may_be() -> None:
    kept = [group for group in current().groups if group.public]
    assert {group.id for group in kept} == {"H", "I"}
    for field in (each for group in kept for each in group.fields):
        assert Show.SEALABLE not in {field.show, *(part.show for part in field.value.parts)}


def of(scene: Scene, filing: Filing) -> Disclosure:
    (found,) = disclosures.every(scene.session, scene.filer, filing.id)
    return found


def test_what_the_filer_gives_out_fits_the_edition_that_withheld_it(scene: Scene) -> None:
    filing = sealed(scene)
    number, shown = str(filing.number), of(scene, filing)
    proof = withholding.prove(disclosures.places(scene.session, number), shown)
    assert proof.fits == (1,)
    assert "第1次公示时备案的就是这个内容" in proof.said.zh


def test_a_disclosure_tells_apart_the_editions_that_withheld_something_else(scene: Scene) -> None:
    filing = sealed(scene)
    before = of(scene, filing)
    again(scene, filing, {"D7": {"value": [{"rule": "七十分", "effect": "批准"}], "sealed": SEAL}})
    places = disclosures.places(scene.session, str(filing.number))
    assert (proof := withholding.prove(places, before)).fits == (1,)
    assert proof.others == (2,)
    assert withholding.prove(places, of(scene, filing)).fits == (2,)
    (first,) = disclosures.every(scene.session, scene.filer, filing.id, 1)
    assert first == before


@given(JSON, JSON, st.text("0123456789abcdef", min_size=4, max_size=4))
def test_only_the_value_itself_fits(value: Any, other: Any, salt: str) -> None:
    place = Place(1, "D7", "", withholding.digest(salt, value))
    same = attestation.canonical(value) == attestation.canonical(other)
    assert withholding.prove([place], Disclosure("D7", "", salt, value)).fits == (1,)
    assert bool(withholding.prove([place], Disclosure("D7", "", salt, other)).fits) is same
    assert withholding.prove([place], Disclosure("D7", "", f"{salt}0", value)).fits == ()


def test_where_nothing_is_withheld_there_is_nothing_to_prove(scene: Scene) -> None:
    filing = sealed(scene)
    places = disclosures.places(scene.session, str(filing.number))
    with pytest.raises(NothingWithheld):
        withholding.prove(places, Disclosure("E2", "structure", "a", 1))


@pytest.mark.parametrize("raw", [None, [], "x", {"key": "D7"}, {"key": 1, "salt": "a", "value": 1}, {"key": "D7", "salt": "a", "value": 1, "more": 2}])  # fmt: skip
def test_what_is_no_disclosure_is_refused(raw: Any) -> None:
    with pytest.raises(WrongDisclosure):
        Disclosure.of(raw)


def test_a_disclosure_reads_back_as_it_was_given_out(scene: Scene) -> None:
    shown = of(scene, sealed(scene))
    assert Disclosure.of(shown.as_json()) == shown


def test_neither_a_stranger_nor_the_tester_gives_out_what_proves_it(scene: Scene) -> None:
    filing = sealed(scene)
    version = scene.version
    cast.engaged(scene.session, version, filer=scene.filer, tester=scene.tester)
    with pytest.raises(disclosures.NotYours):
        disclosures.every(scene.session, scene.tester, filing.id)
    stranger = cast.actor(scene.session, scene.filer.kind)
    with pytest.raises(NotAssigned):
        disclosures.every(scene.session, stranger, filing.id)
    assert disclosures.every(scene.session, scene.reviewer, filing.id)
