"""When a concern that was looked at first was let through: the days of whoever answers run from it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; those let through before keep the days that they have."""
    op.add_column("concern", sa.Column("released", registry.database.Moment(), nullable=True))


def downgrade() -> None:
    """Undo; the days that were set stay."""
    with op.batch_alter_table("concern") as table:
        table.drop_column("released")
