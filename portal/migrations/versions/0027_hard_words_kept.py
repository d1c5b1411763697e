"""Hard words of an explanation that its filer kept, and why; nothing of it is known of earlier ones."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; nothing that is on record changes."""
    op.add_column("explanation", sa.Column("overruled", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("explanation") as table:
        table.drop_column("overruled")
