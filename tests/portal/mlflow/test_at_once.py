"""Clients that register at the same moment: each is told what it would be told alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import exhaustive, models
from tests.portal import doors
from tests.portal.doors import Door
from tests.portal.mlflow.test_faults import DRIVER

pytestmark = pytest.mark.slow

FEW, ROUNDS = 3, 8
"""How often clients meet in `make test`, and how often in `make exhaustive`."""


def at_once(*calls: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """What each call is answered, all of them begun together."""
    with ThreadPoolExecutor(len(calls)) as many:
        return [each.result() for each in [many.submit(call) for call in calls]]


@pytest.mark.parametrize("rounds", [FEW, exhaustive.case(ROUNDS, kept=False)])
@doors.ON_BOTH
def test_one_source_registered_by_four_at_once_is_one_version(
    door: Door, tmp_path: Path, rounds: int
) -> None:
    """One of the four was told 503, with a statement of the database and a workspace's id."""
    for turn in range(rounds):
        run = door.run(models.credit_model(tmp_path / str(turn), seed=100 * rounds + turn))
        name, source = f"at once {rounds} {turn}", f"runs:/{run}/model"
        door.post("registered-models/create", name=name)
        sent: dict[str, Any] = {
            "name": name,
            "source": source,
            "tags": [{"key": "k", "value": "v"}],
        }
        register = partial(door.post, "model-versions/create", **sent)
        for answer in at_once(*[register] * 4):
            assert not DRIVER.search(answer.text)
            assert answer.status_code == 200, answer.text
            assert answer.json()["model_version"]["version"] == "1"
        assert door.version(name)["tags"]["mingsuan.source"] == source
