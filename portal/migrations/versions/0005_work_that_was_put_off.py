"""Work that is put off: how often, since when, and when it may be claimed next."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; work under way begins with no attempt counted.

    Until now every claim counted, so what was merely dropped cannot be told from a process that
    died; what has ended keeps the number it ended with.
    """
    # Column by column: SQLite would make the table anew for a batch, and cannot drop the old one
    # while evaluations and explanations refer to it. There the default stays, as it cannot go.
    returned = sa.Column("returned", sa.Integer(), nullable=False, server_default="0")
    op.add_column("work", returned)
    op.add_column("work", sa.Column("returned_since", sa.Float(), nullable=True))
    op.add_column("work", sa.Column("not_before", sa.Float(), nullable=True))
    if op.get_context().dialect.name != "sqlite":
        op.alter_column("work", "returned", server_default=None)
    op.execute("UPDATE work SET attempts = 0 WHERE state IN ('queued', 'running')")


def downgrade() -> None:
    """Undo; parked work, which the older release does not know, is queued again."""
    op.execute("UPDATE work SET state = 'queued', error = NULL WHERE state = 'parked'")
    for name in ("not_before", "returned_since", "returned"):
        op.drop_column("work", name)
