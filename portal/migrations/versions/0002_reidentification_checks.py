"""Checks of data sets for people who could be singled out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "reidentification_check"


def upgrade() -> None:
    """Apply; data sets on record stay as they are and are checked before their next plan."""
    op.create_table(
        TABLE,
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("quasi_identifiers", sa.JSON(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("exposure", sa.JSON(), nullable=True),
        sa.Column("direct", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["dataset.id"],
            name=op.f("fk_reidentification_check_dataset_id_dataset"),
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["person.id"], name=op.f("fk_reidentification_check_made_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reidentification_check")),
    )
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reidentification_check_dataset_id"), ["dataset_id"], unique=False
        )


def downgrade() -> None:
    """Undo; the checks are lost, the journal keeps that they were made."""
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reidentification_check_dataset_id"))

    op.drop_table(TABLE)
