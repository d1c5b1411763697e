"""Weights of a catalogue are proposed by one and agreed by a second; nobody outside learns of a proposal."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; weights that one person set stay in force, and the public revision goes on from there."""
    op.add_column("recommended_catalogue", sa.Column("proposal", sa.JSON(), nullable=True))
    op.add_column(
        "recommended_catalogue",
        sa.Column("public_revision", sa.Integer(), server_default="1", nullable=False),
    )
    op.execute("UPDATE recommended_catalogue SET public_revision = revision")


def downgrade() -> None:
    """Undo; a proposal that waits is lost, the journal keeps that it was made."""
    op.drop_column("recommended_catalogue", "public_revision")
    op.drop_column("recommended_catalogue", "proposal")
