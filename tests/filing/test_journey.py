from filing import catalogue
from filing.lifecycle import Status
from tests.filing.papers import Scene


def test_a_filing_goes_from_draft_to_the_public_entry(scene: Scene) -> None:
    filing = scene.published()

    assert filing.status == Status.PUBLISHED
    assert filing.number is not None
    entry = catalogue.entry(scene.session, filing.number)
    assert entry.content["number"] == filing.number
    assert entry.standing.status is Status.PUBLISHED
    assert entry.newest
