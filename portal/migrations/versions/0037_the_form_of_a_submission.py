"""The schema that each submission was made under; until now there was one, which its filing names."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; a submission on record takes the schema of its filing."""
    op.add_column("submission", sa.Column("schema_version", sa.String(length=10), nullable=True))
    op.execute(
        "UPDATE submission SET schema_version = "
        "(SELECT schema_version FROM filing WHERE filing.id = submission.filing_id)"
    )
    with op.batch_alter_table("submission") as table:
        table.alter_column("schema_version", existing_type=sa.String(length=10), nullable=False)


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("submission") as table:
        table.drop_column("schema_version")
