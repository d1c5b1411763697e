"""That whoever made a report took it back, and why; the report and its bytes stay as they are."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from registry.database import Moment

revision: str = "0043"
down_revision: str | None = "0042"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; no report on record was taken back until now."""
    op.add_column("report", sa.Column("withdrawn", Moment(), nullable=True))
    op.add_column("report", sa.Column("withdrawal", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("report") as table:
        table.drop_column("withdrawal")
        table.drop_column("withdrawn")
