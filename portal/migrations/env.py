"""How alembic reaches the database: always the engine it was handed, in one transaction."""

from alembic import context
from sqlalchemy import Engine, text

from portal.migrations import load_tables
from registry.database import Record

LOCK_SECONDS = 10


def run() -> None:
    """Run the revisions; on PostgreSQL one process at a time, and none waits long for a lock."""
    load_tables()
    engine: Engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_lock(4715)"))
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Record.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_unlock(4715)"))
            connection.commit()


run()
