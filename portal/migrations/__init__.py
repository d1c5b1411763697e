"""The migrations of the whole database, assembled from the tables that each noun owns."""

import importlib
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

# Every module that owns tables; a test compares this list with what the packages declare.
OWNERS = (
    "registry.attendance",
    "registry.credentials",
    "registry.tokens",
    "registry.datasets",
    "registry.engagements",
    "registry.evaluations",
    "registry.explanations",
    "registry.finding_answers",
    "registry.form_keys",
    "registry.guesses",
    "registry.inbox",
    "registry.journal",
    "registry.keys",
    "registry.organisations",
    "registry.outbox",
    "registry.passwords",
    "registry.reidentification",
    "registry.reports",
    "registry.sealing",
    "registry.staging",
    "registry.store_mark",
    "registry.submission",
    "registry.verifications",
    "registry.worklist",
    "filing.dossier",
    "filing.remarks",
    "filing.review_list",
    "filing.submissions",
    "filing.numbers",
    "filing.editions",
    "filing.changes",
    "filing.concerns",
    "filing.enclosures",
    "filing.evidence_files",
    "filing.senders",
    "filing.listings",
    "filing.previews",
    "filing.recommended.records",
)


def load_tables() -> None:
    """Import every owner, so that the one metadata object knows all tables."""
    for owner in OWNERS:
        importlib.import_module(owner)


def configuration(engine: Engine) -> Config:
    """Alembic's configuration for `engine`, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`; harmless when it is there already."""
    command.upgrade(configuration(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to `revision`."""
    command.downgrade(configuration(engine), revision)


def current(engine: Engine) -> str | None:
    """The revision the database is at; None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest revision that this release knows."""
    newest = ScriptDirectory(str(Path(__file__).parent)).get_current_head()
    if newest is None:
        raise LookupError("the release carries no migrations")
    return newest
