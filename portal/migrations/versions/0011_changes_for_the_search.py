"""The count of public changes, and on each line of the catalogue the one it was last written with."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; lines that are there already have change 0, and every index reads them first."""
    op.create_table(
        "public_change",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_change")),
    )
    op.add_column("listing", sa.Column("change", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_listing_change"), "listing", ["change"], unique=False)


def downgrade() -> None:
    """Undo; the record itself is untouched."""
    op.drop_index(op.f("ix_listing_change"), table_name="listing")
    op.drop_column("listing", "change")
    op.drop_table("public_change")
