"""One published filing that needs no evidence, read at two servers on one record."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.testclient import TestClient

from filing import hits
from filing.dossier import Filing
from portal.app import create_app
from registry.database import transaction
from tests.filing import papers
from tests.filing.papers import Scene


@dataclass
class Published:
    """One published filing, and two servers on its record."""

    site: FastAPI
    slug: str
    filing_id: str
    servers: list[TestClient]

    @property
    def page(self) -> str:
        """The address of its page in Chinese."""
        return f"/zh/f/{self.slug}"


def publish(scene: Scene) -> Filing:
    """A low-risk filing with a report that tested nothing, so that its page needs no evidence."""
    filing = scene.opened(G1=papers.LOW)
    scene.attach(filing, papers.report(scene.session, scene.version, scene.filer, run=()))
    scene.file(filing, "check", "submit")
    return scene.rule(filing, "accept", "file", "publish")


@contextmanager
def on_two_servers(site: FastAPI) -> Iterator[Published]:
    """Publish, and open a second server on the same settings."""
    with transaction(site.state.factory) as session:
        filing = publish(Scene(session))
        slug = hits.newest(session, 1)[0].slug
        filing_id = filing.id
    other = create_app(site.state.settings)
    with TestClient(site) as one, TestClient(other) as two:
        yield Published(site, slug, filing_id, [one, two])
    other.state.engine.dispose()
