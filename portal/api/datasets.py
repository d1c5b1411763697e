"""Data sets: registered by those who own them; nobody else sees the rows."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from portal.api.shapes import Answer, Bilingual, Page, Paged, RequestBody
from portal.web import sight
from portal.web.access import allow
from portal.web.at_hand import Configured, Database, Store
from portal.web.identity import By
from portal.web.uploads import Form, file_of, json_of
from registry import artifacts, croissant, datasets, overlaps, reidentification
from registry.datasets import Dataset, Use
from registry.organisations import Organisation, Role
from registry.reidentification import ReidentificationCheck, State, Wish
from registry.tokens import Scope

router = APIRouter(tags=["datasets"])


class JsonLd(JSONResponse):
    """JSON-LD under its own media type."""

    media_type = croissant.MEDIA_TYPE


class DatasetIn(RequestBody):
    """What is said of a data set."""

    name: str = Field(max_length=120, examples=["贷款申请，留出的三成"])
    name_en: str = Field(
        "",
        max_length=120,
        examples=["loan applications, held-out 30 %"],
        description="its name in English; without one the other is shown to everybody",
    )
    use: Use
    columns: list[dict[str, Any]] = Field(
        [], description="{name, role, type?, …} for the columns that have something to say"
    )
    source: str = Field(max_length=1000, description="where the rows come from")
    period: str = Field(
        "",
        max_length=30,
        examples=["2024/2025-06"],
        description="the time that the rows are from: a year, a month or a day, or two with / between",
    )
    deidentification: str = Field(
        "",
        max_length=1000,
        description="how persons were made unrecognisable; required for an evaluation",
    )
    held_out: str = Field(
        "", max_length=500, description="how it is known that the model was not trained on them"
    )
    quasi_identifiers: list[str] | None = Field(
        None,
        max_length=50,
        description="columns by which somebody could know a person; null takes the sensitive "
        "ones; with an empty list, say in `acknowledgement` why there is none",
    )
    acknowledgement: str = Field(
        "",
        max_length=reidentification.LONGEST_REASON,
        description="why the data are used although classes are smaller than the set k",
    )


class Exposed(Answer):
    """How far the quasi-identifiers single people out; for the owner of the rows alone."""

    unit: str = Field(description="what is counted: row, or person where a column has role user")
    members: int
    classes: int = Field(description="different combinations of values")
    smallest: int = Field(description="members of the smallest class: the k of the data")
    unique: int = Field(description="members alone in their class")
    unique_share: float
    small_classes: int = Field(description="classes with fewer than k members")
    small_members: int
    small_share: float
    highest_risk: float = Field(description="1 / smallest")
    average_risk: float = Field(description="classes / members")
    alone: list[dict[str, Any]] = Field(description="each column by itself: values, unique")


class Seen(Answer):
    """What a look at the rows showed."""

    quasi_identifiers: list[str]
    named: bool = Field(description="false where the sensitive columns were taken")
    k: int = Field(description="members that a class should have at least")
    k_source: Bilingual
    exposure: Exposed | None = Field(description="null where no column was named")
    direct: list[dict[str, Any]] = Field(
        description="columns whose values look like identity_number, mobile_number or email"
    )


class LookOut(Seen):
    """What a check would say; nothing is on record."""

    enough: bool = Field(description="every class has at least k members, and nobody is named")


class CheckOut(Seen):
    """A re-identification check on record."""

    id: str
    state: State
    reason: str = Field(
        description="the written acknowledgement; empty where every class has at least k"
    )
    made_by: str
    created: datetime

    @classmethod
    def of(cls, check: ReidentificationCheck) -> "CheckOut":
        """The JSON form of a check."""
        exposure = check.exposure and Exposed.model_validate(check.exposure)
        return cls(
            quasi_identifiers=check.quasi_identifiers,
            named=check.named,
            k=check.k,
            k_source=Bilingual.of(reidentification.K_SOURCE),
            exposure=exposure or None,
            direct=check.direct,
            id=check.id,
            state=check.state,
            reason=check.reason,
            made_by=check.made_by,
            created=check.created,
        )


class CheckIn(RequestBody):
    """Which columns to look at, and why the data are used where classes are smaller than k."""

    quasi_identifiers: list[str] | None = Field(
        None,
        max_length=50,
        description="columns by which somebody could know a person; null takes the sensitive ones",
        examples=[["age_band", "sex", "district"]],
    )
    reason: str = Field(
        "",
        max_length=reidentification.LONGEST_REASON,
        description="kept in the journal with who and when, and stated in reports on these data",
    )

    def wish(self, k: int) -> Wish:
        """The same for the register."""
        names = self.quasi_identifiers
        return Wish(None if names is None else tuple(names), self.reason, k)


class DatasetOut(Answer):
    """A data set on record: digest and schema, never rows."""

    id: str
    name: str
    name_en: str = Field(description="empty where there is no English name")
    use: Use
    digest: str
    format: str
    size: int
    rows: int
    columns: list[Any]
    source: str
    period: str = Field(description="empty where nobody said it")
    deidentification: str
    held_out: str
    created: datetime
    reidentification: CheckOut | None = Field(
        None, description="the check that counts; null where there is none yet"
    )

    @classmethod
    def of(cls, dataset: Dataset, check: ReidentificationCheck | None) -> "DatasetOut":
        """The JSON form of a data set and its check."""
        made = cls.model_validate(dataset)
        made.reidentification = None if check is None else CheckOut.of(check)
        return made


class Shared(Answer):
    """Rows that a data set shares with another of the same organisation."""

    dataset_id: str
    name: str
    name_en: str = Field(description="empty where there is no English name")
    rows: int = Field(description="rows of the data set that was asked about")
    shared: int | None = Field(description="how many of them the other has; null: not compared")
    columns: list[str] = Field(description="the columns by which rows were compared")


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
                            "description": "JSON: name, name_en, use, columns, source, period, deidentification, "
                            "held_out, quasi_identifiers, acknowledgement (see DatasetIn)",
                        },
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "CSV, Parquet or Arrow",
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
    """Register a file as it is; its digest is what reports are bound to.

    Data for an evaluation are checked for people who could be singled out. Where quasi-identifiers
    are named and a class is smaller than the installation's k, nothing is registered unless
    `acknowledgement` says why; where none is named and the sensitive columns fall short, the data
    are registered and the check stays open, and no plan takes them until it is made.
    """
    said = json_of(form, "metadata", DatasetIn)
    named = None if said.quasi_identifiers is None else tuple(said.quasi_identifiers)
    wish = Wish(named, said.acknowledgement, settings.k_anonymity)
    with artifacts.spooled(
        file_of(form, "file"), settings=settings, limit=settings.max_dataset
    ) as path:
        made = datasets.register(
            session,
            store,
            by=by,
            path=Path(path),
            limit=settings.max_dataset,
            wish=wish if said.use is Use.EVALUATION or named else None,
            **said.model_dump(exclude={"quasi_identifiers", "acknowledgement"}),
        )
    return DatasetOut.of(made, reidentification.latest(session, made.id))


@router.get(
    "/datasets",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    summary="本单位的数据 · Your data sets",
)
def listing(by: By, session: Database, paging: Paged) -> Page[DatasetOut]:
    """The data sets of your organisation, newest first."""
    rows = datasets.owned(session, by.organisation_id, limit=paging.limit + 1, before=paging.after)
    checks = reidentification.latest_of(session, [row.id for row in rows])
    return paging.page(
        rows, lambda row: DatasetOut.of(row, checks.get(row.id)), key=lambda row: row.id
    )


@router.get(
    "/datasets/{dataset_id}",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    summary="数据 · One data set",
)
def one(by: By, session: Database, dataset_id: str) -> DatasetOut:
    """A data set of your organisation."""
    found = sight.dataset(session, by, dataset_id)
    return DatasetOut.of(found, reidentification.latest(session, found.id))


@router.post(
    "/datasets/{dataset_id}/reidentification-preview",
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.SUBMIT)],
    summary="先看重标识检查的结果 · What a re-identification check would say",
)
def preview(
    by: By, session: Database, store: Store, settings: Configured, dataset_id: str, asked: CheckIn
) -> LookOut:
    """Count the classes of the named columns; nothing goes on record."""
    found = sight.dataset(session, by, dataset_id)
    looked = datasets.look(store, found, asked.wish(settings.k_anonymity))
    return LookOut(
        quasi_identifiers=list(looked.columns),
        named=looked.named,
        k=looked.wish.k,
        k_source=Bilingual.of(reidentification.K_SOURCE),
        exposure=Exposed.model_validate(looked.exposure.as_json()) if looked.exposure else None,
        direct=[asdict(each) for each in looked.direct],
        enough=looked.enough,
    )


@router.post(
    "/datasets/{dataset_id}/reidentification-checks",
    status_code=201,
    dependencies=[allow(Role.FILER, Role.TESTER, scope=Scope.SUBMIT)],
    summary="登记重标识检查 · Put a re-identification check on record",
)
def check(
    by: By, session: Database, store: Store, settings: Configured, dataset_id: str, asked: CheckIn
) -> CheckOut:
    """Check the data set again, or for the first time; the newest check counts.

    A result under the set k is refused unless `reason` says why the data are used; the reason goes
    on record and in the journal, with who and when.
    """
    found = sight.dataset(session, by, dataset_id)
    wish = asked.wish(settings.k_anonymity)
    return CheckOut.of(datasets.check(session, store, by=by, dataset=found, wish=wish))


@router.get(
    "/datasets/{dataset_id}/reidentification-checks",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    summary="重标识检查的记录 · Re-identification checks of a data set",
)
def checks(by: By, session: Database, dataset_id: str, paging: Paged) -> Page[CheckOut]:
    """Every check on record, newest first; the first one counts."""
    found = sight.dataset(session, by, dataset_id)
    rows = reidentification.history(session, found.id, limit=paging.limit + 1, before=paging.after)
    return paging.page(rows, CheckOut.of, key=lambda row: row.id)


@router.get(
    "/datasets/{dataset_id}/croissant",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    response_class=JsonLd,
    summary="Croissant 描述 · The description in Croissant (JSON-LD)",
)
def described(by: By, session: Database, settings: Configured, dataset_id: str) -> JsonLd:
    """The data set in MLCommons Croissant 1.0 with its RAI vocabulary: file, columns, no rows."""
    found = sight.dataset(session, by, dataset_id)
    content = croissant.describe(
        found,
        session.get_one(Organisation, found.organisation_id),
        address=f"{settings.public_url}/zh/datasets/{found.id}",
        check=reidentification.latest(session, found.id),
    )
    return JsonLd(content)


@router.get(
    "/datasets/{dataset_id}/overlaps",
    dependencies=[allow(Role.FILER, Role.TESTER)],
    summary="与本单位别的数据重合的行 · Rows shared with your other data sets",
)
def shared(
    by: By, session: Database, store: Store, dataset_id: str, paging: Paged
) -> Page[Shared]:
    """How many rows your other data sets share with this one; other organisations' never count."""
    found = sight.dataset(session, by, dataset_id)
    rows = [
        Shared(
            dataset_id=each.other.id,
            name=each.other.name,
            name_en=each.other.name_en,
            rows=found.rows,
            shared=each.overlap.shared if each.overlap else None,
            columns=list(each.overlap.columns) if each.overlap else [],
        )
        for each in overlaps.beside(session, store, found)
    ]
    return paging.whole(rows, lambda row: row, key=lambda row: row.dataset_id)
