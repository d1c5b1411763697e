"""A secret for each day, with which the counts of senders are keyed; those of before are deleted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; what was counted today begins anew, since its keys could be guessed."""
    op.create_table(
        "sender_secret",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_sender_secret")),
    )
    op.execute("DELETE FROM sender")


def downgrade() -> None:
    """Undo; what was counted today begins anew."""
    op.execute("DELETE FROM sender")
    op.drop_table("sender_secret")
