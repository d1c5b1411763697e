"""What every request has at hand: the settings, the store and one transaction.

What only looks up is a coroutine: a thread of its own costs ten times what it does.
"""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from filing.search_index import SearchIndex
from registry import database
from registry.artifacts import ArtifactStore
from registry.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ON_COMMIT = "on_commit"
"""In a request's state: what else is to be done with its session just before the commit."""


async def session(request: Request) -> AsyncIterator[Session]:
    """The request's one transaction, committed before the answer goes out.

    Use it as `Database`, never as a bare `Depends(session)`: only `scope="function"` commits
    before the response is sent. The method says whether a request writes: reading requests have
    connections of their own and roll back at the end; changing requests stand in the writers'
    queue (`registry.database`) with their first statement, not earlier, so that an upload that is
    still arriving holds nobody up.

    To make one asks nothing of the database; to end one does so in a thread, where it may wait.
    """
    state = request.app.state
    reading = request.method in SAFE_METHODS
    made: Session = (
        state.factory() if reading else state.factory(bind=database.writers(state.engine))
    )
    try:
        yield made
        if not reading:
            await _ending(partial(_commit, request, made))
    finally:
        if database.ends_at_once(made):
            made.close()
        else:
            await _ending(made.close)


def _commit(request: Request, made: Session) -> None:
    """Commit a change, together with what is to be on record exactly if the change is."""
    also = request.scope.get("state", {}).get(ON_COMMIT)
    if also is not None:
        also(made)
    made.commit()


async def _ending(work: Callable[[], None]) -> None:
    """Do what lets go of a connection, in a thread that those who wait for one cannot take."""
    await to_thread.run_sync(work, limiter=CapacityLimiter(1))


async def settings(request: Request) -> Settings:
    """The settings of this installation."""
    found: Settings = request.app.state.settings
    return found


async def store(request: Request) -> ArtifactStore:
    """Where the artifacts are kept."""
    found: ArtifactStore = request.app.state.store
    return found


async def search_index(request: Request) -> SearchIndex:
    """This server's index of the public record."""
    found: SearchIndex = request.app.state.search
    return found


Database = Annotated[Session, Depends(session, scope="function")]
Configured = Annotated[Settings, Depends(settings)]
Store = Annotated[ArtifactStore, Depends(store)]
Index = Annotated[SearchIndex, Depends(search_index)]
