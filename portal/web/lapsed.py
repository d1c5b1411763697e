"""What somebody sent whose sign-in had lapsed: it stands in the page that asks them to sign in again.

Nothing of it is stored. The page carries it through the sign-in and offers to send it, to the
account that typed it alone: the mark of the lapsed sign-in, which its form carries, says whose it
was. Passwords and files are left out, and what is too long for a page is not carried at all.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from portal.web import identity, incoming, problems
from registry import characters, credentials
from registry.credentials import SignIn
from registry.organisations import NotAMember

FIELD = "lapsed"
MOST_BYTES = 200_000
"""Of what a page carries; a group of a filing with every text at its limit is smaller."""
SECRET = frozenset({"password", "present", "chosen", "code", "csrf", FIELD})
"""Fields that no page carries: passwords, codes, and the mark of the sign-in itself."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A form that came too late.

    Args:
        address: where it was sent.
        mark: the mark of the sign-in whose page it came from.
        fields: what was in it, names and values in order.
    """

    address: str
    mark: str
    fields: Sequence[tuple[str, str]]

    def written(self) -> str:
        """The form as a text for a hidden field."""
        return json.dumps([self.address, self.mark, list(self.fields)], ensure_ascii=False)


async def keep(request: Request) -> None:
    """Put what an unknown sender's form holds into `request.state.lapsed`, if a page may carry it."""
    if not incoming.is_form(request) or not problems.prefers_html(request):
        return
    if identity.from_elsewhere(request):
        return
    try:
        form = await request.form()
    except HTTPException:
        return  # too large, or no form: the answer asks for a sign-in all the same
    request.state.lapsed = _read(request.url.path, form)
    await form.close()


def _read(address: str, form: FormData) -> Lapsed | None:
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    mark = dict(texts).get(identity.CSRF_FIELD, "")
    fields = [(name, value) for name, value in texts if name not in SECRET]
    found = Lapsed(address, mark, fields)
    unseen = any(next(characters.unwanted(part), None) for each in fields for part in each)
    if not mark or not fields or unseen or len(found.written().encode()) > MOST_BYTES:
        return None
    return found


def of_form(text: str) -> Lapsed | None:
    """The form that a hidden field holds; None where it holds none.

    Args:
        text: as it was sent with the sign-in.
    """
    try:
        address, mark, fields = json.loads(text)
        pairs = [(str(name), str(value)) for name, value in fields]
    except (ValueError, TypeError):
        return None
    own = isinstance(address, str) and address.startswith("/") and not address.startswith("//")
    return Lapsed(address, str(mark), pairs) if own else None


def resume(session: Session, lapsed: Lapsed, opened: SignIn) -> bool:
    """Whether a form is of the account that has signed in now, which acts for its organisation again.

    Args:
        session: the caller's transaction.
        lapsed: the form.
        opened: the new sign-in.
    """
    before = credentials.marked(session, lapsed.mark)
    if before is None or before.person_id != opened.person_id:
        return False
    with suppress(NotAMember):  # then whatever takes the form refuses it by its own rule
        credentials.act_for(session, opened.id, before.organisation_id)
    return True
