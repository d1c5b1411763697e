"""When somebody last sent is kept no more: what a network must wait follows from the clock alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0032"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; a count of today goes on, and those of other days are forgotten with the next one sent."""
    with op.batch_alter_table("sender") as table:
        table.drop_column("last")


def downgrade() -> None:
    """Revert; a count on record counts as never sent to before."""
    with op.batch_alter_table("sender") as table:
        table.add_column(
            sa.Column(
                "last",
                registry.database.Moment(),
                nullable=False,
                server_default="1970-01-01 00:00:00",
            )
        )
    with op.batch_alter_table("sender") as table:
        table.alter_column("last", existing_type=registry.database.Moment(), server_default=None)
