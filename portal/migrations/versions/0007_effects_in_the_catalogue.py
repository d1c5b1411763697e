"""The catalogue is narrowed by what an algorithm does to a person (field B14)."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LISTING = sa.table("listing", sa.column("filing_id", sa.String), sa.column("effect", sa.String))
EDITION = sa.table(
    "edition",
    sa.column("filing_id", sa.String),
    sa.column("number", sa.Integer),
    sa.column("content", sa.String),
)


def upgrade() -> None:
    """Apply; every line is given what the newest edition of its filing says."""
    op.add_column(
        "listing", sa.Column("effect", sa.String(length=20), nullable=False, server_default="")
    )
    connection = op.get_bind()
    rows = sa.select(EDITION.c.filing_id, EDITION.c.content).order_by(EDITION.c.number)
    for row in connection.execute(rows).all():
        told = {each["key"]: each for each in json.loads(row.content).get("answers", ())}
        effect = (told.get("B14") or {}).get("value") or ""
        connection.execute(
            sa.update(LISTING).where(LISTING.c.filing_id == row.filing_id).values(effect=effect)
        )
    op.create_index(op.f("ix_listing_effect"), "listing", ["effect"], unique=False)


def downgrade() -> None:
    """Undo; the editions still say it."""
    op.drop_index(op.f("ix_listing_effect"), table_name="listing")
    op.drop_column("listing", "effect")
