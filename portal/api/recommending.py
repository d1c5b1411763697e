"""What page, API and download of the recommended catalogue share: weights of an address, the signature."""

from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session

from filing.recommended import publication, records
from filing.recommended.order import weights_of
from filing.recommended.records import RecommendedCatalogue
from portal.work import enrolment, signer
from registry import attestation

WEIGHT = "w."
"""What the name of a weight begins with in an address: `?w.checks=40`."""


def told(request: Request, session: Session, slug: str) -> dict[str, Any]:
    """The catalogue at an address, ordered by the weights that the address asks for.

    Args:
        request: whose query may hold weights.
        session: any session.
        slug: of the catalogue.

    Raises:
        RecommendedNotFound: when there is no such catalogue.
        WeightsInvalid: lists every weight that is none.
    """
    catalogue = records.by_slug(session, slug)
    return publication.told(session, catalogue, weights=_asked(request, catalogue))


def _asked(request: Request, catalogue: RecommendedCatalogue) -> dict[str, int] | None:
    given = {
        name.removeprefix(WEIGHT): value
        for name, value in request.query_params.items()
        if name.startswith(WEIGHT)
    }
    return weights_of(given, catalogue.weights) if given else None


def signed(request: Request, session: Session, slug: str) -> str:
    """The catalogue by the body's own weights, in an envelope that the platform signs.

    Args:
        request: to this installation.
        session: any session.
        slug: of the catalogue.

    Raises:
        RecommendedNotFound: when there is no such catalogue.
        SignerUnreachable: when no signer answers.
        UnknownPlatformKey: when the one that runs has a key that is not on record.
    """
    payload = publication.statement(session, records.by_slug(session, slug))
    state = request.app.state
    enrolment.require_known(state.settings, state.factory)
    made = signer.sign_with(state.settings, payload)
    return attestation.encode(attestation.envelope(payload, {made.key_id: made.value}))
