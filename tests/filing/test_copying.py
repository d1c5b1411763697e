"""Answers are taken over from another filing of one's own: into what is open, each with its source."""

import pytest
from sqlalchemy.orm import Session

from filing import copying, dossier
from filing.copying import NothingToCopy
from filing.dossier import Filing
from filing.forms import current
from filing.meanings import Meaning
from filing.revision import NeverReached
from registry import attestation
from tests import cast
from tests.filing.papers import Scene


def another(scene: Scene) -> Filing:
    """A fresh draft of another model of the same enterprise."""
    version = cast.version(scene.session, scene.filer, name="another-model")
    return dossier.open_filing(scene.session, by=scene.filer, version_id=version.id)


def copied(scene: Scene, filing: Filing, earlier: Filing) -> Filing:
    return copying.copy(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        earlier_id=earlier.id,
        revision=filing.revision,
    )


def test_what_is_open_is_taken_over_with_its_source_and_nothing_typed_is_replaced(
    session: Session,
) -> None:
    scene = Scene(session)
    earlier, filing = scene.opened(D1="另一份的原理"), another(scene)
    dossier.fill(
        session,
        by=scene.filer,
        filing_id=filing.id,
        answers={"D2": earlier.answers["D2"]["value"], "D1": "这一份的原理"},
        revision=filing.revision,
    )
    copied(scene, filing, earlier)
    assert filing.answers["D1"]["value"]["zh"] == "这一份的原理"
    taken = filing.answers["D3"]
    assert taken["value"] == earlier.answers["D3"]["value"]
    digest = attestation.digest(taken["value"])
    assert taken["source"] == {"kind": "other_filing", "sha256": digest}


def test_what_is_of_one_algorithm_alone_is_not_taken_nor_a_file(session: Session) -> None:
    scene = Scene(session)
    earlier, filing = scene.opened(), another(scene)
    copied(scene, filing, earlier)
    alone = {current().meant(each).code for each in copying.OWN}
    assert not alone & filing.answers.keys()
    assert Meaning.NAME in copying.OWN
    assert "sha256" not in str(
        [each["value"] for each in filing.answers.values() if "value" in each]
    )


def test_a_group_of_which_a_set_is_begun_takes_no_other(session: Session) -> None:
    """Two halves of two data sets would stand as one."""
    scene = Scene(session)
    earlier, filing = scene.opened(), another(scene)
    dossier.fill(
        session,
        by=scene.filer,
        filing_id=filing.id,
        answers={"C1#1": {"name": {"zh": "自己的数据"}, "version": "1"}},
        revision=filing.revision,
    )
    copied(scene, filing, earlier)
    assert [key for key in filing.answers if key.startswith("C")] == ["C1#1"]


def test_nothing_is_taken_from_another_organisation_or_against_an_old_revision(
    session: Session,
) -> None:
    scene, strangers = Scene(session), Scene(session)
    filing, theirs = another(scene), strangers.submitted()
    with pytest.raises(dossier.NotAssigned):
        copied(scene, filing, theirs)
    own = scene.opened()
    with pytest.raises(NeverReached):
        copying.copy(session, by=scene.filer, filing_id=filing.id, earlier_id=own.id, revision=99)
    with pytest.raises(dossier.NotAssigned):
        copying.copy(
            session,
            by=strangers.filer,
            filing_id=filing.id,
            earlier_id=theirs.id,
            revision=filing.revision,
        )


def test_where_nothing_is_open_it_says_so(session: Session) -> None:
    scene = Scene(session)
    filing = another(scene)
    with pytest.raises(NothingToCopy):
        copied(scene, filing, another_of(scene))


def another_of(scene: Scene) -> Filing:
    """A draft that answers nothing but what is on record."""
    version = cast.version(scene.session, scene.filer, name="empty-model")
    return dossier.open_filing(scene.session, by=scene.filer, version_id=version.id)
