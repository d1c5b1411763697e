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
    with op.batch_alter_table("work", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("returned", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("returned_since", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("not_before", sa.Float(), nullable=True))
    with op.batch_alter_table("work", schema=None) as batch_op:
        batch_op.alter_column("returned", server_default=None)
    op.execute("UPDATE work SET attempts = 0 WHERE state IN ('queued', 'running')")


def downgrade() -> None:
    """Undo; parked work, which the older release does not know, is queued again."""
    op.execute("UPDATE work SET state = 'queued', error = NULL WHERE state = 'parked'")
    with op.batch_alter_table("work", schema=None) as batch_op:
        batch_op.drop_column("not_before")
        batch_op.drop_column("returned_since")
        batch_op.drop_column("returned")
