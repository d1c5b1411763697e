import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from filing import catalogue, differences, dossier, editions
from filing.dossier import Filing
from filing.lifecycle import Status
from filing.numbers import NumberNotFound
from filing.search_hits import Filters
from filing.search_index import SearchIndex
from filing.standing import State
from registry import attestation, database
from registry.database import now
from registry.organisations import Organisation
from tests import cast, tables
from tests.filing import papers
from tests.filing.papers import Scene

SEAL = {"reason": "商业秘密", "ground": "trade_secret", "review": "2027-06-01"}
SECRET = "六十二分半"


def entry(scene: Scene, filing: Filing, **how: Any) -> catalogue.PublicEntry:
    return catalogue.entry(scene.session, str(filing.number), **how)


def sealed(scene: Scene) -> Filing:
    rule = {"rule": SECRET, "effect": "建议批准"}
    return scene.published(D7={"value": [rule], "sealed": SEAL})


def row(found: catalogue.PublicEntry, key: str) -> dict[str, Any]:
    given: dict[str, Any] = next(each for each in found.content["answers"] if each["key"] == key)
    return given


def test_an_entry_is_canonical_and_says_what_a_filing_is_not(scene: Scene) -> None:
    found = entry(scene, scene.published())

    assert attestation.sha256(found.canonical) == found.digest
    assert json.loads(found.canonical) == found.content
    assert found.content["statements"][0]["zh"] == (
        "备案不等于批准，也不代表主管部门认可或推荐这个算法。"
    )
    assert found.content["grade"]["statement"]["zh"].startswith("风险等级由本平台方法得出")


def test_an_entry_never_holds_what_is_restricted_or_withheld(scene: Scene) -> None:
    found = entry(scene, sealed(scene))
    text = found.canonical.decode()

    assert SECRET not in text
    assert "王小明" not in text
    assert "总经理" not in text
    assert "livelihood" not in text
    assert row(found, "A9")["restricted"]
    assert row(found, "G1")["restricted"]
    assert row(found, "A6")["value"] == {"post": {"zh": "首席风险官", "en": "Chief risk officer"}}


def test_a_withheld_answer_shows_name_reason_ground_review_date_and_digest(scene: Scene) -> None:
    filing = sealed(scene)
    shown = row(entry(scene, filing), "D7")

    assert shown["name"]["zh"] == "规则与阈值"
    assert shown["withheld"]["reason"] == {"zh": "商业秘密"}
    assert shown["withheld"]["ground"]["id"] == "trade_secret"
    assert shown["withheld"]["review"] == "2027-06-01"
    stored = filing.answers["D7"]
    disclosed = {"salt": stored["sealed"]["salt"], "value": stored["value"]}
    assert shown["withheld"]["digest"] == attestation.digest(disclosed)


def test_the_digest_of_a_withheld_answer_stays_while_the_answer_does(scene: Scene) -> None:
    filing = sealed(scene)
    before = row(entry(scene, filing), "D7")["withheld"]["digest"]
    again(
        scene,
        filing,
        {
            "B1": "新名称",
            "D7": {
                "value": filing.answers["D7"]["value"],
                "sealed": SEAL | {"review": "2027-07-01"},
            },
        },
    )
    assert row(entry(scene, filing), "D7")["withheld"]["digest"] == before


def test_the_record_behind_an_edition_is_kept_with_its_digest(scene: Scene) -> None:
    filing = sealed(scene)
    edition = editions.every(scene.session, filing)[0]

    assert attestation.sha256(edition.record.encode()) == edition.read()["record_digest"]
    assert SECRET in edition.record


def again(scene: Scene, filing: Filing, answers: dict[str, Any]) -> None:
    """One change from amendment to the next edition."""
    scene.file(filing, "amend")
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=answers,
    )
    scene.file(filing, "submit", reason={"zh": "更新", "en": "Update"})
    scene.rule(filing, "accept", "file", "publish")


@pytest.mark.parametrize("name", ["content", "digest", "record", "number"])
def test_the_database_refuses_to_change_an_edition(scene: Scene, name: str) -> None:
    edition = editions.every(scene.session, scene.published())[0]
    scene.session.flush()
    setattr(edition, name, 9 if name == "number" else "{}")
    with pytest.raises(DBAPIError, match=editions.UNCHANGED):
        scene.session.flush()


def test_the_computed_fields_are_filled_in(scene: Scene) -> None:
    found = entry(scene, scene.published())

    assert row(found, "B3")["value"]["sha256"] == scene.version.digest
    assert row(found, "G2")["said"]["zh"].startswith("高风险：")
    owner = scene.session.get_one(Organisation, scene.filer.organisation_id)
    assert row(found, "H14")["value"]["zh"].startswith(f"{owner.name_zh}（服务提供者")
    assert "已证明差异很小：3条" in row(found, "H15")["value"]["zh"]
    assert "shown to be small: 3" in row(found, "H15")["value"]["en"]


def test_every_public_answer_is_said_in_both_languages(scene: Scene) -> None:
    for each in entry(scene, scene.published()).content["answers"]:
        if "said" in each:
            assert each["said"]["zh"]
            assert each["said"]["en"]


def test_an_edition_never_changes_and_names_the_one_before(scene: Scene) -> None:
    filing = scene.published()
    first = entry(scene, filing)
    again(scene, filing, {"B1": "新名称"})
    old, new = entry(scene, filing, edition=1), entry(scene, filing)

    assert old.canonical == first.canonical
    assert not old.newest
    assert new.newest
    assert new.content["previous"] == first.digest
    assert new.content["edition"] == 2
    with pytest.raises(editions.EditionNotFound):
        entry(scene, filing, edition=3)


def test_what_is_told_changes_with_the_standing_and_never_with_a_draft(scene: Scene) -> None:
    filing = scene.published()
    first = entry(scene, filing, at=papers.at(2026, 12, 1))
    same = entry(scene, filing, at=papers.at(2026, 12, 2))
    assert same.as_json() == first.as_json()

    scene.file(filing, "amend")
    assert entry(scene, filing, at=papers.at(2026, 12, 2)).as_json() == first.as_json()
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "新名称"},
    )
    scene.file(filing, "submit", reason="改名")
    assert entry(scene, filing).as_json() != first.as_json()
    assert entry(scene, filing).digest == first.digest


def test_evaluation_and_explanation_are_about_this_version(scene: Scene) -> None:
    standing = entry(scene, scene.published()).standing

    assert standing.evaluations.all.state is State.CURRENT
    assert standing.third_party.state is State.CURRENT
    assert standing.explanation.state is State.DECLARED


def test_an_evaluation_expires(scene: Scene) -> None:
    filing = scene.published()
    later = now() + timedelta(days=365)

    assert entry(scene, filing, at=later).standing.evaluations.all.state is State.EXPIRED
    assert (
        entry(scene, filing, at=later - timedelta(days=1)).standing.evaluations.all.state
        is State.CURRENT
    )


def test_an_own_report_is_not_a_third_partys(scene: Scene) -> None:
    filing = scene.opened(G1=papers.LOW)
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    standing = entry(scene, filing).standing

    assert standing.evaluations.all.state is State.CURRENT
    assert standing.third_party.state is State.NONE


def test_an_explanation_of_an_older_version_says_so(scene: Scene) -> None:
    old = scene.version
    newer = cast.version(scene.session, scene.filer)
    filing = scene.opened(newer)
    scene.attach(filing, papers.report(scene.session, newer, scene.tester))
    explained = papers.explanation(scene.session, old, scene.filer)
    dossier.attach(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        explanation_id=explained.id,
    )
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")

    assert entry(scene, filing).standing.explanation.state is State.EARLIER_VERSION


def test_the_history_tells_each_change_in_a_sentence_in_both_languages(scene: Scene) -> None:
    filing = scene.published()
    rule = {"rule": SECRET, "effect": "建议批准"}
    again(
        scene,
        filing,
        {
            "B8": "suspended",
            "D6": {"not_applicable": "没有排除"},
            "D7": {"value": [rule], "sealed": SEAL},
            **papers.another(C1={"name": "验证数据", "version": "1"}, C2=["validation"]),
        },
    )
    turn = catalogue.history(scene.session, str(filing.number)).turns[0]
    zh = [each.zh for each in turn.differences]

    assert turn.note == {"zh": "更新", "en": "Update"}
    assert "“服务状态”由“服务中”改为“已暂停”。" in zh
    assert any(
        each.startswith("“排除的因素与替代变量核查”由") and "不适用，理由：没有排除" in each
        for each in zh
    )
    assert "新增了“规则与阈值”：不公开，理由：商业秘密。" in zh
    assert "新增了“数据集2·用途”：验证。" in zh
    assert "“State of the service” changed from “in service” to “suspended”." in [
        each.en for each in turn.differences
    ]
    assert all(SECRET not in each for each in zh)


def test_the_history_tells_what_happened(scene: Scene) -> None:
    filing = scene.published()
    scene.file(filing, "cancel", reason="服务结束")
    found = catalogue.history(scene.session, str(filing.number))

    assert [each.status for each in found.happenings] == [
        Status.CANCELLED,
        Status.PUBLISHED,
        Status.FILED,
    ]
    assert found.happenings[0].reason == {"zh": "服务结束"}
    assert [each.edition for each in found.turns] == [1]
    assert found.turns[0].differences == ()


def test_nothing_is_found_under_an_unpublished_number(scene: Scene) -> None:
    filing = scene.evaluated()
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file")
    with pytest.raises(NumberNotFound):
        entry(scene, filing)
    assert scene.search().total == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("贷款", True),
        ("住房 贷款", True),
        ("ＬＯＡＮ", True),
        ("home  Loan", True),
        ("猫", False),
        ("贷款 猫", False),
        ("100%", False),
        ("_", False),
        (SECRET, False),
        ("王小明", False),
    ],
)
def test_the_search_reads_every_public_word_and_nothing_else(
    scene: Scene, query: str, found: bool
) -> None:
    sealed(scene)
    assert scene.search(query).total == int(found)


def test_a_filing_is_found_by_its_number(scene: Scene) -> None:
    filing = scene.published()
    for written in (str(filing.number), str(filing.number)[3:], "SH-" + str(filing.number)[6:]):
        (hit,) = scene.search(written).hits
        assert hit.number == filing.number


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(status=[Status.PUBLISHED]), True),
        (Filters(status=[Status.CHANGE_PENDING]), False),
        (Filters(grade=["high"]), True),
        (Filters(grade=["low", "medium"]), False),
        (Filters(kind=["dispatch"]), True),
        (Filters(kind=["push"]), False),
        (Filters(kind=["push", "dispatch"]), True),
        (Filters(sector=["housing"]), True),
        (Filters(sector=["media"]), False),
        (Filters(effect=["decides"]), True),
        (Filters(effect=["prices", "ranks"]), False),
        (Filters(filer=["other"]), False),
        (Filters(evaluated=True), True),
        (Filters(evaluated=False), False),
    ],
)
def test_a_search_can_be_narrowed(scene: Scene, filters: Filters, found: bool) -> None:
    scene.published()
    assert scene.search("", filters).total == int(found)


def test_an_expired_evaluation_no_longer_counts_in_the_search(scene: Scene) -> None:
    scene.published()
    later = now() + timedelta(days=365)
    assert scene.search("", Filters(evaluated=True), at=later).total == 0
    (hit,) = scene.search("", Filters(evaluated=False), at=later).hits
    assert not hit.evaluated


def test_a_change_under_way_is_found_as_such(scene: Scene) -> None:
    filing = scene.published()
    scene.file(filing, "amend")
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers={"B1": "新名称"},
    )
    scene.file(filing, "submit", reason="改名")
    found = scene.search("", Filters(status=[Status.CHANGE_PENDING]))
    assert [each.status for each in found.hits] == [Status.CHANGE_PENDING]


def test_pages_are_newest_first_and_whole(scene: Scene) -> None:
    published = []
    for name in ("a", "b", "c"):
        scene.version = cast.version(scene.session, scene.filer, name=name)
        published.append(str(scene.published().number))
    first = scene.search(size=2)
    second = scene.search(page=2, size=2)

    assert [each.number for each in (*first.hits, *second.hits)] == published[::-1]
    assert (first.total, first.pages) == (3, 2)
    assert scene.search(page=9, size=2).hits == second.hits


def test_the_history_tells_of_reports_and_explanations(scene: Scene) -> None:
    filing = scene.opened()
    signed = papers.report(scene.session, scene.version, scene.tester)
    own = papers.report(scene.session, scene.version, scene.filer, signed=False)
    dropped = papers.report(scene.session, scene.version, scene.filer)
    for each in (signed, own, dropped):
        scene.attach(filing, each)
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    own.countersigned = now()
    explained = papers.explanation(scene.session, scene.version, scene.filer)
    scene.file(filing, "amend")
    added = papers.report(scene.session, scene.version, scene.tester)
    filing.report_ids = [signed.id, own.id, added.id]
    scene.session.flush()
    dossier.attach(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        explanation_id=explained.id,
    )
    scene.file(filing, "submit", reason="换报告")
    scene.rule(filing, "accept", "file", "publish")

    turn = catalogue.history(scene.session, str(filing.number)).turns[0]
    told = " ".join(each.en for each in turn.differences)
    assert "was added" in told
    assert "is no longer attached" in told
    assert "countersigned its report" in told
    assert "The tested explanation was replaced." in told
    assert entry(scene, filing).standing.explanation.said.zh == "算法说明讲的就是这个版本"


def test_a_field_that_is_taken_back_is_told_as_removed(scene: Scene) -> None:
    rule = {"rule": "六十分", "effect": "建议批准"}
    filing = scene.published(D7=[rule])
    again(scene, filing, {"D7": None})
    (difference,) = catalogue.history(scene.session, str(filing.number)).turns[0].differences

    assert difference.zh == "删去了“规则与阈值”：规则或界线：六十分；怎样改变结果：建议批准。"
    assert difference.en.startswith("“Rules and thresholds” was removed: ")


def test_a_long_answer_is_quoted_where_it_differs(scene: Scene) -> None:
    filing = scene.published(D1="原" * 100 + "甲")
    again(scene, filing, {"D1": "原" * 100 + "乙"})
    (difference,) = catalogue.history(scene.session, str(filing.number)).turns[0].differences

    before = "…" + "原" * 20
    assert difference.zh == f"“基本原理”由“{before}甲”改为“{before}乙”。"


APPEAL = {
    "phone": "021-00000000",
    "link": "https://bank.example/appeal",
    "steps": {"zh": "写明日期、结果和理由，附身份证明，邮寄到总行消费者服务部，信封上写明申诉"},
    "within": 30,
    "days": 15,
}


def test_of_an_answer_in_parts_the_history_names_the_parts_that_changed(scene: Scene) -> None:
    """Both sides were cut at the same place, so that what the public loses was told nowhere."""
    filing = scene.published(I2=APPEAL)
    changed = {"phone": "021-11111111", "days": 20, "steps": {"zh": "当面写明日期"}}
    again(scene, filing, {"I2": {**APPEAL, **changed}})
    (difference,) = catalogue.history(scene.session, str(filing.number)).turns[0].differences

    for told, was, later in (
        (difference.zh, "收到后答复的期限（天）：15", "收到后答复的期限（天）：20"),
        (difference.zh, "电话：021-00000000", "电话：021-11111111"),
        (difference.en, "Answered within (days of receipt): 15", "days of receipt): 20"),
    ):
        assert told.index(was) < told.index(later)
    assert "bank.example" not in difference.zh + difference.en
    assert difference.en.count("(in Chinese, not translated)") == 2


def test_of_an_answer_in_rows_the_history_names_the_rows_that_came_and_went(scene: Scene) -> None:
    rules = [{"rule": f"第{n}条规则，按这一条计算分数", "effect": "建议批准"} for n in range(12)]
    filing = scene.published(D7=rules)
    again(scene, filing, {"D7": rules[:-1]})
    (difference,) = catalogue.history(scene.session, str(filing.number)).turns[0].differences

    row = "规则或界线：第11条规则，按这一条计算分数；怎样改变结果：建议批准"
    assert difference.zh == f"“规则与阈值”里删去了“{row}”。"
    assert difference.en.endswith("was removed from “Rules and thresholds”.")


@given(st.text("甲乙", max_size=300), st.text("甲乙", max_size=300))
def test_two_texts_are_quoted_alike_only_where_they_are_alike(one: str, two: str) -> None:
    was, now = differences.around(one, two)
    assert (was == now) == (one == two)
    if len(one) == len(two):
        unlike = sum(a != b for a, b in zip(one, two, strict=True))
        assert sum(a != b for a, b in zip(was, now, strict=True)) == unlike


@pytest.mark.postgres
def test_a_filing_reaches_the_catalogue_on_postgresql(postgres_url: str) -> None:
    engine = database.connect(postgres_url)
    try:
        tables.make(engine)
        with database.transaction(database.sessions(engine)) as session:
            scene = Scene(session)
            filing = sealed(scene)
            again(scene, filing, {"B1": "新名称"})
            found = entry(scene, filing)
            assert attestation.sha256(found.canonical) == found.digest
            assert (
                catalogue.search(
                    session, SearchIndex(), "新名称", Filters(kind=["dispatch"])
                ).total
                == 1
            )
            assert catalogue.search(session, SearchIndex(), SECRET).total == 0
    finally:
        engine.dispose()
