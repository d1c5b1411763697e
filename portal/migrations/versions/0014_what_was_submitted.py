"""What a filing said, kept with each submission; what is under review now is kept as it stands."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEEP = sa.text("""
INSERT INTO submission
(id, created, filing_id, number, version_id, answers, report_ids, explanation_id)
SELECT id, COALESCE(submitted, since), id, submissions, version_id, answers, report_ids,
explanation_id FROM filing
WHERE submissions > 0 AND status IN ('submitted', 'accepted', 'filed')
""")
"""Nothing is changed between submission and decision. An editable filing may differ by now, and a
published one may have been put back to its edition, so neither is known to be what was submitted."""


def upgrade() -> None:
    """Apply; submissions of other filings before this one stay unknown."""
    op.create_table(
        "submission",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("filing_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.String(length=32), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("report_ids", sa.JSON(), nullable=False),
        sa.Column("explanation_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name=op.f("fk_submission_filing_id_filing")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["version.id"], name=op.f("fk_submission_version_id_version")
        ),
        sa.ForeignKeyConstraint(
            ["explanation_id"],
            ["explanation.id"],
            name=op.f("fk_submission_explanation_id_explanation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("filing_id", "number", name=op.f("uq_submission_filing_id_number")),
    )
    op.create_index(op.f("ix_submission_filing_id"), "submission", ["filing_id"], unique=False)
    op.get_bind().execute(KEEP)


def downgrade() -> None:
    """Undo; filings and their journal stay, what earlier submissions said is lost."""
    op.drop_table("submission")
