"""Indexes that hold no concern which its reader may not know of, instead of those that hold all."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KNOWN = "CASE WHEN by_filer THEN status NOT IN ('held', 'set_aside') ELSE put IS NOT NULL END"
COUNTABLE = (
    "CASE WHEN status IN ('held', 'set_aside') THEN false "
    "ELSE by_filer OR put IS NOT NULL OR status = 'closed' END"
)


def upgrade() -> None:
    """Apply; the rows are untouched."""
    for name, column, where in (
        ("ix_concern_known", "filer_id", KNOWN),
        ("ix_concern_countable", "filing_id", COUNTABLE),
    ):
        told = sa.text(where)
        op.create_index(name, "concern", [column], sqlite_where=told, postgresql_where=told)
    for column in ("filer_id", "filing_id"):
        op.drop_index(op.f(f"ix_concern_{column}"), table_name="concern")


def downgrade() -> None:
    """Undo; the rows are untouched."""
    for column in ("filer_id", "filing_id"):
        op.create_index(op.f(f"ix_concern_{column}"), "concern", [column], unique=False)
    for name in ("ix_concern_known", "ix_concern_countable"):
        op.drop_index(name, table_name="concern")
