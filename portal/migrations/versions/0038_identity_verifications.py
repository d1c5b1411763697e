"""Who verified an organisation's identity, on which day and against which document.

Nobody was verified until now, and none is taken for it: published records stay as they are, and the
next filing that is accepted asks for it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from registry.database import Moment

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
TABLE = "identity_verification"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        TABLE,
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("document", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.Date(), nullable=False),
        sa.Column("particulars", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("verifier_id", sa.String(length=32), nullable=True),
        sa.Column("ended", Moment(), nullable=True),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        _refers("organisation_id", "organisation"),
        _refers("person_id", "person"),
        _refers("verifier_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_organisation_id"), TABLE, ["organisation_id"])
    open_ = sa.text("ended IS NULL")
    op.create_index(
        "one_verification_in_force",
        TABLE,
        ["organisation_id"],
        unique=True,
        sqlite_where=open_,
        postgresql_where=open_,
    )


def _refers(column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{TABLE}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name)


def downgrade() -> None:
    """Revert."""
    op.drop_table(TABLE)
