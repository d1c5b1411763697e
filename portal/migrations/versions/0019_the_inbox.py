"""What waits for each organisation; what waits when this is applied is written at once."""

import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REVIEWED = {
    "submitted": "accept_filing",
    "accepted": "file_filing",
    "filed": "publish_filing",
}
FILINGS = sa.text("SELECT id, organisation_id, status, answers, since FROM filing")
AUTHORITIES = sa.text("SELECT id FROM organisation WHERE kind = 'authority'")
ENGAGEMENTS = sa.text("""
SELECT id, tester_id, created FROM engagement WHERE accepted IS NULL AND ended IS NULL
""")
REPORTS = sa.text("""
SELECT id, organisation_id, created FROM report WHERE countersigned IS NULL AND third_party
""")
EXPLANATIONS = sa.text("""
SELECT id, organisation_id, finished FROM explanation
WHERE finished IS NOT NULL AND approved IS NULL
""")
Row = tuple[str, str, str, str, str, Any]


def upgrade() -> None:
    """Apply; nothing that is on record changes."""
    op.create_table(
        "inbox_turn",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_inbox_turn")),
    )
    made = op.create_table(
        "inbox_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=30), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("not_for_id", sa.String(length=32), nullable=True),
        sa.Column("done", registry.database.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["not_for_id"],
            ["organisation.id"],
            name=op.f("fk_inbox_item_not_for_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_inbox_item_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_item")),
    )
    for column in ("organisation_id", "subject"):
        op.create_index(op.f(f"ix_inbox_item_{column}"), "inbox_item", [column], unique=False)
    rows = [
        {
            "id": f"{place:016x}{secrets.token_hex(8)}",
            "created": since,
            "organisation_id": organisation,
            "subject": subject,
            "what": what,
            "label": label,
            "place": where,
        }
        for place, (organisation, subject, what, label, where, since) in enumerate(_waiting())
    ]
    if rows:
        op.bulk_insert(made, rows)


def downgrade() -> None:
    """Undo; what waits is told by the records themselves."""
    op.drop_table("inbox_item")
    op.drop_table("inbox_turn")


def _waiting() -> Iterator[Row]:
    database = op.get_bind()
    moment = registry.database.Moment()
    authorities = [each.id for each in database.execute(AUTHORITIES)]
    for each in database.execute(FILINGS.columns(since=moment)):
        answers = json.loads(each.answers) if isinstance(each.answers, str) else each.answers
        told = (answers.get("B1") or {}).get("value") or {}
        label = str(told.get("zh", ""))[:200]
        if each.status == "returned":
            where = f"/filings/{each.id}"
            yield each.organisation_id, each.id, "mend_filing", label, where, each.since
        elif each.status in REVIEWED:
            for authority in authorities:
                what, where = REVIEWED[each.status], f"/review/{each.id}"
                yield authority, each.id, what, label, where, each.since
    for each in database.execute(ENGAGEMENTS.columns(created=moment)):
        yield each.tester_id, each.id, "take_on", "", f"/engagements/{each.id}", each.created
    for each in database.execute(REPORTS.columns(created=moment)):
        where = f"/reports/{each.id}"
        yield each.organisation_id, each.id, "countersign", "", where, each.created
    for each in database.execute(EXPLANATIONS.columns(finished=moment)):
        where = f"/explanations/{each.id}"
        yield each.organisation_id, each.id, "read_explanation", "", where, each.finished
