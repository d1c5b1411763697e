"""A published register, made once; what a test changes it changes in a filing of its own."""

from collections.abc import Iterator, Mapping

import pytest
from fastapi.testclient import TestClient

from filing import hits
from portal.app import create_app
from registry import explanations, reports
from registry.settings import Settings
from tests import tables
from tests.portal.pages.every_form import Form
from tests.portal.pages.records import Records
from tests.portal.pages.shelf import Shelf
from tests.portal.pages.stage import Stage, staged
from tests.portal.world import World


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The credit model, published."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("shelf") / "data", sandbox_tier="none"))
    tables.make(app.state.engine)
    shelf = Shelf(app, World(app))
    with app.state.factory() as session:
        shelf.made["slug"] = hits.newest(session, 1)[0].slug
    yield shelf
    app.state.engine.dispose()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A site with every form; `on_stage` puts back what a test changed."""
    yield from staged(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="session")
def forms(stage: Stage) -> Mapping[str, list[Form]]:
    """Every form of every page, by language."""
    chinese = stage.forms("zh")
    return {"zh": chinese, "en": [each.in_english() for each in chinese]}


@pytest.fixture
def on_stage(stage: Stage) -> Iterator[TestClient]:
    """Whoever sends the stage's forms; failures come back as answers."""
    stage.restore()
    with TestClient(stage.site, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client
    stage.restore()


@pytest.fixture
def reader(shelf: Shelf) -> Iterator[TestClient]:
    """Anyone; a page that breaks fails the test with its own error."""
    headers = {"accept": "text/html"}
    with TestClient(shelf.site, follow_redirects=False, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def records(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    """Filings of every kind, on a register of their own."""
    with shelf.site.state.factory() as session:
        predicate = reports.statement(reports.get(session, shelf.made["report"]))["predicate"]
        explained = explanations.get(session, shelf.made["explanation"])
    folder = tmp_path_factory.mktemp("records")
    app = create_app(Settings(data=folder / "data", sandbox_tier="none"))
    tables.make(app.state.engine)
    yield Records(app, predicate, explained)
    app.state.engine.dispose()
