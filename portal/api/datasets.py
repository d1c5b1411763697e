"""Data sets: registered by those who own them; nobody else sees the rows."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from portal import sight
from portal.access import allow
from portal.api.shapes import Answer, Page, Paged
from portal.at_hand import Configured, Database, Store
from portal.identity import By
from portal.uploads import Form, file_of, json_of
from registry import artifacts, datasets
from registry.datasets import Use
from registry.organisations import Role
from registry.tokens import Scope

router = APIRouter(tags=["datasets"])


class DatasetIn(BaseModel):
    """What is said of a data set."""

    name: str = Field(max_length=120, examples=["loanapp, held-out 30 %"])
    use: Use
    columns: list[dict[str, Any]] = Field(
        [], description="{name, role, type?, …} for the columns that have something to say"
    )
    source: str = Field(max_length=1000, description="where the rows come from")
    deidentification: str = Field("", max_length=1000)
    held_out: str = Field(
        "", max_length=500, description="how it is known that the model was not trained on them"
    )


class DatasetOut(Answer):
    """A data set on record: digest and schema, never rows."""

    id: str
    name: str
    use: Use
    digest: str
    format: str
    size: int
    rows: int
    columns: list[Any]
    source: str
    deidentification: str
    held_out: str
    created: datetime


FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["metadata", "file"],
                    "properties": {
                        "metadata": {
                            "type": "string",
                            "description": "JSON: name, use, columns, source, deidentification, "
                            "held_out (see DatasetIn)",
                        },
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "CSV or Parquet",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/datasets",
    status_code=201,
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.SUBMIT, upload=True)],
    openapi_extra=FORM,
    summary="登记数据 · Register a data set",
)
def register(
    *, by: By, form: Form, session: Database, store: Store, settings: Configured
) -> DatasetOut:
    """Register a CSV or Parquet file as it is; its digest is what reports are bound to."""
    said = json_of(form, "metadata", DatasetIn)
    with artifacts.spooled(
        file_of(form, "file"), settings=settings, limit=settings.max_dataset
    ) as path:
        made = datasets.register(
            session,
            store,
            by=by,
            path=Path(path),
            limit=settings.max_dataset,
            **said.model_dump(),
        )
    return DatasetOut.model_validate(made)


@router.get(
    "/datasets",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    summary="本单位的数据 · Your data sets",
)
def listing(by: By, session: Database, paging: Paged) -> Page[DatasetOut]:
    """The data sets of your organisation, newest first."""
    rows = datasets.owned(session, by.organisation_id, limit=paging.limit + 1, before=paging.after)
    return paging.page(rows, DatasetOut.model_validate, key=lambda row: row.id)


@router.get(
    "/datasets/{dataset_id}",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    summary="数据 · One data set",
)
def one(by: By, session: Database, dataset_id: str) -> DatasetOut:
    """A data set of your organisation."""
    return DatasetOut.model_validate(sight.dataset(session, by, dataset_id))
