"""A change of a grade waits for a second reviewer; which version an edition is about."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FILING = sa.table(
    "filing",
    sa.column("id", sa.String),
    sa.column("status", sa.String),
    sa.column("grade_change", sa.JSON(none_as_null=True)),
    sa.column("grade_proposal", sa.JSON(none_as_null=True)),
    sa.column("published_version_id", sa.String),
)
EDITION = sa.table(
    "edition",
    sa.column("filing_id", sa.String),
    sa.column("number", sa.Integer),
    sa.column("content", sa.String),
)


def upgrade() -> None:
    """Apply; grades that one reviewer changed alone count no longer, and the journal keeps them.

    The frozen editions stay as they are; the next one is made with the computed grade, or with a
    change that two reviewers made.
    """
    op.add_column("filing", sa.Column("grade_proposal", sa.JSON(), nullable=True))
    op.add_column("filing", sa.Column("published_version_id", sa.String(length=32), nullable=True))
    op.create_index(
        op.f("ix_filing_published_version_id"), "filing", ["published_version_id"], unique=False
    )
    connection = op.get_bind()
    connection.execute(sa.update(FILING).values(grade_change=None))
    rows = sa.select(EDITION.c.filing_id, EDITION.c.content).order_by(EDITION.c.number)
    for row in connection.execute(rows).all():
        version = json.loads(row.content)["model"]["version_id"]
        connection.execute(
            sa.update(FILING)
            .where(FILING.c.id == row.filing_id)
            .values(published_version_id=version)
        )


def downgrade() -> None:
    """Undo; proposals that wait are lost, the journal keeps that they were made."""
    op.drop_index(op.f("ix_filing_published_version_id"), table_name="filing")
    op.drop_column("filing", "published_version_id")
    op.drop_column("filing", "grade_proposal")
