"""What is attached to appeals, complaints and reports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0025"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; nothing that is on record changes."""
    op.create_table(
        "concern_attachment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("concern_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["concern_id"], ["concern.id"], name=op.f("fk_concern_attachment_concern_id_concern")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern_attachment")),
    )
    op.create_index(
        op.f("ix_concern_attachment_concern_id"),
        "concern_attachment",
        ["concern_id"],
        unique=False,
    )


def downgrade() -> None:
    """Undo; the attachments are lost, and their bytes are swept from the store as left-overs."""
    op.drop_table("concern_attachment")
