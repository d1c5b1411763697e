import sqlite3
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin
from sqlalchemy import delete, event, select

from benchmarks import filings
from filing import catalogue, changes, gate, listings, search_near, search_words
from filing.lifecycle import Status
from filing.listings import Listing
from filing.search_hits import Asked, Filters
from filing.search_index import SearchIndex
from portal.app import create_app
from registry.database import now
from registry.reports import Report
from registry.settings import Settings, settings
from tests import cast, tables
from tests.filing.papers import Scene

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12)
FEW_HAN = st.text(st.sampled_from("甲乙丙"), min_size=1, max_size=9)


def stands_in(text: str, query: str) -> bool:
    """What FTS5 says of one text and one query."""
    made = sqlite3.connect(":memory:")
    made.execute(
        "CREATE VIRTUAL TABLE f USING fts5(t, content='', prefix='1', "
        'tokenize="unicode61 remove_diacritics 0")'
    )
    made.execute("INSERT INTO f(t) VALUES (?)", (" ".join(search_words.tokens(text)),))
    match = search_words.match(query)
    found = made.execute("SELECT count(*) FROM f WHERE f MATCH ?", (match,)).fetchone()[0]
    made.close()
    return bool(found)


@given(text=FEW_HAN, query=FEW_HAN)
def test_chinese_is_found_exactly_where_it_stands(text: str, query: str) -> None:
    assert stands_in(text, query) == (query in text)


@given(text=HAN, start=st.integers(0, 11), length=st.integers(1, 12))
def test_every_part_of_a_chinese_text_is_found(text: str, start: int, length: int) -> None:
    part = text[start % len(text) :][:length]
    assert stands_in(text, part)


@given(word=st.text(string.ascii_letters, min_size=1, max_size=8))
def test_width_and_case_do_not_matter(word: str) -> None:
    wide = "".join(chr(ord(each) + 0xFEE0) for each in word)
    assert stands_in(f"some {word.upper()} here", wide)


WRITTEN = {
    "住房贷款": 1,
    "住房貸款": 1,
    "房": 1,
    "房款": 0,
    "zhufang": 1,
    "daikuan": 1,
    "zfdk": 1,
    "dksp": 1,
    "aikuan": 0,
    "ＨＯＭＥ": 1,
    "hom": 1,
    "判断": 1,
    "000001": 1,
    "0001": 1,
    "9999": 0,
    "dài kuǎn": 1,
    "dàikuǎn": 1,
    "DÀI": 1,
    "zhu'fang": 1,
    "hómé": 1,
    "贷款审批算法。": 0,
}


def test_a_name_is_found_as_people_write_it(scene: Scene) -> None:
    scene.published()
    assert {query: scene.search(query).total for query in WRITTEN} == WRITTEN


TYPED = (
    "lv", "lü", "lǜ", "LÜ", "lu:", "lvse", "lüsè", "nvxing", "nǚ xìng", "nu:xing", "café", "cafe", "CAFÉ", "cafe\u0301", "c++", "C++", "c+", "C#", "c＃", ".net", "net", "A/B", "a/b测试", "%", "100%", "v_2", "GB—T", "（女性）", "(女性)", "女性",
)  # fmt: skip
NOT_TYPED = ("c+++", "c-", "/net", "a-b", "AB", "$", "v2")  # fmt: skip


def test_a_name_is_found_by_what_is_typed(scene: Scene) -> None:
    """ü has a key of its own on no keyboard; signs are letters of such names."""
    scene.published(
        B1={"zh": "绿色出行（女性）C++ 与 C# A/B测试", "en": "Café on ASP.NET, 100% v_2 GB-T"}
    )
    assert [each for each in TYPED if scene.search(each).total != 1] == []
    assert [each for each in NOT_TYPED if scene.search(each).total] == []


def test_two_letters_with_dots_are_a_latin_letter_too(scene: Scene) -> None:
    scene.published(B1={"zh": "路况", "en": "Lübeck roads"})
    assert [scene.search(each).total for each in ("lübeck", "lubeck", "lu", "lü")] == [1, 1, 1, 1]
    assert scene.search("lv").total == 0


def test_a_word_of_the_text_is_found_inside_alone(scene: Scene) -> None:
    scene.published()
    assert scene.search("贷款申请记录").total == 0
    assert scene.search("贷款申请记录", inside=True).total == 1


def test_what_stands_inside_alone_is_offered_with_its_number(scene: Scene) -> None:
    scene.published()
    assert scene.search("贷款申请记录").inside == 1
    assert scene.search("贷款申请记录", Filters(grade=("none",))).inside == 0
    found = [scene.search("贷款"), scene.search("猫狗"), scene.search("贷款申请记录", inside=True)]
    assert [each.inside for each in found] == [0, 0, 0]


def test_what_is_read_alike_is_offered_where_nothing_is_found(scene: Scene) -> None:
    scene.published()
    found = scene.search("贷宽")
    assert (found.total, found.near) == (0, "贷款")
    assert scene.search(found.near).total == 1
    assert scene.search("猫狗").near == ""


NEAR = {
    "住房贷款审皮": "住房贷款审批",
    "住芳贷款": "住房贷款",
    "住房货款审批": "住房贷款审批",
    "主房贷款": "住房贷款",
    "住房款审批": "住房贷款审批",
    "住房的贷款": "住房贷款",
    "示例信货公司": "示例信贷公司",
    "approvel": "approval",
    "aproval": "approval",
    "approvall": "approval",
    "apporval": "approval",
    "xpproval": "approval",
    "Hoem Approval": "home approval",
    "Exampel": "example",
    "住房货款 approvel": "住房贷款 approval",
    "《住房贷款》": "住房贷款",
    "“住房贷款”！": "住房贷款",
    "home, loan": "home loan",
    "猫狗鱼鸟": "",
    "qqqqq": "",
    "房货": "",
    "%": "",
}
"""What is offered for a query that finds nothing; empty for nothing."""


def test_one_wrong_character_is_set_right(scene: Scene) -> None:
    """In names of algorithms and filers, Chinese and Latin; what is offered is found."""
    scene.published()
    for query, near in NEAR.items():
        found = scene.search(query)
        assert (query, found.total, found.near) == (query, 0, near)
        assert not near or scene.search(near).total == 1


def test_nothing_is_offered_for_words_that_a_filter_alone_leaves_out(scene: Scene) -> None:
    scene.published(B1={"zh": "C++ 审查", "en": "Review of C++"})
    found = scene.search("c++", Filters(status=[Status.REVOKED]))
    assert (found.total, found.near) == (0, "")


@given(word=st.text("abc", min_size=4, max_size=6), other=st.text("abc", min_size=3, max_size=7))
def test_words_one_letter_apart_share_what_is_left_without_it(word: str, other: str) -> None:
    if search_near._is_one_apart(word, other):
        assert search_near._gaps(word) & search_near._gaps(other)


def test_a_name_comes_before_a_text(scene: Scene) -> None:
    named = scene.published(B1={"zh": "信用评分", "en": "Score"})
    scene.version = cast.version(scene.session, scene.filer, name="b")
    told = scene.published(B2={"zh": "它给信用评分。", "en": "It scores."})
    assert [each.number for each in scene.search("信用评分").hits] == [named.number, told.number]
    assert [each.number for each in scene.search().hits] == [told.number, named.number]


def test_counts_say_what_another_value_would_find(scene: Scene) -> None:
    scene.published()
    scene.version = cast.version(scene.session, scene.filer, name="b")
    scene.published(B4=["push", "dispatch"])
    found = scene.search("", Filters(kind=["push"]))

    assert found.total == 1
    assert found.counts["kind"] == {"dispatch": 2, "push": 1}
    assert found.counts["district"] == {"浦东新区": 1}
    assert found.counts["status"] == {"published": 1}
    for name, counted in found.counts.items():
        if name in {"evaluated", "filer"}:
            continue
        for value, number in counted.items():
            how = {"kind": ["push"], name: [value]}
            assert scene.search("", Filters(**how)).total == number  # type: ignore[arg-type]


def test_an_index_that_lived_on_follows_every_change(scene: Scene) -> None:
    index = SearchIndex()

    def found(query: str, **how: object) -> int:
        return catalogue.search(
            scene.session,
            index,
            query,
            Filters(**how),  # type: ignore[arg-type]
        ).total

    assert found("") == 0
    filing = scene.published()
    assert found("住房") == 1
    assert found("住房", status=[Status.PUBLISHED]) == 1
    scene.rule(filing, "revoke", reason="撤销")
    assert found("住房", status=[Status.PUBLISHED]) == 0
    assert found("住房", status=[Status.REVOKED]) == 1
    assert found("住房") == 1


def test_a_draft_raises_no_number_and_a_publication_does(scene: Scene) -> None:
    before = changes.latest(scene.session)
    filing = scene.evaluated()
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file")
    assert changes.latest(scene.session) == before
    scene.version = cast.version(scene.session, scene.filer, name="b")
    scene.published()
    number, mark = changes.latest(scene.session)
    assert number > before[0]
    assert mark
    line = scene.session.scalars(select(Listing)).one()
    assert line.change == number


def test_a_line_carries_the_number_of_a_change_of_any_filing_of_its_model(scene: Scene) -> None:
    first = scene.published()
    line = scene.session.scalars(select(Listing)).one()
    before = line.change
    other = cast.version(scene.session, scene.filer, name="other")
    scene.version, model = other, scene.version.model_id
    elsewhere = scene.published()
    scene.session.refresh(line)
    assert line.change == before, "another model's publication shows on no page of this one"
    elsewhere.model_id = model
    elsewhere.status = Status.CHANGE_PENDING
    scene.session.flush()
    assert first.id != elsewhere.id
    assert line.change == changes.latest(scene.session)[0] > before
    assert changes.revision(scene.session, line.slug) == changes.latest(scene.session)
    assert changes.revision(scene.session, "nothing") == (0, "")


def test_a_countersignature_on_a_report_raises_the_number(scene: Scene) -> None:
    scene.published()
    before = changes.latest(scene.session)[0]
    report = scene.session.scalars(select(Report)).first()
    assert report is not None
    report.countersigned = now()
    scene.session.flush()
    assert changes.latest(scene.session)[0] == before + 1


def test_an_index_of_another_record_is_made_anew(scene: Scene, tmp_path: Path) -> None:
    place = tmp_path / "search.db"
    other = SearchIndex(place)
    scene.published()
    assert other.find(scene.session, _asked(""), skip=0, size=5).total == 1
    changed = scene.session.get_one(changes.PublicChange, 1)
    changed.mark = "another"
    scene.session.execute(delete(Listing))
    scene.session.flush()
    assert SearchIndex(place).find(scene.session, _asked(""), skip=0, size=5).total == 0


def test_whoever_sees_less_does_not_empty_what_others_have_read(scene: Scene) -> None:
    index = SearchIndex()
    scene.published()
    assert index.find(scene.session, _asked(""), skip=0, size=5).total == 1
    number = changes.latest(scene.session)[0]
    changed = scene.session.get_one(changes.PublicChange, 1)
    changed.number = number - 1  # as a request sees it that began before the last change
    scene.session.flush()
    assert index.find(scene.session, _asked(""), skip=0, size=5).total == 1
    assert index._state()[2] == number  # type: ignore[index]


def test_a_record_that_was_put_back_is_read_anew_when_a_server_starts(
    scene: Scene, tmp_path: Path
) -> None:
    place = tmp_path / "search.db"
    scene.published()
    assert SearchIndex(place).find(scene.session, _asked(""), skip=0, size=5).total == 1
    changed = scene.session.get_one(changes.PublicChange, 1)
    changed.number -= 1
    scene.session.execute(delete(Listing))
    scene.session.flush()
    assert SearchIndex(place).find(scene.session, _asked(""), skip=0, size=5).total == 0


def _content(answers: dict[str, Any], reports: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": {"filing": "1"},
        "answers": [{"key": k, "value": v} for k, v in answers.items()],
        "reports": reports,
    }


@pytest.mark.parametrize(
    ("kinds", "personal"),
    [(["biometric"], "yes"), (["minors"], "yes"), (["none"], "no"), (None, "")],
)
def test_of_personal_information_nothing_is_said_that_was_not_filed(
    kinds: list[str] | None, personal: str
) -> None:
    answers = {} if kinds is None else {"C7#1": kinds}
    assert listings.facets(_content(answers, []))["personal"] == personal


@pytest.mark.parametrize(
    ("reports", "beyond"),
    [
        ([], ""),
        ([{"verdicts": {"equivalent": 2}}], "no"),
        ([{"verdicts": {"disparity": 1}}], "yes"),
    ],
)
def test_without_a_report_there_is_no_word_on_differences(
    reports: list[dict[str, Any]], beyond: str
) -> None:
    assert listings.facets(_content({}, reports))["beyond"] == beyond


def _asked(query: str) -> Asked:
    return Asked(query, Filters(), valid=gate.counting_since(now(), settings().evaluation_days))


def test_a_page_asks_no_more_for_many_hits_than_for_few(scene: Scene) -> None:
    index = SearchIndex()

    def asked() -> int:
        catalogue.search(scene.session, index)
        scene.session.flush()
        scene.session.expire_all()
        seen: list[str] = []
        engine = scene.session.get_bind()
        counting = lambda *given: seen.append(given[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", counting)
        assert catalogue.search(scene.session, index).total
        event.remove(engine, "before_cursor_execute", counting)
        return len(seen)

    scene.published()
    few = asked()
    for name in ("b", "c", "d"):
        scene.version = cast.version(scene.session, scene.filer, name=name)
        scene.published()
    assert asked() == few


def test_a_register_made_for_measuring_is_found_like_any_other(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path / "data", sandbox_tier="none"))
    tables.make(app.state.engine)
    characters = filings.fill(app.state.settings.database_url, 30, whole=200)
    with app.state.factory() as session:
        found = catalogue.search(session, app.state.search, size=30)
        assert found.total == len(found.hits) == 30
        assert sum(found.counts["grade"].values()) == 30
        one = found.hits[3]
        assert one.slug in {
            each.slug for each in catalogue.search(session, app.state.search, one.name.zh).hits
        }
    assert characters > 30 * 200
    app.state.engine.dispose()


@given(text=HAN)
def test_a_name_is_read_by_its_words_as_it_is_read_whole(text: str) -> None:
    assert search_words.syllables_of(text) == lazy_pinyin(
        search_words.plain(text), errors="ignore"
    )


@given(text=st.text(max_size=40))
def test_pairs_of_a_text_are_those_of_its_runs(text: str) -> None:
    runs = search_words.RUN.findall(search_words.plain(text))
    told = [each for run in runs for each in search_words._pairs(run, closed=True)]
    assert search_words.tokens(text) == told


def test_a_page_beyond_the_last_is_the_last(scene: Scene) -> None:
    for name in ("a", "b", "c"):
        scene.version = cast.version(scene.session, scene.filer, name=name)
        scene.published()
    last = scene.search("", size=2, page=2)
    beyond = scene.search("", size=2, page=9_999)
    assert len(beyond.hits) == 1
    assert (beyond.number, beyond.hits) == (last.number, last.hits)
    assert scene.search("没有这个", page=7).number == 1


def test_hits_beyond_the_newest_are_counted_no_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        scene.version = cast.version(scene.session, scene.filer, name=name)
        scene.published()
    whole = scene.search()
    assert (whole.total, whole.more, whole.partial) == (3, False, False)
    monkeypatch.setattr("filing.search_hits.NEWEST", 3)
    exact = scene.search()
    assert (exact.total, exact.more, exact.partial) == (3, False, False)
    monkeypatch.setattr("filing.search_hits.NEWEST", 2)
    more = scene.search()
    assert (more.total, more.more, more.partial) == (2, True, True)
    assert more.counts["status"] == {"published": 2}
    narrowed = scene.search("", Filters(status=[Status.PUBLISHED]))
    assert (narrowed.total, narrowed.more) == (2, True)
    assert scene.search("", Filters(status=[Status.REVOKED])).total == 0
