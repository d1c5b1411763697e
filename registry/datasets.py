"""Data sets on record: digest, schema, roles of columns, owner; rows are the owner's alone."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.database import Identified, Record


class Use(StrEnum):
    """What a data set was registered for."""

    EVALUATION = "evaluation"
    EXPLANATION = "explanation"


class Dataset(Identified, Record):
    """One registered data set.

    `digest` is the SHA-256 of the file as stored; `columns` is a list of
    {name, type, role, plain: {zh, en}, …} where role is one of input, target, sensitive, control,
    price, cost, profile, item, time, user, weight, other.
    """

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("organisation_id", "digest", "use"),)

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    use: Mapped[Use] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    format: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    rows: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    columns: Mapped[list[Any]]
    source: Mapped[str] = mapped_column(String(1000))
    deidentification: Mapped[str] = mapped_column(String(1000), default="")
    held_out: Mapped[str] = mapped_column(String(500), default="")
    registered_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
