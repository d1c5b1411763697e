"""filing/S1: who files is told by the organisation's record, and by one name everywhere."""

from typing import Any

import pytest

from filing import catalogue, completeness, dossier
from filing.dossier import Filing, NotOnRecord
from filing.review import NotReady
from registry import corrections, journal, verifications
from registry.organisations import (
    Actor,
    Kind,
    NameTaken,
    Organisation,
    OrganisationInvalid,
    Role,
    WrongRole,
)
from tests import cast
from tests.filing.papers import Scene


def fill(scene: Scene, filing: Filing, **answers: Any) -> Filing:
    return dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=answers,
    )


def owner(scene: Scene) -> Organisation:
    return scene.session.get_one(Organisation, scene.filer.organisation_id)


@pytest.mark.parametrize(
    ("answers", "item"),
    [
        ({"A1": {"zh": "某某银行股份有限公司"}}, "A1"),
        ({"A2": "91350100M000100Y43"}, "A2"),
        ({"A3": {"kind": "company", "city": "shanghai", "district": "黄浦区"}}, "A3.district"),
    ],
)
def test_another_name_code_or_district_is_refused(
    scene: Scene, answers: dict[str, Any], item: str
) -> None:
    """filing/S1: the trial of the finding; nothing is saved, and what is on record is named."""
    filing = scene.opened()
    before = dict(filing.answers)
    with pytest.raises(NotOnRecord) as caught:
        fill(scene, filing, B1="新名称", **answers)
    (reason,) = caught.value.reasons
    assert reason.item == item
    recorded = {"A1": owner(scene).name_zh, "A2": owner(scene).credit_code, "A3": "浦东新区"}
    for said in (reason.said.zh, reason.said.en):
        assert str(recorded[item[:2]]) in said or owner(scene).name_en in said
    assert filing.answers == before


def test_what_is_on_record_may_be_said_again_and_is_never_lost(scene: Scene) -> None:
    filing = scene.opened()
    fill(
        scene,
        filing,
        A1={"zh": owner(scene).name_zh},
        A2=None,
        A3={"kind": "individual", "city": "shenzhen"},
    )
    assert filing.answers["A1"]["value"] == {
        "zh": owner(scene).name_zh,
        "en": owner(scene).name_en,
    }
    assert filing.answers["A2"]["value"] == owner(scene).credit_code
    district = {"zh": "浦东新区", "en": "Pudong New Area"}
    assert filing.answers["A3"]["value"]["district"] == district
    fill(scene, filing, A3={"kind": "company", "city": "shanghai", "district": district})
    assert filing.answers["A3"]["value"]["district"] == district


@pytest.mark.parametrize("recorded", ["黄浦区", "某县"])
def test_the_english_district_is_never_the_filers_own(scene: Scene, recorded: str) -> None:
    """Breaker, issue 7, F4: an English reader was told of another district than a Chinese one."""
    owner(scene).district = recorded
    filing = scene.opened()
    said = {"zh": recorded, "en": "Pudong New Area"}
    before = dict(filing.answers)
    with pytest.raises(NotOnRecord) as caught:
        fill(scene, filing, A3={"kind": "company", "city": "shanghai", "district": said})
    (reason,) = caught.value.reasons
    assert reason.item == "A3.district"
    assert "Pudong New Area" in reason.said.zh
    assert filing.answers == before
    fill(scene, filing, A3={"kind": "company", "city": "shanghai"})
    kept = filing.answers["A3"]["value"]["district"]
    assert kept.get("en") == {"黄浦区": "Huangpu District"}.get(recorded)


def test_catalogue_page_and_edition_show_one_name(scene: Scene) -> None:
    """filing/S1: two names stood on the public site."""
    filing = scene.published()
    found = catalogue.entry(scene.session, str(filing.number)).content
    (hit,) = scene.search().hits
    told = next(each for each in found["answers"] if each["key"] == "A1")
    names = {hit.filer.zh, found["filer"]["zh"], told["said"]["zh"]}
    assert names == {owner(scene).name_zh}


@pytest.mark.parametrize("step", ["check", "submit", "accept", "publish"])
def test_an_older_draft_that_differs_is_named_with_its_remedy(scene: Scene, step: str) -> None:
    """filing/S1: data in place; saving once takes the record over."""
    filing = scene.evaluated()
    way = ["check", "submit", "accept", "file", "publish"]
    for done in way[: way.index(step)]:
        (scene.rule if done in {"accept", "file"} else scene.file)(filing, done)
    filing.answers = filing.answers | {"A1": {"value": {"zh": "某某银行股份有限公司"}}}
    scene.session.flush()
    with pytest.raises(NotReady) as caught:
        (scene.rule if step in {"accept", "publish"} else scene.file)(filing, step)
    reason = next(each for each in caught.value.reasons if each.item == "A1")
    assert "某某银行股份有限公司" in reason.said.zh
    assert "保存" in reason.remedy.zh
    assert "record" in reason.remedy.en
    if step == "check":
        fill(scene, filing)
        scene.file(filing, "check")
        assert filing.answers["A1"]["value"]["zh"] == owner(scene).name_zh


def test_a_change_of_the_record_reaches_a_later_filing_not_an_edition(scene: Scene) -> None:
    filing = scene.published()
    owner(scene).name_zh = "改了名的公司"
    scene.session.flush()
    later = dossier.open_filing(
        scene.session, by=scene.filer, version_id=cast.version(scene.session, scene.filer).id
    )
    assert later.answers["A1"]["value"]["zh"] == "改了名的公司"
    assert "改了名的公司" not in str(catalogue.entry(scene.session, str(filing.number)).content)


def test_what_the_record_lacks_is_said_to_be_the_authoritys_to_add(scene: Scene) -> None:
    """filing/S1: a record without code or district; the filer cannot type them."""
    place = owner(scene)
    place.credit_code, place.district = None, ""
    filing = scene.opened()
    lacking = {each.item: each.remedy for each in completeness.measure(filing).reasons}
    assert set(lacking) == {"A2", "A3.district"}
    for remedy in lacking.values():
        assert "主管部门的管理员" in remedy.zh
    with pytest.raises(NotOnRecord):
        fill(scene, filing, A2="91350100M000100Y43")

    code = cast.credit_code("abcdef01")
    corrections.correct(
        scene.session,
        by=None,
        organisation_id=place.id,
        revision=corrections.revision_of(place),
        credit_code=code,
        district="徐汇区",
    )
    fill(scene, filing)
    assert completeness.measure(filing).complete
    assert filing.answers["A2"]["value"] == code
    event = journal.history(scene.session, place.id)[-1]
    assert event.name == "registry:organisation:corrected"
    assert event.details["before"] == {"credit_code": None, "district": ""}


def test_only_the_authority_corrects_a_record(scene: Scene) -> None:
    place = owner(scene)
    code = cast.credit_code("abcdef02")
    chief = scene.reviewer
    assert Role.ADMINISTRATOR in chief.roles
    with pytest.raises(WrongRole):
        corrections.correct(
            scene.session,
            by=scene.filer,
            organisation_id=place.id,
            revision=corrections.revision_of(place),
            credit_code=code,
        )
    plain = Actor(
        chief.person_id, chief.organisation_id, Kind.AUTHORITY, frozenset({Role.REVIEWER})
    )
    with pytest.raises(WrongRole):
        corrections.correct(
            scene.session,
            by=plain,
            organisation_id=place.id,
            revision=corrections.revision_of(place),
            credit_code=code,
        )
    with pytest.raises(OrganisationInvalid):
        corrections.correct(
            scene.session,
            by=chief,
            organisation_id=place.id,
            revision=corrections.revision_of(place),
            credit_code=f"{code[:-1]}0",
        )
    other = scene.session.get_one(Organisation, scene.tester.organisation_id)
    with pytest.raises(NameTaken):
        corrections.correct(
            scene.session,
            by=chief,
            organisation_id=place.id,
            revision=corrections.revision_of(place),
            credit_code=other.credit_code,
        )
    corrections.correct(
        scene.session,
        by=chief,
        organisation_id=place.id,
        revision=corrections.revision_of(place),
        credit_code=code,
    )
    assert place.credit_code == code


def test_only_a_verified_filer_is_accepted_and_published(scene: Scene) -> None:
    """Item 6 of the filing issue: verified once, by document, day and by whom."""
    filing = scene.submitted()
    session, filer = scene.session, owner(scene)
    verifications.end(session, by=None, organisation_id=filer.id, reason="证件属于另一个单位")
    with pytest.raises(NotReady) as refused:
        scene.rule(filing, "accept")
    assert [each.item for each in refused.value.reasons] == ["verified"]
    cast.verify(session, filer)
    scene.rule(filing, "accept")
    scene.rule(filing, "file")
    verifications.end(session, by=None, organisation_id=filer.id, reason="再看一遍，不一致")
    with pytest.raises(NotReady):
        scene.rule(filing, "publish")
