"""What page, API and download of the recommended catalogue share: weights of an address, the signature."""

import re
import unicodedata
from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session

from filing.recommended import publication, records
from filing.recommended.criteria import IDS
from filing.recommended.order import NAMES, WeightsInvalid, weights_of
from filing.recommended.records import RecommendedCatalogue
from portal.work import enrolment, signer
from registry import attestation
from registry.errors import Reason
from registry.language import Text

WEIGHT = "w."
"""What the name of a weight begins with in an address: `?w.checks=40`."""
CALLED = frozenset({"weight", "weights"})
"""What weights are called elsewhere, as in the option of the command line."""


def told(request: Request, session: Session, slug: str) -> dict[str, Any]:
    """The catalogue at an address, ordered by the weights that the address asks for.

    Args:
        request: whose query may hold weights.
        session: any session.
        slug: of the catalogue.

    Raises:
        RecommendedNotFound: when there is no such catalogue.
        WeightsInvalid: lists every weight that is none, is there twice, or whose name is misspelt.
    """
    catalogue = records.by_slug(session, slug)
    return publication.told(session, catalogue, weights=_asked(request, catalogue))


def _asked(request: Request, catalogue: RecommendedCatalogue) -> dict[str, int] | None:
    given: dict[str, str] = {}
    wrong: list[Reason] = []
    for written, value in request.query_params.multi_items():
        name = written.removeprefix(WEIGHT)
        if written.startswith(WEIGHT) and name not in given:
            given[name] = value
        elif _meant(written):
            wrong.append(_repeated(written) if name in given else _misspelt(written))
    return weights_of(given, catalogue.weights, wrong) if given or wrong else None


def _meant(written: str) -> bool:
    """Whether the name of a parameter means a weight, however it is spelt.

    Others are left alone: who passes an address on may add their own to it.
    """
    plain = unicodedata.normalize("NFKC", written).casefold().strip()
    words = re.findall(r"[a-z]+", plain)
    if plain.startswith(WEIGHT) or not words:
        return plain.startswith(WEIGHT)
    return words[0] in CALLED or words[-1] in IDS or (words[0] == "w" and len(words) > 1)


def _misspelt(written: str) -> Reason:
    return Reason(
        written[:40],
        Text("权重的名称不是这样写的。", "The name of a weight is not written like this."),
        Text(f"请写成 {WEIGHT}checks=40 的样子。", f"Write it like {WEIGHT}checks=40."),
    )


def _repeated(written: str) -> Reason:
    called = NAMES.get(written.removeprefix(WEIGHT), Text(written[:40], written[:40]))
    return Reason(
        written[:40],
        Text(
            f"“{called.zh}”的权重写了不止一次。",
            f"The weight of “{called.en}” is there more than once.",
        ),
        Text("请只留一个。", "Leave one of them."),
    )


def signed(request: Request, session: Session, slug: str) -> str:
    """The catalogue by the body's own weights, in an envelope that the platform signs.

    Args:
        request: to this installation.
        session: any session.
        slug: of the catalogue.

    Raises:
        RecommendedNotFound: when there is no such catalogue.
        WeightsInvalid: when the address asks for weights.
        SignerUnreachable: when no signer answers.
        UnknownPlatformKey: when the one that runs has a key that is not on record.
    """
    catalogue = records.by_slug(session, slug)
    if any(_meant(each) for each in request.query_params):
        raise WeightsInvalid(
            "签名的目录只按行业组织的权重。请去掉网址里的权重；用自己的权重，请在重算时给出。",
            "The signed catalogue is by the industry body's weights alone. Take the weights out of the "
            "address; give your own to recompute.",
        )
    payload = publication.statement(session, catalogue)
    state = request.app.state
    enrolment.require_known(state.settings, state.factory)
    made = signer.sign_with(state.settings, payload)
    return attestation.encode(attestation.envelope(payload, {made.key_id: made.value}))
