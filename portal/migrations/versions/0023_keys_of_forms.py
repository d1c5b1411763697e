"""The single-use keys of forms that make something."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0023"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; nothing that is on record changes."""
    op.create_table(
        "form_key",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sent", registry.database.Moment(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_form_key")),
    )
    op.create_index(op.f("ix_form_key_sent"), "form_key", ["sent"])


def downgrade() -> None:
    """Revert."""
    op.drop_table("form_key")
