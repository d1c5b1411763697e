"""Links that show the preview of a filing to whom its filer sends them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; nobody has a link yet."""
    op.create_table(
        "preview_link",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("filing_id", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("expires", registry.database.Moment(), nullable=False),
        sa.Column("opened", registry.database.Moment(), nullable=True),
        sa.Column("reader", sa.String(length=64), nullable=True),
        sa.Column("revoked", registry.database.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name=op.f("fk_preview_link_filing_id_filing")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["person.id"], name=op.f("fk_preview_link_made_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_preview_link_token_digest")),
    )
    op.create_index(op.f("ix_preview_link_filing_id"), "preview_link", ["filing_id"], unique=False)


def downgrade() -> None:
    """Revert; links made before show nothing any more."""
    op.drop_table("preview_link")
