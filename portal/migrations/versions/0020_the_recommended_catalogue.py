"""The catalogue of recommended models that an industry body keeps, and the applications to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0020"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; nothing that is on record changes."""
    op.create_table(
        "recommended_catalogue",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("slug", sa.String(length=30), nullable=False),
        sa.Column("city", sa.String(length=20), nullable=False),
        sa.Column("guidance", sa.JSON(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_recommended_catalogue_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommended_catalogue")),
        sa.UniqueConstraint(
            "organisation_id", name=op.f("uq_recommended_catalogue_organisation_id")
        ),
        sa.UniqueConstraint("slug", name=op.f("uq_recommended_catalogue_slug")),
    )
    op.create_table(
        "recommended_application",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("catalogue_id", sa.String(length=32), nullable=False),
        sa.Column("filing_id", sa.String(length=32), nullable=False),
        sa.Column("filer_id", sa.String(length=32), nullable=False),
        sa.Column("applied_by", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("since", registry.database.Moment(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("filer_revision", sa.Integer(), nullable=False),
        sa.Column("offer", sa.JSON(), nullable=False),
        sa.Column("licence_until", sa.Date(), nullable=True),
        sa.Column("proposal", sa.JSON(), nullable=True),
        sa.Column("proposed_by", sa.String(length=32), nullable=True),
        sa.Column("confirmed_by", sa.String(length=32), nullable=True),
        sa.Column("said", sa.JSON(), nullable=True),
        sa.Column("ties", sa.JSON(), nullable=True),
        sa.Column("decided", registry.database.Moment(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("model_digest", sa.String(length=64), nullable=True),
        sa.Column("evaluated", registry.database.Moment(), nullable=True),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("reply", sa.JSON(), nullable=True),
        sa.Column("replied", registry.database.Moment(), nullable=True),
        sa.Column("ended", registry.database.Moment(), nullable=True),
        sa.Column("end_reason", sa.JSON(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_recommended_application_{column}_{table}"),
            )
            for column, table in (
                ("catalogue_id", "recommended_catalogue"),
                ("filing_id", "filing"),
                ("filer_id", "organisation"),
                ("applied_by", "person"),
                ("proposed_by", "person"),
                ("confirmed_by", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommended_application")),
    )
    for column in ("catalogue_id", "filing_id", "filer_id"):
        op.create_index(
            op.f(f"ix_recommended_application_{column}"),
            "recommended_application",
            [column],
            unique=False,
        )


def downgrade() -> None:
    """Undo; every application is lost, and what was decided of it."""
    op.drop_table("recommended_application")
    op.drop_table("recommended_catalogue")
