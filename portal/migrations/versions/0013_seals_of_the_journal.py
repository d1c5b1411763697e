"""What binds the rows of the journal, batch by batch; rows that are there are sealed as found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0013"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply; the first sealing takes up every row that was written before."""
    op.create_table(
        "journal_seal",
        sa.Column("number", SEQ, autoincrement=False, nullable=False),
        sa.Column("at", registry.database.Moment(), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("first", SEQ, nullable=False),
        sa.Column("last", SEQ, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("leaves", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal_seal")),
        sa.UniqueConstraint("before", name=op.f("uq_journal_seal_before")),
        sa.UniqueConstraint("hash", name=op.f("uq_journal_seal_hash")),
    )


def downgrade() -> None:
    """Undo; the rows stay, what bound them is lost."""
    op.drop_table("journal_seal")
