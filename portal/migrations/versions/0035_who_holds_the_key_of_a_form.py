"""Who is at work on a form that was sent, and when it last said so."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; what was sent before is held by nobody, and is answered as before."""
    op.add_column("form_key", sa.Column("holder", sa.String(length=32), nullable=True))
    beat: sa.Column[Any] = sa.Column(
        "beat", registry.database.Moment(), nullable=False, server_default="1970-01-01 00:00:00"
    )
    op.add_column("form_key", beat)
    with op.batch_alter_table("form_key") as table:
        table.alter_column("beat", existing_type=registry.database.Moment(), server_default=None)


def downgrade() -> None:
    """Undo; a form that is at work is known as sent."""
    with op.batch_alter_table("form_key") as table:
        table.drop_column("beat")
        table.drop_column("holder")
