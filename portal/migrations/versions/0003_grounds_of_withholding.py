"""Grounds for withholding an answer stand under no article: trade secret, misuse, privacy."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FILING = sa.table(
    "filing", sa.column("id", sa.String), sa.column("answers", sa.JSON(none_as_null=True))
)


def upgrade() -> None:
    """Apply; a ground that is gone ("secret") stays and the filer is asked for another."""
    _rename("SH16-protect", "trade_secret")


def downgrade() -> None:
    """Undo."""
    _rename("trade_secret", "SH16-protect")


def _rename(before: str, after: str) -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(FILING.c.id, FILING.c.answers)).all():
        changed = _renamed(row.answers, before, after)
        if changed != row.answers:
            connection.execute(
                sa.update(FILING).where(FILING.c.id == row.id).values(answers=changed)
            )


def _renamed(answers: Any, before: str, after: str) -> Any:
    answers = json.loads(json.dumps(answers or {}))
    for answer in answers.values():
        seal = answer.get("sealed") if isinstance(answer, dict) else None
        if seal and seal.get("ground") == before:
            seal["ground"] = after
    return answers
