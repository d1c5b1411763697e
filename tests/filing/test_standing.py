"""What is true of a published filing now: told from editions, from the authority, from the calendar."""

from datetime import timedelta
from typing import Any

import pytest

from filing import basis, catalogue, computed, dossier, evidence, gate, guards, hits, standing
from filing.catalogue import PublicEntry
from filing.dossier import Filing
from filing.editions import Making
from filing.lifecycle import Status
from filing.listings import Listing
from filing.risk import Level
from filing.search_hits import Filters
from filing.standing import Freshness, State
from registry import legal_day
from registry.database import now
from registry.language import Text
from registry.settings import settings
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene

LATER = timedelta(days=366)


def entry(scene: Scene, filing: Filing, **how: Any) -> PublicEntry:
    scene.session.flush()
    return catalogue.entry(scene.session, str(filing.number), **how)


def hit(scene: Scene, filing: Filing, **how: Any) -> hits.Hit:
    found = scene.search(str(filing.number), **how)
    return next(each for each in found.hits if each.number == filing.number)


def change(scene: Scene, filing: Filing, **answers: Any) -> None:
    """A change that the filer submits."""
    scene.file(filing, "amend")
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=answers,
    )
    scene.file(filing, "submit", reason={"zh": "更新", "en": "Update"})


def again(scene: Scene, filing: Filing, **answers: Any) -> None:
    """A change up to the next edition."""
    change(scene, filing, **answers)
    scene.rule(filing, "accept", "file", "publish")


def own(scene: Scene, **how: Any) -> Filing:
    """A filing of low risk that rests on the filer's own evaluation."""
    filing = scene.opened(G1=papers.LOW)
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer, **how))
    scene.file(filing, "check", "submit")
    return scene.rule(filing, "accept", "file", "publish")


def test_a_draft_changes_nothing_in_public(scene: Scene) -> None:
    """filing/S11: not the status, not since when, not the standing, not the history, not the tag."""
    filing = scene.published()
    before, listed = entry(scene, filing), hit(scene, filing)
    told = catalogue.history(scene.session, str(filing.number))
    scene.file(filing, "amend")
    newer = cast.version(scene.session, scene.filer)
    dossier.move(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        version_id=newer.id,
    )
    answers = {"E7": "换了一个标准", "B1": "新名称"}
    dossier.fill(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        answers=answers,
    )
    after = entry(scene, filing)

    assert after.standing.as_json() == before.standing.as_json()
    assert after.as_json() == before.as_json()
    assert hit(scene, filing).standing == listed.standing
    assert hit(scene, filing).status is Status.PUBLISHED
    assert catalogue.history(scene.session, str(filing.number)) == told
    pending = Filters(status=[Status.CHANGE_PENDING])
    assert scene.search("", pending).total == 0
    assert scene.search("", Filters(status=[Status.PUBLISHED])).total == 1
    scene.file(filing, "abandon")
    assert entry(scene, filing).as_json() == before.as_json()
    assert catalogue.history(scene.session, str(filing.number)) == told


def test_a_submitted_change_is_named_and_its_content_is_not(scene: Scene) -> None:
    """filing/S10, S11: what lies with the authority is said to lie there, by the fields' names."""
    filing = scene.published()
    change(scene, filing, E7="换了一个秘密的标准", B1="新名称")
    found = entry(scene, filing).standing

    assert found.status is Status.CHANGE_PENDING
    assert found.third_party.state is State.CHANGE_SUBMITTED
    assert "训练停止与选择标准" in found.third_party.said.zh
    assert "还没有公示" in found.third_party.said.zh
    assert "submitted and not yet published" in found.third_party.said.en
    assert found.evaluations.changed == ()
    assert "秘密" not in str(entry(scene, filing).as_json())
    assert hit(scene, filing).standing.third_party == found.third_party
    events = catalogue.history(scene.session, str(filing.number)).happenings
    assert (events[0].status, events[0].reason) == (Status.CHANGE_PENDING, None)

    scene.rule(filing, "refuse_change", reason="不合适", ground="inconsistent")
    back = entry(scene, filing).standing
    assert (back.status, back.third_party.state) == (Status.PUBLISHED, State.CURRENT)


def test_a_submitted_change_names_every_public_field_that_it_touches_and_its_day(
    scene: Scene,
) -> None:
    """A change is a fact of its own: also of fields on which no evaluation rests, by name alone."""
    filing = scene.published()
    change(scene, filing, B1="新名称", E7="换了一个标准")
    pending = entry(scene, filing).standing.pending
    day = legal_day.today()

    assert [each.zh for each in pending.fields] == ["训练停止与选择标准"]
    assert [each.zh for each in pending.also] == ["算法名称"]
    assert pending.rest == Text(
        f"变更在{day}提交，还改了“算法名称”",
        f"a change was handed in on {day}; it also touches “Algorithm name”",
    )
    assert "新名称" not in str(entry(scene, filing).standing.as_json())


def test_a_change_of_what_no_evaluation_rests_on_is_told_as_one(scene: Scene) -> None:
    filing = scene.published()
    change(scene, filing, B1="新名称")
    pending = entry(scene, filing).standing.pending
    assert pending.said is None
    assert pending.rest is not None
    assert "还没有公示，改了“算法名称”" in pending.rest.zh
    assert pending.as_json() is not None


def test_a_change_of_what_is_not_public_names_no_field(scene: Scene) -> None:
    filing = scene.published()
    change(scene, filing, A8=3)
    pending = entry(scene, filing).standing.pending
    assert (pending.fields, pending.also) == ((), ())
    assert pending.rest is not None
    assert pending.rest.zh.endswith("没有改公开的内容")


def test_a_report_that_a_change_attaches_is_named_as_that(scene: Scene) -> None:
    filing = scene.published()
    scene.file(filing, "amend")
    scene.attach(filing, papers.report(scene.session, scene.version, scene.tester))
    scene.file(filing, "submit", reason={"zh": "更新", "en": "Update"})
    also = entry(scene, filing).standing.pending.also
    assert [each.zh for each in also] == ["附上的评估报告"]


def test_what_was_returned_is_the_filers_draft_again(scene: Scene) -> None:
    """filing/S11: a returned change is under way, but its fields may change at any moment."""
    filing = scene.published()
    change(scene, filing, E7="换了一个标准")
    scene.rule(filing, "return", remarks=[{"code": "E7", "zh": "说清楚"}])
    found = entry(scene, filing).standing

    assert found.status is Status.CHANGE_PENDING
    assert found.pending.said is None
    assert found.third_party.state is State.CURRENT


def test_a_submitted_version_is_said_to_be_submitted_and_no_more(scene: Scene) -> None:
    """filing/S11: version 2 is not 'filed' while it only lies with the authority."""
    filing = scene.published()
    newer = cast.version(scene.session, scene.filer)
    second = scene.opened(newer)
    scene.attach(second, papers.report(scene.session, newer, scene.tester))
    assert entry(scene, filing).standing.pending.said is None

    scene.file(second, "check", "submit")
    found = entry(scene, filing).standing
    assert found.pending.said == Text(
        "第2版已提交，还没有公示", "version 2, submitted and not yet published"
    )
    assert found.third_party.state is State.CHANGE_SUBMITTED
    assert found.explanation.state is State.DECLARED
    assert found.successor is None

    scene.rule(second, "accept", "file", "publish")
    found = entry(scene, filing).standing
    assert found.third_party.state is State.EARLIER_VERSION
    assert "第1版，现在公示的是第2版" in found.third_party.said.zh
    assert found.explanation.state is State.EARLIER_VERSION
    assert found.successor == second.number
    assert hit(scene, filing).standing == found


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({"E7": "换了一个标准"}, ["训练停止与选择标准"]),
        ({"D1": "换了一个原理"}, ["基本原理"]),
        ({"C2#1": ["training"]}, ["用途"]),
        ({"E7": "换了一个标准", "C2#1": ["training"]}, ["用途", "训练停止与选择标准"]),
        ({"B1": "新名称"}, []),
    ],
)
def test_a_changed_field_marks_the_evaluation_with_its_name_at_once(
    scene: Scene, answers: dict[str, Any], names: list[str]
) -> None:
    """filing/S10: on the standing (page and JSON) and on the line of the catalogue."""
    filing = scene.published()
    again(scene, filing, **answers)
    found = entry(scene, filing).standing

    assert [each.zh for each in found.evaluations.changed] == names
    assert found.third_party.state is (State.CHANGED if names else State.CURRENT)
    assert all(name in found.third_party.said.zh for name in names)
    assert found.as_json()["changed_since_evaluation"] == [
        e.as_json() for e in found.evaluations.changed
    ]
    assert hit(scene, filing).standing == found


def test_what_the_public_will_be_told_of_the_evaluation_is_known_before_publishing(
    scene: Scene,
) -> None:
    """The reviewer read a tick for an evaluation, and the public that a field had changed since."""
    filing = scene.published()
    change(scene, filing, E7="换了一个标准")
    before = proposed(scene, filing)
    assert before[0].state is State.CHANGED
    assert "训练停止与选择标准" in before[0].said.zh
    scene.rule(filing, "accept", "file", "publish")
    assert [entry(scene, filing).standing.third_party] == before


def proposed(scene: Scene, filing: Filing) -> list[Freshness]:
    """What would be said of a filing's evaluations if it were published now."""
    gate = guards.gate_of(scene.session, filing)
    assert gate is not None
    making = Making(evidence.attached(scene.session, filing), gate, now())
    return list(standing.once_published(scene.session, filing, making, days=365))


def test_a_newer_evaluation_takes_the_mark_away_and_one_by_the_filer_does_not(
    scene: Scene,
) -> None:
    """filing/S10: an own report attached later cannot clear what changed since the third party's."""
    filing = scene.published()
    again(scene, filing, E7="换了一个标准")

    scene.file(filing, "amend")
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer))
    scene.file(filing, "submit", reason="自评")
    scene.rule(filing, "accept", "file", "publish")
    found = entry(scene, filing).standing
    assert found.third_party.state is State.CHANGED
    assert found.own.state is State.CURRENT

    scene.file(filing, "amend")
    scene.attach(filing, papers.report(scene.session, scene.version, scene.tester))
    scene.file(filing, "submit", reason="重新评估")
    scene.rule(filing, "accept", "file", "publish")
    found = entry(scene, filing).standing
    assert found.third_party.state is State.CURRENT
    assert found.evaluations.changed == ()


def small(scene: Scene, filing: Filing) -> None:
    """A third party's report of one probe, attached in a change up to the next edition."""
    scene.file(filing, "amend")
    one = papers.report(scene.session, scene.version, scene.tester, run=["selection_parity"])
    scene.attach(filing, one)
    scene.file(filing, "submit", reason="小评估")
    scene.rule(filing, "accept", "file", "publish")


def test_a_small_report_neither_washes_a_change_away_nor_renews_the_evaluation(
    scene: Scene,
) -> None:
    """F7c/10: page, list, JSON and search went by the newest report, though it asked one thing."""
    filing = scene.opened()
    old = papers.report(scene.session, scene.version, scene.tester, age=timedelta(days=200))
    scene.attach(filing, old)
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    again(scene, filing, E7="换了一个标准")
    before = entry(scene, filing).standing
    small(scene, filing)
    after = entry(scene, filing).standing

    assert after.third_party.state is before.third_party.state is State.CHANGED
    assert after.third_party.until == before.third_party.until
    assert after.third_party.changed == before.third_party.changed
    by_report = after.as_json()["reports"]
    assert [each["state"] for each in by_report] == ["changed", "current"]
    assert by_report[0]["zh"].startswith("这份评估以后改过：“训练停止与选择标准”；")
    until = after.third_party.until
    assert until is not None
    day = legal_day.of(until).isoformat()
    assert after.third_party.said.zh.endswith(f"；其中一份{day}起算过期"), (
        "nobody read when it expires"
    )
    for read in (entry, hit):
        found = read(scene, filing, at=until).standing
        assert (found.third_party.state, found.service.lapsed) == (State.EXPIRED, until)
    for at, told in ((until - timedelta(seconds=1), True), (until, False)):
        assert hit(scene, filing, at=at).evaluated is told
        assert scene.search("", Filters(evaluated=told), at=at).total == 1


def test_of_low_risk_an_expired_evaluation_is_told_beside_the_service_and_keeps_nothing_out(
    scene: Scene,
) -> None:
    """F7d/6: JSON said `evaluation_expired: null` beside a third-party evaluation "expired"."""
    filing = scene.opened(G1=papers.LOW)
    old = papers.report(scene.session, scene.version, scene.tester, age=timedelta(days=400))
    scene.attach(filing, old)
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    until = gate.expires(old.created, settings().evaluation_days)
    for read in (entry, hit):
        found = read(scene, filing).standing.service
        assert found.lapsed == until
        assert found.lapse is not None
        assert "这个风险等级，本平台不要求第三方评估" in found.lapse.zh
        assert "this platform asks for none" in found.lapse.en
        assert read(scene, filing, at=until - timedelta(seconds=1)).standing.service.lapse is None
    assert entry(scene, filing).as_json()["standing"]["service"]["evaluation_required"] is False


def test_a_report_attached_late_still_speaks_of_what_stood_when_it_was_made(scene: Scene) -> None:
    """filing/S10: holding a report back over a change does not make it speak of the change."""
    filing = scene.evaluated()
    late = papers.report(scene.session, scene.version, scene.tester, signed=False)
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    again(scene, filing, E7="换了一个标准")
    late.countersigned = now()
    scene.file(filing, "amend")
    scene.attach(filing, late)
    scene.file(filing, "submit", reason="补报告")
    scene.rule(filing, "accept", "file", "publish")

    assert entry(scene, filing).standing.third_party.state is State.CHANGED


def test_an_own_evaluation_is_never_called_a_third_partys(scene: Scene) -> None:
    """filing/S9: neither is there said to be no evaluation while an own one stands there."""
    filing = own(scene)
    found = entry(scene, filing).standing

    assert found.third_party.said == Text(
        "没有附第三方评估", "no third-party evaluation is attached"
    )
    assert found.own.state is State.CURRENT
    assert found.own.said.zh.startswith("自行评估")
    assert found.evaluations.all == found.own
    assert not hit(scene, filing).evaluated


def test_a_report_that_its_tester_did_not_countersign_does_not_count(scene: Scene) -> None:
    """filing/S9: it is said to be there, and not to count."""
    filing = scene.opened(G1=papers.LOW)
    unsigned = papers.report(scene.session, scene.version, scene.tester, signed=False)
    scene.attach(filing, unsigned)
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    found = entry(scene, filing).standing

    assert found.third_party.state is State.UNSIGNED
    assert "没有签章确认" in found.third_party.said.zh
    assert found.evaluations.all.state is State.UNSIGNED


def test_the_filers_own_words_are_said_to_be_untested(scene: Scene) -> None:
    """filing/S8: a complete group H is an explanation; whose words it is and that nobody tested it."""
    found = entry(scene, scene.published()).standing.explanation
    assert found.state is State.DECLARED
    assert found.said.zh == "算法说明由备案主体自己写，没有经过测试"
    assert found.said.en == "the explanation was written by the filer and not tested"


def test_an_expired_evaluation_shows_beside_the_state_of_the_service_from_that_moment(
    scene: Scene,
) -> None:
    """Expiry: page, list and JSON say it without a write, and the validator changes then."""
    filing = scene.published()
    until = entry(scene, filing).standing.third_party.until
    assert until is not None
    second = timedelta(seconds=1)
    before, after = (entry(scene, filing, at=until - second), entry(scene, filing, at=until))
    day = legal_day.of(until).isoformat()

    assert before.standing.service.said == after.standing.service.said
    assert after.standing.service.said == Text(
        "服务中（备案主体填写）", "in service (the filer's word)"
    )
    assert before.standing.service.lapse is None
    assert after.standing.service.lapse is not None
    assert day in after.standing.service.lapse.zh
    assert "评估已过期" in after.standing.service.lapse.zh
    assert after.standing.as_json()["service"]["evaluation_expired_since"] == until.isoformat()
    assert before.as_json() != after.as_json()
    listed = [hit(scene, filing, at=at) for at in (until - second, until)]
    assert [each.standing.service.lapsed for each in listed] == [None, until]
    assert [each.evaluated for each in listed] == [True, False]


def test_an_evaluation_about_another_task_does_not_hold_up_what_has_expired(scene: Scene) -> None:
    """Breaker, issue 7: a fresh report on prices hid that the one on decisions had expired."""
    filing = scene.opened()
    old = papers.report(scene.session, scene.version, scene.tester, age=timedelta(days=200))
    fresh = papers.report(
        scene.session, scene.version, scene.tester, task="pricing", run=papers.PRICING
    )
    for each in (old, fresh):
        scene.attach(filing, each)
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    until = gate.expires(old.created, settings().evaluation_days)
    second = timedelta(seconds=1)
    for read in (entry, hit):
        assert read(scene, filing, at=until - second).standing.service.lapse is None
        assert read(scene, filing, at=until).standing.service.lapsed == until


def test_what_was_changed_since_is_said_of_an_expired_evaluation_too(scene: Scene) -> None:
    """Breaker on issue 7, G5: the mark with the field's name does not vanish on the day of expiry."""
    filing = scene.published()
    again(scene, filing, E7="换了一个标准")
    until = entry(scene, filing).standing.third_party.until
    assert until is not None
    found = entry(scene, filing, at=until).standing

    assert found.third_party.state is State.EXPIRED
    assert "过期" in found.third_party.said.zh
    assert "以后改过：“训练停止与选择标准”" in found.third_party.said.zh
    assert "changed since: “" in found.third_party.said.en
    assert hit(scene, filing, at=until).standing == found


def test_what_was_changed_since_is_said_of_an_evaluation_of_an_earlier_version(
    scene: Scene,
) -> None:
    """The same where a newer version is published beside it."""
    filing = scene.published()
    again(scene, filing, E7="换了一个标准")
    newer = cast.version(scene.session, scene.filer)
    second = scene.opened(newer)
    scene.attach(second, papers.report(scene.session, newer, scene.tester))
    scene.file(second, "check", "submit")
    scene.rule(second, "accept", "file", "publish")
    found = entry(scene, filing).standing.third_party

    assert found.state is State.EARLIER_VERSION
    assert "以后改过：“训练停止与选择标准”" in found.said.zh
    assert "changed since: “" in found.said.en


def test_an_own_report_does_not_lapse_beside_the_service_nor_stand_in_for_a_third_partys(
    scene: Scene,
) -> None:
    """Expiry: of low risk no third party is asked; an own report beside does not stand in for one."""
    low = own(scene)
    assert entry(scene, low, at=now() + LATER).standing.service.lapse is None
    assert entry(scene, low, at=now() + LATER).standing.own.state is State.EXPIRED

    scene.version = cast.version(scene.session, scene.filer, name="other")
    high = scene.evaluated()
    scene.attach(high, papers.report(scene.session, scene.version, scene.filer))
    scene.file(high, "check", "submit")
    scene.rule(high, "accept", "file", "publish")
    assert entry(scene, high, at=now() + LATER).standing.service.lapse is not None


def test_a_line_of_an_earlier_release_is_read_from_its_editions(scene: Scene) -> None:
    """The basis in the catalogue's line is a copy: without it the same standing is told."""
    filing = scene.published()
    again(scene, filing, E7="换了一个标准")
    listing = scene.session.query(Listing).one()
    kept = hit(scene, filing).standing
    listing.card = {name: value for name, value in listing.card.items() if name != "basis"}
    scene.session.flush()

    assert hit(scene, filing).standing == kept


def test_a_hit_tells_grade_and_verdicts(scene: Scene) -> None:
    """public/P1: a line of the catalogue carries what was found and who set the grade."""
    filing = scene.opened()
    findings = {"error_parity": "disparity", "selection_parity": "inconclusive"}
    made = papers.report(scene.session, scene.version, scene.tester, verdicts=findings)
    scene.attach(filing, made)
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    found = hit(scene, filing)

    assert found.found == {"disparity": 1, "equivalent": 1, "inconclusive": 1}
    assert found.graded == Text("高风险", "high risk")


def test_the_statement_on_the_grade_says_who_set_it(scene: Scene) -> None:
    """filing/B2: 'follows from this platform's method' is never said of what reviewers set."""
    by_method = entry(scene, scene.published()).content
    scene.version = cast.version(scene.session, scene.filer, name="other")
    filing = scene.evaluated(G1=papers.LOW)
    scene.file(filing, "check", "submit")
    filing.grade_change = {
        "level": Level.MEDIUM.value,
        "reason": {"zh": "涉及的人多", "en": "It touches many people"},
        "proposed": now().isoformat(),
        "confirmed": now().isoformat(),
        "answers": computed.answered(filing),
    }
    scene.session.flush()
    scene.rule(filing, "accept", "file", "publish")
    by_people = entry(scene, filing).content

    for language, method in (("zh", "风险等级由本平台方法得出"), ("en", "this platform's method")):
        assert method in by_method["grade"]["statement"][language]
        assert by_method["statements"][1] == by_method["grade"]["statement"]
    said = by_people["grade"]["statement"]
    assert by_people["statements"][1] == said
    day = legal_day.today().isoformat()
    assert said["zh"] == (
        f"这个风险等级由两名审核人员（一人提出，另一人确认）在{day}改定：中风险。按本平台的方法得出的是低风险。理由：涉及的人多"
    )
    assert said["en"].startswith("Two reviewers, one proposing and another confirming, set ")
    assert f"on {day}: medium risk. By this platform's method it is low risk." in said["en"]
    assert "It touches many people" in said["en"]
    assert hit(scene, filing).graded.zh == "中风险（审核人员改定）"


def test_every_status_of_a_published_filing_has_one_the_public_sees() -> None:
    """filing/S11: a draft of a change reads as published, a submitted one as pending."""
    assert standing.public_status(Status.CHANGE_PENDING) is Status.PUBLISHED
    for each in (Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED, Status.FILED):
        assert standing.public_status(each) is Status.CHANGE_PENDING
    for each in (Status.PUBLISHED, Status.CANCELLED, Status.REVOKED, Status.SUPERSEDED):
        assert standing.public_status(each) is each


def test_a_review_date_that_moves_is_no_change_of_what_is_withheld() -> None:
    """filing/S10: a withheld answer is held against its salted digest."""
    row = {"key": "D7", "group": "D", "name": {"zh": "规则", "en": "Rules"}}
    one = row | {"withheld": {"digest": "a", "review": "2027-06-01"}}
    two = row | {"withheld": {"digest": "a", "review": "2028-06-01"}}
    other = row | {"withheld": {"digest": "b", "review": "2027-06-01"}}
    assert basis.differing([one], [two]) == []
    assert basis.differing([one], [other]) == [row["name"]]


def explained(scene: Scene, filing: Filing) -> None:
    """A change that attaches a generated explanation, up to the next edition."""
    made = papers.explanation(scene.session, scene.version, scene.filer)
    scene.file(filing, "amend")
    dossier.attach(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        explanation_id=made.id,
    )
    scene.file(filing, "submit", reason={"zh": "更新", "en": "Update"})
    scene.rule(filing, "accept", "file", "publish")


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({"D1": "换了一个原理"}, ["基本原理"]),
        ({"E7": "换了一个标准"}, []),
        ({"B1": "新名称"}, []),
    ],
)
def test_a_changed_field_marks_the_explanation_that_rests_on_it(
    scene: Scene, answers: dict[str, Any], names: list[str]
) -> None:
    """Findings 7c, P1: the badge went on saying that the explanation is about this version."""
    filing = scene.published()
    explained(scene, filing)
    assert entry(scene, filing).standing.explanation.state is State.CURRENT
    again(scene, filing, **answers)
    found = entry(scene, filing).standing.explanation
    assert found.state is (State.CHANGED if names else State.CURRENT)
    if names:
        assert found.said.zh == f"算法说明确认以后改过：“{names[0]}”"
        assert found.said.en.startswith("changed since the explanation was confirmed: “")
    assert hit(scene, filing).standing.explanation == found
    listing = scene.session.query(Listing).one()
    kept = {name: value for name, value in listing.card["basis"].items() if name[:8] != "changed_"}
    listing.card = {**listing.card, "basis": kept}
    scene.session.flush()
    assert hit(scene, filing).standing.explanation == found, "a line of an earlier release"
    explained(scene, filing)
    assert entry(scene, filing).standing.explanation.state is State.CURRENT
