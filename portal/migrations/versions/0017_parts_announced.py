"""How many parts an upload was announced with; those under way before have no number and go on."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; what is under way stays without a number."""
    op.add_column("part_upload", sa.Column("parts", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Undo; the numbers are lost, the uploads go on."""
    op.drop_column("part_upload", "parts")
