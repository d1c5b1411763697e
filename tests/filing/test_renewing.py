"""Live filings in every state, from one version of the schema to the next."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from filing import (
    catalogue,
    completeness,
    differences,
    dossier,
    editions,
    renewing,
    submissions,
    wording,
)
from filing.dossier import Filing, NotEditable
from filing.forms import told_by
from filing.lifecycle import EDITABLE, Status
from registry.errors import Conflict
from registry.language import Text
from tests import cast
from tests.filing import papers, schemas
from tests.filing.papers import Scene

WORDS = {
    "zh": "这是一条写得足够长的理由，说明为什么。",
    "en": "A reason that says why, at length.",
}

REMARK = {"code": "B7", "zh": "请写清楚目的。"}


def superseded(scene: Scene) -> Filing:
    """A published filing of which another version was published since."""
    old, later = scene.published(), cast.version(scene.session, scene.filer, mark="later")
    new = scene.opened(later)
    scene.attach(new, papers.report(scene.session, later, scene.tester))
    scene.file(new, "check", "submit")
    scene.rule(new, "accept", "file", "publish")
    return old


EVERY: dict[Status, Callable[[Scene], Filing]] = {
    Status.DRAFT: lambda scene: scene.evaluated(),
    Status.SELF_CHECKED: lambda scene: scene.file(scene.evaluated(), "check"),
    Status.SUBMITTED: lambda scene: scene.submitted(),
    Status.RETURNED: lambda scene: scene.rule(scene.submitted(), "return", remarks=[REMARK]),
    Status.ACCEPTED: lambda scene: scene.rule(scene.submitted(), "accept"),
    Status.DECLINED: lambda scene: scene.rule(
        scene.submitted(), "decline", reason=WORDS, ground="incomplete"
    ),
    Status.FILED: lambda scene: scene.rule(scene.submitted(), "accept", "file"),
    Status.PUBLISHED: lambda scene: scene.published(),
    Status.CHANGE_PENDING: lambda scene: scene.file(scene.published(), "amend"),
    Status.WITHDRAWN: lambda scene: scene.file(scene.submitted(), "withdraw", reason=WORDS),
    Status.CANCELLED: lambda scene: scene.file(scene.published(), "cancel", reason=WORDS),
    Status.REVOKED: lambda scene: scene.rule(scene.published(), "revoke", reason=WORDS),
    Status.SUPERSEDED: superseded,
}


def words(session: Session, filing: Filing) -> list[list[Text]]:
    """What a reader sees of each edition's answers."""
    return [
        [
            wording.answered(row, told_by(each.read()).form)
            for row in each.read()["answers"]
            if "said" in row
        ]
        for each in editions.every(session, filing)
    ]


def test_every_state_is_looked_at() -> None:
    assert set(EVERY) == set(Status)


@pytest.mark.parametrize("status", EVERY)
def test_a_filing_keeps_its_form_and_its_editions_to_the_byte(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: Status
) -> None:
    filing = EVERY[status](scene)
    assert filing.status == status
    session, before = scene.session, dict(filing.answers)
    bytes_before = [
        (each.content, each.record, each.digest) for each in editions.every(session, filing)
    ]
    lacking = completeness.measure(filing)
    read = words(session, filing)
    schemas.second(tmp_path, monkeypatch)

    assert (filing.schema_version, filing.answers) == (schemas.BEFORE, before)
    assert completeness.measure(filing) == lacking
    found = renewing.preview(filing)
    assert found is not None
    assert (found.version, found.newest) == (schemas.BEFORE, schemas.AFTER)
    assert found.changes
    assert filing.answers == before

    if status in EDITABLE:
        renewing.carry_forward(
            session, by=scene.filer, filing_id=filing.id, revision=filing.revision
        )
        assert filing.schema_version == schemas.AFTER
        assert renewing.preview(filing) is None
        assert {each.item for each in completeness.measure(filing).reasons} == {"D1.steps", "E14"}
        done = filing.revision
        renewing.carry_forward(session, by=scene.filer, filing_id=filing.id, revision=done)
        assert filing.revision == done
    else:
        with pytest.raises(NotEditable):
            renewing.carry_forward(
                session, by=scene.filer, filing_id=filing.id, revision=filing.revision
            )
        assert (filing.schema_version, filing.answers) == (schemas.BEFORE, before)

    session.expire_all()
    after = editions.every(session, filing)
    assert [(each.content, each.record, each.digest) for each in after] == bytes_before
    assert words(session, filing) == read
    assert editions.check(session)[1] == []


def test_a_change_under_the_new_form_is_published_beside_the_old_edition(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, filing = scene.session, scene.published()
    schemas.second(tmp_path, monkeypatch)
    scene.file(filing, "amend")
    renewing.carry_forward(session, by=scene.filer, filing_id=filing.id, revision=filing.revision)
    steps = {"zh": "先算分，再比较", "en": "Score first, then compare"}
    principle = {**filing.answers["D1"]["value"], "steps": steps}
    dossier.fill(
        session,
        by=scene.filer,
        filing_id=filing.id,
        answers={"D1": principle, "E14": "每天一度电"},
        revision=filing.revision,
    )
    scene.file(filing, "submit", reason=WORDS)
    scene.rule(filing, "accept", "publish") if filing.status == "accepted" else scene.rule(
        filing, "accept", "file", "publish"
    )
    old, new = editions.every(session, filing)

    assert (told_by(old.read()).form.version, told_by(new.read()).form.version) == (
        schemas.BEFORE,
        schemas.AFTER,
    )
    said = [each.zh for each in differences.between(old.read(), new.read())]
    assert any(each.startswith("新增了“能耗”") for each in said)
    assert any(each.startswith("删去了“训练停止与选择标准”") for each in said)
    assert catalogue.entry(session, str(filing.number)).content == new.read()


def test_giving_up_a_change_brings_the_old_form_back(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, filing = scene.session, scene.published()
    before = dict(filing.answers)
    schemas.second(tmp_path, monkeypatch)
    scene.file(filing, "amend")
    renewing.carry_forward(session, by=scene.filer, filing_id=filing.id, revision=filing.revision)
    scene.file(filing, "abandon")

    assert (filing.schema_version, filing.answers) == (schemas.BEFORE, before)


def test_a_submission_is_compared_across_the_forms(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, filing = scene.session, scene.submitted()
    scene.rule(filing, "return", remarks=[REMARK])
    schemas.second(tmp_path, monkeypatch)
    renewing.carry_forward(session, by=scene.filer, filing_id=filing.id, revision=filing.revision)
    dossier.fill(
        session,
        by=scene.filer,
        filing_id=filing.id,
        answers={
            "B7": {"purpose": WORDS, "non_uses": WORDS},
            "E14": "每天一度电",
            "D1": {**filing.answers["D1"]["value"], "steps": {"zh": "先算分"}},
        },
        revision=filing.revision,
    )
    scene.file(filing, "submit")
    found = submissions.compared(session, filing)

    assert found is not None
    assert found.changes is not None
    assert [each.key for each in found.changes] == ["B7", "D1", "E14", "E7"]


def test_a_later_filing_of_the_model_is_opened_under_the_newest_form(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.opened()
    schemas.second(tmp_path, monkeypatch)
    later = dossier.open_filing(
        scene.session,
        by=scene.filer,
        version_id=cast.version(scene.session, scene.filer, name="credit", mark="later").id,
    )

    assert later.schema_version == schemas.AFTER
    assert set(later.answers["D1"]["value"]) == {"idea"}
    assert "E7" not in later.answers


def test_a_revision_that_is_not_the_last_is_refused(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = scene.opened()
    schemas.second(tmp_path, monkeypatch)
    with pytest.raises(Conflict):
        renewing.carry_forward(
            scene.session, by=scene.filer, filing_id=filing.id, revision=filing.revision - 1
        )
    assert filing.schema_version == schemas.BEFORE
