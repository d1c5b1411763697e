"""Workers say that they are there, and what they wait for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; workers write their own rows when they start."""
    op.create_table(
        "worker",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.Float(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("cause_zh", sa.String(length=400), nullable=False),
        sa.Column("cause_en", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker")),
    )
    op.create_index(op.f("ix_worker_seen"), "worker", ["seen"], unique=False)


def downgrade() -> None:
    """Undo; nothing is lost that a worker would not say again."""
    op.drop_index(op.f("ix_worker_seen"), table_name="worker")
    op.drop_table("worker")
