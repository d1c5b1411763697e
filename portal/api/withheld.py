"""What filings withhold: the digests, what proves them, and holding a disclosure against them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from filing import disclosures, dossier, withholding
from filing.forms import called
from filing.withholding import Disclosure
from portal.api.shapes import Answer, Bilingual, RequestBody
from portal.web.access import allow, public
from portal.web.at_hand import Database
from portal.web.identity import By
from registry.organisations import Role

router = APIRouter(tags=["catalogue"])


class DisclosureIn(RequestBody):
    """A withheld value as it was shown to somebody."""

    key: str = Field(max_length=10, description="of the answer")
    part: str = Field("", max_length=60, description="of the answer; empty for the whole")
    salt: str = Field(max_length=200)
    value: Any


class DisclosureOut(Answer):
    """A withheld value with its salt: whoever is given it can prove it against the public digest."""

    key: str
    part: str
    salt: str
    value: Any


class PlaceOut(Answer):
    """Something that an edition withholds."""

    edition: int
    key: str
    part: str = Field(description="of the answer; empty for the whole")
    digest: str = Field(description="SHA-256 of the canonical JSON of salt and value")


class WithheldOut(Answer):
    """One thing that an edition withholds, with what proves it."""

    name: Bilingual
    digest: str = Field(description="as the edition tells it")
    disclosure: DisclosureOut = Field(description="to be shown, as it is, to whom you choose")


@router.get(
    "/catalogue/{slug}/withheld",
    dependencies=[public],
    summary="没有公开的内容的校验值 · Digests of what is withheld",
)
def digests(session: Database, slug: str) -> list[PlaceOut]:
    """What every edition withholds, with its salted digest, oldest first."""
    return [PlaceOut.model_validate(each.as_json()) for each in disclosures.places(session, slug)]


@router.post(
    "/catalogue/{slug}/withheld",
    dependencies=[public],
    summary="核对披露的内容 · Hold a disclosed value against the digests",
)
def prove(session: Database, slug: str, shown: DisclosureIn) -> dict[str, Any]:
    """Whether value and salt are what editions withheld there. Nothing of it is kept."""
    given = Disclosure(shown.key, shown.part, shown.salt, shown.value)
    return withholding.prove(disclosures.places(session, slug), given).as_json()


@router.get(
    "/filings/{filing_id}/withheld",
    dependencies=[allow(Role.FILER, Role.REVIEWER)],
    summary="证明没有公开的内容 · What proves the withheld values",
    tags=["filings"],
)
def proofs(
    by: By,
    session: Database,
    filing_id: str,
    edition: Annotated[int | None, Query(ge=1, description="the newest by default")] = None,
) -> list[WithheldOut]:
    """Each withheld value with its salt, for the filer and the authority: show it to whom you choose."""
    filing = dossier.get(session, by=by, filing_id=filing_id)
    return [
        WithheldOut(
            name=Bilingual.of(called(each.key, filing.form)),
            digest=each.digest,
            disclosure=DisclosureOut.model_validate(each.as_json()),
        )
        for each in disclosures.every(session, by, filing_id, edition)
    ]
