"""What a reviewer's list shows of a dossier, written beside it.

Of a filing on record nothing is written until it is changed: its line is worked out where it is read.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0044"
down_revision: str | None = "0043"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
TABLE = "review_line"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        TABLE,
        sa.Column("filing_id", sa.String(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("grade", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name=op.f(f"fk_{TABLE}_filing_id_filing")
        ),
        sa.PrimaryKeyConstraint("filing_id", name=op.f(f"pk_{TABLE}")),
    )


def downgrade() -> None:
    """Revert."""
    op.drop_table(TABLE)
