"""What arrives through the MLflow door and what was registered from it, as rows; the store's mark."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

import registry.database

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SIZE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("part", "part_upload", "seal", "staged_file", "staged_folder", "store_mark")


def upgrade() -> None:
    """Apply; what lies in the data directory's own folders is taken over when the door opens."""
    _create("store_mark", sa.Column("mark", sa.String(length=64), nullable=False))
    _create(
        "staged_folder",
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("touched", registry.database.Moment(), nullable=False),
        _refers("staged_folder", "organisation_id", "organisation"),
        _unique("staged_folder", "path"),
        indexed=("organisation_id", "touched"),
    )
    _create(
        "staged_file",
        sa.Column("folder_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", SIZE, nullable=False),
        _refers("staged_file", "folder_id", "staged_folder"),
        _unique("staged_file", "path"),
        indexed=("folder_id",),
    )
    _create(
        "seal",
        sa.Column("folder_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("logged_model_id", sa.String(length=40), nullable=False),
        _refers("seal", "folder_id", "staged_folder"),
        _unique("seal", "path"),
        indexed=("folder_id", "run_id", "logged_model_id"),
    )
    _create(
        "part_upload",
        sa.Column("folder_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=1000), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        _refers("part_upload", "folder_id", "staged_folder"),
        indexed=("folder_id",),
    )
    _create(
        "part",
        sa.Column("upload_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", SIZE, nullable=False),
        _refers("part", "upload_id", "part_upload"),
        indexed=("upload_id",),
    )


def downgrade() -> None:
    """Undo; uploads that nobody registered are lost, versions keep their files."""
    for name in TABLES:
        op.drop_table(name)


def _create(name: str, *columns: Any, indexed: Sequence[str] = ()) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created", registry.database.Moment(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    for column in indexed:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column], unique=False)


def _refers(name: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{name}_{column}_{to}"))


def _unique(name: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{name}_{column}"))
