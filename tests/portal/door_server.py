"""A site of its own process for the journey through the MLflow door.

MLflow's server is configured by the environment of its process, so it gets one to itself. It is
forked from a process that has imported this module and nothing else: to import all that a server
needs, MLflow's own among it, takes as long as hundreds of requests. Database and store come from the environment
(`MINGSUAN_…`) where several servers share them. With `PAUSE_ON_RECORD` a registration stops where
its version is on record and not yet in MLflow.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvicorn

from portal import migrations
from portal.app import _routes, create_app
from portal.mlflow import door
from registry.organisations import Role
from registry.settings import Settings
from tests import tables
from tests.portal.world import World

LIMIT = 40 * 1024 * 1024

# As the product does before it imports MLflow, which would start a thread. Where its tables are,
# its server reads when it is first asked.
with tempfile.TemporaryDirectory() as nowhere:
    door.configure(Settings(data=Path(nowhere)))
import portal.mlflow.routes  # noqa: E402, F401

migrations.load_tables()
_routes()  # half a second, once for all who are forked from here


def main(data: Path, port: int, *, first: bool) -> None:
    """Print the tokens of three people, unless another server has done so, then serve.

    Args:
        data: the data directory.
        port: on loopback.
        first: whether there is nobody yet.
    """
    if folder := os.environ.get("PAUSE_ON_RECORD"):
        pause(Path(folder))
    limit = Settings().max_submission if "max_submission" in Settings().model_fields_set else LIMIT
    app = create_app(Settings(data=data, sandbox_tier="none", max_submission=limit))
    tokens = {}
    if first:
        tables.make(app.state.engine)
        world = World(app)
        tokens = {
            "ours": world.member("enterprise-own", Role.FILER).token,
            "theirs": world.member("enterprise-other", Role.FILER).token,
            "tester": world.member("tester-own", Role.TESTER).token,
        }
    sys.stdout.write(json.dumps(tokens) + "\n")
    sys.stdout.flush()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def pause(folder: Path) -> None:
    """Let a registration wait, once its version is on record, while `wait` stands in a folder."""
    from portal.mlflow.registering import Registering

    for name in ("_copied", "_filed"):
        done = getattr(Registering, name)

        def held(self: Any, *given: Any, done: Any = done) -> Any:
            found = done(self, *given)
            (folder / "recorded").touch()
            while (folder / "wait").exists():
                time.sleep(0.02)
            return found

        setattr(Registering, name, held)
