"""The database refuses to change or delete what was published; editions that are there stay as they are."""

from collections.abc import Sequence

from alembic import op

from filing import editions

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    editions.freeze(None, op.get_bind())


def downgrade() -> None:
    """Revert: what was published can be changed again, which its digest then tells."""
    on = " ON edition" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER edition_frozen{on}")
    op.execute(f"DROP TRIGGER edition_kept{on}")
    if on:
        op.execute("DROP FUNCTION edition_frozen()")
