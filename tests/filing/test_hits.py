"""The lines of lists: in the search's order, as the session sees them, read by columns."""

from sqlalchemy import event, select

from filing import hits
from filing.listings import Listing
from filing.search_hits import Listed
from registry.database import now
from tests import cast
from tests.filing.papers import Scene


def _published(scene: Scene, *names: str) -> list[Listing]:
    for name in names:
        scene.version = cast.version(scene.session, scene.filer, name=name)
        scene.published(B1={"zh": name, "en": name})
    return list(scene.session.scalars(select(Listing).order_by(Listing.published)))


def test_lines_stand_in_the_order_in_which_they_were_found(scene: Scene) -> None:
    one, two = _published(scene, "甲算法", "乙算法")
    listed = [Listed(two.id, two.change, ()), Listed("nowhere", 1, ()), Listed(one.id, 0, ())]
    found = hits.of(scene.session, listed, at=now())
    assert [each.name.zh for each in found] == ["乙算法", "甲算法"], "what nobody sees is left out"
    assert [each.number for each in found] == [two.number, one.number]
    assert hits.of(scene.session, [], at=now()) == ()


def test_the_newest_are_those_that_were_published_last(scene: Scene) -> None:
    _published(scene, "甲算法", "乙算法", "丙算法")
    assert [each.name.zh for each in hits.newest(scene.session, 2)] == ["丙算法", "乙算法"]


def test_lines_make_no_records(scene: Scene) -> None:
    """A record takes three times as long to make as its columns to read."""
    listed = [Listed(each.id, each.change, ()) for each in _published(scene, "甲算法", "乙算法")]
    scene.session.flush()
    scene.session.expunge_all()
    made: list[object] = []
    event.listen(scene.session, "loaded_as_persistent", lambda _session, row: made.append(row))
    assert len(hits.of(scene.session, listed, at=now())) == 2
    assert not made
