"""The English name of a data set; those on record have none and are called as before."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; every name stays as it was written, also one that holds both languages."""
    op.add_column(
        "dataset", sa.Column("name_en", sa.String(length=120), server_default="", nullable=False)
    )


def downgrade() -> None:
    """Undo; English names are lost, the names stay."""
    op.drop_column("dataset", "name_en")
