"""What filers answer to the findings of reports on their models, beside the reports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from registry.database import Moment

revision: str = "0045"
down_revision: str | None = "0044"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
TABLE = "finding_answer"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        TABLE,
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("finding", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("zh", sa.String(length=600), nullable=False),
        sa.Column("en", sa.String(length=2400), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        _refers("report_id", "report"),
        _refers("organisation_id", "organisation"),
        _refers("written_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_report_id"), TABLE, ["report_id"])


def _refers(column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{TABLE}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name)


def downgrade() -> None:
    """Revert."""
    op.drop_table(TABLE)
