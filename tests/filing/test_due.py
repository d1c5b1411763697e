"""What falls due in a published filing, and the next moment at which time changes what is said."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from filing import as_of, basis, catalogue, due, editions, service, standing
from filing.catalogue import PublicEntry
from filing.dossier import Filing
from filing.due import Kind
from filing.fields import Answers
from filing.forms import current
from registry import legal_day
from registry.language import Text
from tests.filing import papers
from tests.filing.papers import Scene
from tests.filing.test_catalogue import SEAL, sealed

FOLLOWED = [{"watched": {"zh": "被拒率"}, "rhythm": "monthly"}]


def followed(days: int) -> dict[str, Any]:
    """A plan of follow-up whose next day is so many days ahead."""
    day = (legal_day.today() + timedelta(days=days)).isoformat()
    return {"G1": papers.LOW, "G11": [row | {"next": day} for row in FOLLOWED]}


def at(scene: Scene, filing: Filing, moment: datetime) -> PublicEntry:
    scene.session.flush()
    return catalogue.entry(scene.session, str(filing.number), at=moment)


def test_a_follow_up_whose_day_has_passed_is_told_from_the_next_day_on(scene: Scene) -> None:
    filing = scene.published(**followed(20))
    over = legal_day.begins(legal_day.today() + timedelta(days=21))
    assert at(scene, filing, over - timedelta(seconds=1)).standing.due == ()
    (passed,) = at(scene, filing, over).standing.due
    assert passed.kind is Kind.FOLLOW_UP
    assert "还没有写新的日期" in passed.passed.zh


def test_a_review_of_what_is_withheld_falls_due(scene: Scene) -> None:
    filing = sealed(scene)
    day = datetime.fromisoformat(f"{SEAL['review']}T16:00+00:00")  # midnight in China after it
    assert [each.kind for each in at(scene, filing, day).standing.due] == [Kind.REVIEW]
    assert "复查日期" in at(scene, filing, day).standing.due[0].passed.zh


def test_every_day_that_an_edition_names_is_found_and_told_back() -> None:
    told = Answers(
        current(),
        {
            "D7": {"name": {"zh": "规则", "en": "Rules"}, "withheld": {"review": "2027-06-01", "until": "2027-09-01"}},
            "G11": {"name": {"zh": "跟踪", "en": "Follow-up"}, "value": [{"next": "2027-01-15"}, {"next": "昨天"}]},
        },
    )  # fmt: skip
    found = due.every(told)
    assert [(each.kind.value, each.day.isoformat()) for each in found] == [
        ("follow_up", "2027-01-15"),
        ("review", "2027-06-01"),
        ("until", "2027-09-01"),
    ]
    assert [due.Due.of(each.as_json()) for each in found] == found


@given(st.data())
def test_nothing_changes_before_the_next_moment_and_something_then(data: st.DataObject) -> None:
    """Time alone moves a standing, and only at the moment that was told before."""
    begin = legal_day.begins(legal_day.today())
    reports: list[dict[str, Any]] = [
        {
            "id": str(n), "kind": data.draw(st.sampled_from(["third_party", "own"])),
            "countersigned": data.draw(st.sampled_from([None, "2026-01-01"])),
            "made": (begin - timedelta(days=days)).isoformat(), "model_digest": "a", "version": 1,
            "task": "decision", "required": ["p"], "probes": data.draw(st.sampled_from([["p"], []])),
            "verdicts": {},
        }
        for n, days in enumerate(data.draw(st.lists(st.integers(1, 400), max_size=4)))
    ]  # fmt: skip
    named = [
        due.Due(kind, Text("甲", "a"), legal_day.today() + timedelta(days=days))
        for kind, days in data.draw(
            st.lists(st.tuples(st.sampled_from(Kind), st.integers(-20, 400)), max_size=3)
        )
    ]
    read: dict[str, Any] = {
        "model": {"version": 1, "sha256": "a"}, "grade": {"level": "low"}, "service": None,
        "task": None, "reports": reports, "changed": {each["id"]: [] for each in reports},
        "explanation": None, "changed_explanation": [], "unexplained": [],
        "due": [each.as_json() for each in named],
    }  # fmt: skip

    def stands(moment: datetime) -> Any:
        published = standing.Published(1, "a", standing.Pending(), moment, 365)
        return (
            standing.evaluations(read, published),
            service.of(read, moment, 365),
            due.passed(read["due"], moment),
        )

    class Told:
        unattached = None

    moment = begin + timedelta(days=data.draw(st.integers(0, 400)), hours=1)
    following = standing.next_change(read, Told(), at=moment, days=365)  # type: ignore[arg-type]
    if following is None:
        assert stands(moment) == stands(moment + timedelta(days=2000))
        return
    assert stands(following.at - timedelta(microseconds=1)) == stands(moment)
    assert stands(following.at) != stands(moment)


def test_a_page_tells_the_next_moment_and_a_past_day_does_not(scene: Scene) -> None:
    filing = scene.published(**followed(20))
    told = catalogue.entry(scene.session, str(filing.number))
    assert told.next is not None
    assert told.next.at == legal_day.begins(legal_day.today() + timedelta(days=21))
    assert told.as_json()["next_change"]["zh"] == "“事后跟踪与控制计划”写的下次日期"
    past = as_of.on(scene.session, str(filing.number), legal_day.today()).entry
    assert past is not None
    assert past.next is None


def test_a_basis_carries_the_days_that_its_edition_names(scene: Scene) -> None:
    filing = scene.published(**followed(20))
    contents = [each.read() for each in editions.every(scene.session, filing)]
    assert [each["kind"] for each in basis.of(contents)["due"]] == ["follow_up"]
