"""security/S3: the same refusals at every door, in both languages, and nothing left behind."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal import cli
from registry import expansion, screening, submission, tables
from registry.archives import ScreeningFailed
from registry.datasets import Dataset
from registry.organisations import Role
from registry.submission import Version
from registry.tables import TableRefused
from tests.portal.world import World
from tests.registry import bombs


def csv_that_turns(path: Path) -> None:
    """Issue 7, D1: 201, and refused when the registered data were first read."""
    path.write_text("x,y\na,1\n\u202eb,2\n")


TABLES = {
    "one word": (bombs.parquet_of_one_word, f"{expansion.FLOOR:,}"),
    "wide cells": (bombs.parquet_of_wide_cells, f"{expansion.MAX_CELL:,}"),
    "a wide cell in CSV": (bombs.csv_of_a_wide_cell, f"{expansion.MAX_CELL:,}"),
    "a cell that turns the writing": (csv_that_turns, "‹U+202E›"),
}
ARCHIVES = {
    "tar": (partial(bombs.tar_of_zeros, gibibytes=1), f"{expansion.FLOOR:,}"),
    "zip": (bombs.zip_of_zeros, f"{expansion.FLOOR:,}"),
}
Make = Callable[[Path], None]
HTML = {"accept": "text/html"}


def nothing_left(site: FastAPI) -> None:
    """The spool is empty, and nothing is on record or in the store."""
    data = site.state.settings.data
    assert [p for p in (data / "spool").rglob("*") if p.is_file()] == []
    with site.state.factory() as session:
        assert session.query(Dataset).count() == session.query(Version).count() == 0


@pytest.mark.parametrize(("make", "limit"), TABLES.values(), ids=TABLES)
def test_a_data_set_is_refused_by_api_and_page(
    make: Make, limit: str, client: TestClient, site: FastAPI, world: World, tmp_path: Path
) -> None:
    """security/S3: item, limit and remedy in both languages."""
    make(tmp_path / "data.bin")
    tester = world.member("tester-own", Role.TESTER)
    said = {"name": "x", "use": "evaluation", "source": "s", "deidentification": "d"}
    with (tmp_path / "data.bin").open("rb") as file:
        answer = client.post(
            "/api/v1/datasets",
            data={"metadata": json.dumps(said)},
            files={"file": ("data.bin", file)},
            headers=tester.bearer,
        )
    assert answer.status_code == 422, answer.text
    (reason,) = answer.json()["reasons"]
    assert reason["item"] == "x"
    for language in ("zh", "en"):
        assert limit in reason["said"][language]
        assert reason["remedy"][language]
    nothing_left(site)
    for language in ("zh", "en"):
        with (tmp_path / "data.bin").open("rb") as file:
            page = client.post(
                f"/{language}/datasets/new",
                data=said | {"roles": "x: input"},
                files={"file": ("data.bin", file)},
                headers=tester.browser | HTML,
            )
        assert limit in page.text
        assert reason["remedy"][language] in page.text.replace("&#39;", "'")
    nothing_left(site)


@pytest.mark.parametrize(("make", "limit"), ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_is_refused_by_api_and_page(
    make: Make, limit: str, client: TestClient, site: FastAPI, world: World, tmp_path: Path
) -> None:
    """security/S3: item, limit and remedy in both languages."""
    make(tmp_path / "model.bin")
    filer = world.member("enterprise-own", Role.FILER)
    answer = client.post(
        "/api/v1/models/credit/versions",
        content=(tmp_path / "model.bin").read_bytes(),
        headers=filer.bearer,
    )
    assert answer.status_code == 422, answer.text
    (reason,) = answer.json()["reasons"]
    assert limit in reason["said"]["zh"]
    assert limit in reason["said"]["en"]
    nothing_left(site)
    for language in ("zh", "en"):
        with (tmp_path / "model.bin").open("rb") as file:
            page = client.post(
                f"/{language}/submit",
                data={"model_name": "credit"},
                files={"archive": ("model.bin", file)},
                headers=filer.browser | HTML,
            )
        assert limit in page.text
        assert reason["remedy"][language] in page.text
    nothing_left(site)


def test_a_form_where_the_file_is_the_body_is_told_how_to_send_it(
    client: TestClient, site: FastAPI, world: World
) -> None:
    """Breaker, issue 7, F10: `curl -F archive=@x.zip` was 500, "something unforeseen"."""
    filer = world.member("enterprise-own", Role.FILER)
    for sent in ({"files": {"archive": ("x.zip", b"PK")}}, {"data": {"archive": "x"}}):
        answer = client.post(
            "/api/v1/models/credit/versions",
            headers=filer.bearer,
            **sent,
        )
        assert answer.status_code == 422, answer.text
        assert "--data-binary" in answer.json()["detail"]
        assert "--data-binary" in answer.json()["detail_en"]
    nothing_left(site)


def test_the_command_line_refuses_the_same_at_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """security/S3: `mingsuan data check` reads a file of one's own by the same rule."""
    bombs.csv_of_a_wide_cell(tmp_path / "data.csv")
    with pytest.raises(SystemExit):
        cli.main(["data", "check", str(tmp_path / "data.csv"), "--quasi", "y"])
    told = capsys.readouterr().err
    assert f"{expansion.MAX_CELL:,}" in told


def test_a_cell_as_long_as_the_limit_is_taken(tmp_path: Path) -> None:
    """The limit is the longest that is taken, and counts bytes."""
    longest = expansion.MAX_CELL
    (tmp_path / "t.csv").write_text("x,y\n" + "a" * longest + ",1\n")
    assert tables.inspect(tmp_path / "t.csv", {}).rows == 1
    (tmp_path / "t.csv").write_text("x,y\n" + "长" * (longest // 3 + 1) + ",1\n")
    with pytest.raises(TableRefused, match=f"{longest:,}"):
        tables.inspect(tmp_path / "t.csv", {})


def test_a_setting_above_two_gibibytes_has_an_effect(tmp_path: Path, site: FastAPI) -> None:
    """scale/5: no constant beside MINGSUAN_MAX_SUBMISSION; the file is sparse and never read."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.bin").touch()
    with (folder / "weights.bin").open("r+b") as file:
        file.truncate(3 << 30)
    for limit, refused in ((8 << 30, False), (2 << 30, True)):
        with pytest.raises(ScreeningFailed) as told:  # for want of MLmodel, if for nothing else
            submission.keep(site.state.store, folder, limit=limit)
        assert ("total" in {reason.item for reason in told.value.reasons}) is refused
    with pytest.raises(ScreeningFailed) as told:
        screening.screen(folder)
    assert "total" not in {reason.item for reason in told.value.reasons}
