"""Models and their versions: what an enterprise submits, once, unchangeable."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.database import Identified, Record


class TrustClass(StrEnum):
    """How far a format can be trusted before it is opened (it is opened in the sandbox only)."""

    DATA_ONLY = "data_only"
    LISTED_TYPES = "listed_types"
    CODE = "code"


class Model(Identified, Record):
    """A registered model: a name in an enterprise's workspace, and the versions under it."""

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))


class Version(Identified, Record):
    """One model version: a manifest digest that never changes.

    `manifest` is a list of {path, sha256, size}; `digest` is the SHA-256 of its canonical JSON.
    `inputs` is the declared signature: a list of {name, type}. `screening` is what was found.
    """

    __tablename__ = "version"
    __table_args__ = (
        UniqueConstraint("model_id", "digest"),
        UniqueConstraint("model_id", "number"),
    )

    model_id: Mapped[str] = mapped_column(ForeignKey("model.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    manifest: Mapped[list[Any]]
    flavour: Mapped[str] = mapped_column(String(40))
    trust_class: Mapped[TrustClass] = mapped_column(String(20))
    inputs: Mapped[list[Any]]
    screening: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(500), default="")
    submitted_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    idempotency_key: Mapped[str | None] = mapped_column(String(80), index=True)
    mlflow_version: Mapped[str | None] = mapped_column(String(20))
    withdrawn: Mapped[datetime | None]
