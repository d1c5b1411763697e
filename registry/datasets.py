"""Data sets on record: digest, schema, roles of columns, owner; rows are the owner's alone."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.database import Identified, Record
from registry.errors import NotFound


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


class DatasetNotFound(NotFound):
    """No such data set: check the identifier."""


def get(session: Session, dataset_id: str) -> Dataset:
    """One data set.

    Raises:
        DatasetNotFound: when there is none.
    """
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise DatasetNotFound(
            "没有这份数据，请检查编号。", "No such data set: check its identifier."
        )
    return dataset
