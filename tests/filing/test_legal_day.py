"""filing/S12: number years, dates in a dossier and expiry follow the legal day in China."""

from datetime import UTC, datetime, timedelta

import pytest

from filing import catalogue, completeness, evidence, gate, guards, standing
from filing.search_hits import Filters
from registry import croissant, legal_day
from registry.organisations import Organisation
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene

MADE = datetime(2026, 11, 28, 18, 57, tzinfo=UTC)  # 02:57 on 29 November in China


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), 2027),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), 2027),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), 2027),
    ],
)
def test_a_number_is_of_the_year_it_is_in_china(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, moment: datetime, year: int
) -> None:
    """filing/S12: numbers given 00:00–08:00 on 1 January belong to the new year's series."""
    filing = scene.evaluated()
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept")
    monkeypatch.setattr(guards, "now", lambda: moment)
    scene.rule(filing, "file")
    assert f"）{year}-000001-" in str(filing.number)


def test_a_date_of_today_in_china_does_not_lie_in_the_future(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """filing/S12: at 02:57 on 29 November the signer may write 29 November."""
    monkeypatch.setattr(legal_day, "now", lambda: MADE)
    signed = {"statement": "true", "post": "总经理"}
    filing = scene.opened(A9=signed | {"date": "2026-11-29"})
    assert completeness.measure(filing).complete

    filing.answers = filing.answers | {"A9": {"value": signed | {"date": "2026-11-30"}}}
    (reason,) = completeness.measure(filing).reasons
    assert reason.item == "A9.date"


@pytest.mark.parametrize("hour", [0, 7, 8, 15, 16, 23])
def test_an_evaluation_expires_when_a_legal_day_begins(hour: int) -> None:
    made = datetime(2026, 11, 28, hour, 30, tzinfo=UTC)
    until = gate.expires(made, 365)
    assert until == legal_day.begins(legal_day.of(made) + timedelta(days=365))
    for at in (until - timedelta(seconds=1), until):
        assert (made >= gate.counting_since(at, 365)) is (at < until)


def test_the_day_said_is_the_day_from_which_the_rule_holds(scene: Scene) -> None:
    """filing/S12: page, gate and search change over at the same moment, on the day that is said."""
    filing = scene.opened()
    made = papers.report(scene.session, scene.version, scene.tester)
    made.created = datetime(2026, 11, 28, 18, 57, tzinfo=UTC)
    scene.attach(filing, made)
    scene.file(filing, "check", "submit")
    scene.rule(filing, "accept", "file", "publish")
    last = datetime(2027, 11, 28, 15, 59, 59, tzinfo=UTC)  # the last second of 28 November

    for at, counts in ((last, True), (last + timedelta(seconds=1), False)):
        found = catalogue.entry(scene.session, str(filing.number), at=at).standing.third_party
        assert (found.state is standing.State.CURRENT) is counts
        assert "2027-11-29" in found.said.zh
        opened = guards.gate_of(scene.session, filing, at=at)
        assert opened is not None
        assert opened.open is counts
        page = scene.search(filters=Filters(evaluated=counts), at=at)
        assert page.total == 1
        assert page.hits[0].evaluated is counts


def test_the_day_of_an_evaluation_is_told_in_china_time(scene: Scene) -> None:
    """filing/S12: the sentence of field H15."""
    made = papers.report(scene.session, scene.version, scene.tester)
    made.created = MADE
    assert "2026-11-29" in evidence.read(scene.session, made).sentence.zh


def test_a_description_of_data_tells_the_legal_day(scene: Scene) -> None:
    data = cast.dataset(scene.session, scene.tester)
    data.created = MADE
    owner = scene.session.get_one(Organisation, scene.tester.organisation_id)
    written = croissant.describe(data, owner, address="https://x.example")
    assert written["datePublished"] == "2026-11-29"
