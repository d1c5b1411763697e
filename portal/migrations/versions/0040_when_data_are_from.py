"""The time that a data set is from, which stands beside every picture drawn from it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; of a data set on record nobody said it."""
    op.add_column(
        "dataset", sa.Column("period", sa.String(length=30), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("dataset") as table:
        table.drop_column("period")
