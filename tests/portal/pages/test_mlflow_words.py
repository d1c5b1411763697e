"""MLflow's users find on the site what they left in MLflow, and how to reach it."""

import html
import re

import pytest

from portal.mlflow.refusals import POLICIES
from registry import mlflow_store, submission
from registry.database import transaction
from registry.mlflow_store import MlflowRegistry
from registry.organisations import Role
from tests.portal.pages.shelf import Shelf

HOSTILE = '<script>alert("1")</script>'


@pytest.fixture(scope="module")
def noted(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The shelf's version, in MLflow under its number and with words of its users."""
    registry = MlflowRegistry(shelf.site.state.settings)
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_ENABLE_WORKSPACES", "")  # restored at the end
    with transaction(shelf.site.state.factory) as session:
        version = submission.get(session, shelf.made["version"])
        name = submission.model_of(session, version).name
        number = mlflow_store.file_version(
            session, registry, version.id, made_by=submission.MadeBy("08ff" * 8)
        )
        registry.mark(version.organisation_id, name, number,
                      {"team": HOSTILE, "mingsuan.copy_of": "m2-two 1"})  # fmt: skip
        submission.copy(session, version, by=shelf.actor(Role.FILER), model_name="m2-two")
    patch.undo()
    return f"models:/{name}/{number}"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("在 MLflow 里写的", "复制自", "标签", "内容相同的版本")),
        ("en", ("Written in MLflow", "Copy of", "Tags", "Versions with the same bytes")),
    ],
)
def test_a_version_shows_what_its_users_wrote_in_mlflow(
    shelf: Shelf, noted: str, language: str, words: tuple[str, ...]
) -> None:
    """It said “MLflow 1” and nothing else."""
    client, _ = shelf.browser(Role.FILER)
    raw = client.get(f"/{language}/versions/{shelf.made['version']}").text
    text = html.unescape(raw)
    assert noted in text
    assert "08ff" * 8 in text
    assert all(word in text for word in words)
    assert "m2-two @ 1</a>" in text
    assert f"team: {HOSTILE}" in text
    assert "<script" not in raw


def test_another_organisation_does_not_read_it(shelf: Shelf, noted: str) -> None:
    client, _ = shelf.browser(Role.FILER, "other")
    answer = client.get(f"/en/versions/{shelf.made['version']}")
    assert answer.status_code in (403, 404)
    assert "08ff" not in answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_submissions_tells_mlflow_s_users_address_and_limits(
    shelf: Shelf, language: str
) -> None:
    client, _ = shelf.browser(Role.FILER)
    text = html.unescape(client.get(f"/{language}/submit").text)
    assert f"MLFLOW_TRACKING_URI={shelf.site.state.settings.public_url}/mlflow\n" in text
    assert all(getattr(each.instead, language) in text for each in POLICIES.values())


def test_a_new_token_stands_in_the_lines_that_a_client_needs(shelf: Shelf) -> None:
    client, csrf = shelf.browser(Role.FILER)
    assert "MLFLOW_TRACKING_TOKEN=…" in client.get("/en/organisation").text
    once = re.search(r'tokens" class.*?name="once" value="([^"]+)"', client.get("/en/organisation").text, re.DOTALL)  # fmt: skip
    assert once
    sent = {"csrf": csrf, "once": once[1], "label": "x", "scopes": "submit", "days": "3"}
    text = client.post("/en/organisation/tokens", data=sent).text
    (shown,) = re.findall(r"MLFLOW_TRACKING_TOKEN=(\S+)", text)
    assert len(shown) > 20
    assert text.count(shown) == 2
