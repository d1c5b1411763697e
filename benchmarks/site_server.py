"""The server that `benchmarks.site` asks: a published credit model, and a hello-world beside it.

`python -m benchmarks.site_server FOLDER [DATABASE]` prints its port and the address of the filed page.
"""

import socket
import sys
from pathlib import Path

import uvicorn
from sqlalchemy import update
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from filing import changes, hits
from filing.listings import Listing
from portal.app import create_app
from registry.database import Record, transaction
from registry.settings import Settings
from tests.portal.pages.shelf import Shelf
from tests.portal.world import World


def main(folder: Path, database: str = "") -> None:
    """Publish the model and serve until ended.

    Args:
        folder: for the register's data.
        database: its address; empty for SQLite.
    """
    settings = Settings(
        data=folder / "data", database=database, sandbox_tier="none", log_level="WARNING"
    )
    app = create_app(settings)
    Record.metadata.create_all(app.state.engine)

    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello, world")

    def change(_request: Request) -> PlainTextResponse:
        """Count a change of the page, so that the next reader's is told from the record anew."""
        with transaction(app.state.factory) as session:
            number = session.execute(changes.RAISE, {"mark": ""}).scalar_one()
            session.execute(update(Listing).values(change=number))
        return PlainTextResponse("changed")

    # Bare: no gate, no identity; the first asks no database.
    app.router.routes[:0] = [Route("/hello", hello), Route("/change", change)]
    Shelf(app, World(app))
    with app.state.factory() as session:
        slug = hits.newest(session, 1)[0].slug
    # Named as TCP: of a socket that is not, asyncio leaves Nagle on, and each answer waits 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(listening.getsockname()[1], f"/zh/f/{slug}", flush=True)
        config = uvicorn.Config(app, log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
