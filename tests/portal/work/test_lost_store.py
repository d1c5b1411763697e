"""A worker whose store was lost, and made anew by somebody, gives its work back."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from portal.work import worker
from portal.work.runs import Place
from registry import artifacts, store_mark
from registry.artifacts import FileStore
from registry.belonging import StoreLost
from registry.database import transaction
from registry.store_mark import StoreMark
from registry.worklist import State, Work
from tests.portal.installation import PLAN, installed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_what_a_store_lacks_fails_nobody_s_work_unless_it_is_the_databases(
    tmp_path: Path, own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 7, E2: a folder made anew had something in it, so evaluations failed for good."""
    with installed(tmp_path, retry_seconds=0.01) as place:
        with transaction(place.factory) as session:
            store_mark.adopt(session, artifacts.open_store(place.settings))
        root = place.settings.data / "store"
        here = Place(
            place.settings, place.factory, store_mark.open_store(place.settings, place.factory)
        )
        made = place.register(PLAN | {"title": "存储丢失的一次"})

        # Before it is claimed: an empty folder, into which somebody wrote.
        root.rename(root.with_name("away"))
        FileStore(root).put(io.BytesIO(b"of another"))
        with pytest.raises(StoreLost):
            worker.work(here, "w", {}, once=True)
        work = place.work(made)
        assert (work.state, work.claim, work.error) == (State.QUEUED, 0, None)

        # After it was claimed: what was seen before is no proof.
        with monkeypatch.context() as then:
            then.setattr(FileStore, "check", lambda _self: None)
            with pytest.raises(StoreLost) as away:
                worker.work(here, "w", {}, once=True)
        work = place.work(made)
        assert (work.state, work.attempts, work.returned) == (State.QUEUED, 0, 1)
        assert away.value.said.zh in work.said_zh

        # A database that knows no mark proves nothing either.
        with transaction(place.factory) as session:
            session.execute(delete(StoreMark))
            session.execute(update(Work).values(not_before=None))
        unproven = replace(here, store=artifacts.open_store(place.settings))
        with pytest.raises(StoreLost, match="doctor --repair"):
            worker.work(unproven, "w", {}, once=True)
        assert place.work(made).state == State.QUEUED
        artifacts.discard(root)
        root.with_name("away").rename(root)
        with transaction(place.factory) as session:
            session.execute(update(Work).values(not_before=None))
            store_mark.adopt(session, artifacts.open_store(place.settings))

        # The right store lacks it: that is the work's failure, and no waiting mends it.
        here.store.delete(place.dataset.digest)
        worker.work(here, "w", {}, once=True)
        work = place.work(made)
        assert work.state == State.FAILED
        assert work.error is not None
        assert place.dataset.digest[:12] in work.error["zh"]
        assert "mingsuan doctor" in work.error["en"]
