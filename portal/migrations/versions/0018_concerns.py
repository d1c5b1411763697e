"""Appeals, complaints and reports of breaches, and how many came from one network today."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; nothing that is on record changes."""
    op.create_table(
        "concern",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=True),
        sa.Column("filing_id", sa.String(length=32), nullable=False),
        sa.Column("filer_id", sa.String(length=32), nullable=False),
        sa.Column("watch_id", sa.String(length=32), nullable=True),
        sa.Column("by_filer", sa.Boolean(), nullable=False),
        sa.Column("route", sa.String(length=20), nullable=False),
        sa.Column("situation", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("since", registry.database.Moment(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=True),
        sa.Column("promised_days", sa.Integer(), nullable=True),
        sa.Column("acknowledge_by", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("reply_by", sa.Date(), nullable=True),
        sa.Column("put", registry.database.Moment(), nullable=True),
        sa.Column("closed", registry.database.Moment(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("ground", sa.String(length=20), nullable=True),
        sa.Column("delete_on", sa.Date(), nullable=False),
        sa.Column("forgotten", registry.database.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["filer_id"], ["organisation.id"], name=op.f("fk_concern_filer_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name=op.f("fk_concern_filing_id_filing")
        ),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["organisation.id"], name=op.f("fk_concern_watch_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern")),
        sa.UniqueConstraint("number", name=op.f("uq_concern_number")),
    )
    for column in ("delete_on", "filer_id", "filing_id", "watch_id"):
        op.create_index(op.f(f"ix_concern_{column}"), "concern", [column], unique=False)
    op.create_table(
        "concern_message",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("concern_id", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("to", sa.String(length=20), nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["concern_id"], ["concern.id"], name=op.f("fk_concern_message_concern_id_concern")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_concern_message_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern_message")),
    )
    op.create_index(
        op.f("ix_concern_message_concern_id"), "concern_message", ["concern_id"], unique=False
    )
    op.create_table(
        "sender",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("last", registry.database.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sender")),
    )
    op.create_index(op.f("ix_sender_day"), "sender", ["day"], unique=False)


def downgrade() -> None:
    """Undo; every concern is lost with what was said in it."""
    op.drop_table("sender")
    op.drop_table("concern_message")
    op.drop_table("concern")
