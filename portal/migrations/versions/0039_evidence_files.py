"""Evidence files of filings; files that answers name already are held, though nobody looked at them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; answers stay as they are."""
    table = op.create_table(
        "evidence_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("filing_id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("added_by", sa.String(length=32), nullable=True),
        sa.Column("handed_in", registry.database.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["filing.id"], name=op.f("fk_evidence_file_filing_id_filing")
        ),
        sa.ForeignKeyConstraint(
            ["added_by"], ["person.id"], name=op.f("fk_evidence_file_added_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_file")),
        sa.UniqueConstraint("filing_id", "sha256", name=op.f("uq_evidence_file_filing_id_sha256")),
    )
    op.create_index(
        op.f("ix_evidence_file_filing_id"), "evidence_file", ["filing_id"], unique=False
    )
    filings = op.get_bind().execute(sa.text("SELECT id, answers, submitted FROM filing")).all()
    at = registry.database.now()
    rows = [
        {
            "id": registry.database.new_id(),
            "created": at,
            "filing_id": filing_id,
            "sha256": digest,
            "name": str(each["name"])[:200],
            "kind": "unread",
            "size": each["size"],
            "handed_in": at if submitted else None,
        }
        for filing_id, answers, submitted in filings
        for digest, each in _files(
            json.loads(answers) if isinstance(answers, str) else answers
        ).items()
    ]
    if rows:
        op.bulk_insert(table, rows)


def downgrade() -> None:
    """Undo; answers still name their files, whose bytes stay in the store."""
    op.drop_table("evidence_file")


def _files(value: Any) -> dict[str, Any]:
    return {each["sha256"]: each for each in _inside(value)}


def _inside(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if {"name", "sha256", "size"} <= value.keys():
            yield value
        else:
            for each in value.values():
                yield from _inside(each)
    elif isinstance(value, list):
        for each in value:
            yield from _inside(each)
