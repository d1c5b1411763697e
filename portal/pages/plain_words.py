"""What a filer types is remarked on while it is typed: which words are hard, and what to write instead.

With a script the page asks here once typing stops; without one the same remarks stand beside the
boxes when a group of the dossier is saved, or when the request for an explanation is looked through.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from filing.plainness import MOST_TOLD, Remarked
from portal.pages import forms
from portal.pages.rendering import Lang, render
from portal.web.access import allow
from portal.web.identity import By
from portal.web.uploads import Form
from registry import lengths, readability
from registry.errors import Refused
from registry.language import LANGUAGES, Language, Text
from registry.lengths import Limit
from registry.organisations import Role
from registry.readability import Remark

router = APIRouter(prefix="/{language}", include_in_schema=False)

LONGEST = Limit("text", Text("要看的文字", "text to look at"), 4_000)
MOST, SECONDS = 60, 60.0
"""Looks of one person in a minute: more than anybody types, and far less than a burden."""
REMEMBERED = 10_000
"""People whose looks are counted at a time."""
Beside = Mapping[str, Sequence[Remark]]
"""By the name of a box, what could be plainer in it."""


class TooManyLooks(Refused):
    """Texts were looked at too often in a minute: wait.

    `retry_after` is the number of seconds to wait.
    """

    def __init__(self, zh: str, en: str, *, retry_after: int) -> None:
        super().__init__(zh, en)
        self.retry_after = retry_after


class Pace:
    """How often somebody may ask: so many times in so many seconds, counted in this process.

    Args:
        most: times.
        seconds: within which.
        clock: seconds that never go back.
    """

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._asked = OrderedDict[str, list[float]]()
        self._lock = threading.Lock()

    def take(self, who: str) -> None:
        """Count one more.

        Args:
            who: who asks.

        Raises:
            TooManyLooks: with the seconds to wait.
        """
        with self._lock:
            now = self._clock()
            recent = [each for each in self._asked.pop(who, ()) if each > now - self._seconds]
            self._asked[who] = recent
            if len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)
            if len(recent) >= self._most:
                wait = max(1, round(recent[0] + self._seconds - now))
                raise TooManyLooks(
                    f"看得太勤了，请{wait}秒以后再试。您写的都还在。",
                    f"Too many looks; try again in {wait} seconds. What you typed is still there.",
                    retry_after=wait,
                )
            recent.append(now)


_pace = Pace(MOST, SECONDS)


@router.post("/plain-words", dependencies=[allow(Role.FILER)])
def look(request: Request, language: Lang, by: By, form: Form) -> Response:
    """What could be plainer in one text, as the part of a page that stands beside its box."""
    _pace.take(by.person_id or "")
    text = forms.text(form, "text")
    lengths.check([(LONGEST, text)])
    of: Language = "en" if forms.text(form, "of") == "en" else "zh"
    told = readability.remarks(text, of)[:MOST_TOLD]
    return render(request, "plain_words.html", language=language, told=told, of=of)


def beside(found: Mapping[str, Sequence[Remarked]]) -> Beside:
    """What stands beside the boxes of a dossier's form.

    Args:
        found: by key, what could be plainer in the texts of its answer.
    """
    return {
        f"a/{each.path.replace('.', '/')}/{each.language}": each.remarks
        for told in found.values()
        for each in told
    }


def in_form(form: FormData) -> Beside:
    """What could be plainer in the texts of a form whose boxes end in their language.

    Args:
        form: names such as `w/favourable/zh`.
    """
    found = {}
    for name, typed in forms.typed(form).items():
        for language in LANGUAGES:
            told = (
                readability.remarks(typed[: LONGEST.most], language)
                if name.endswith(f"/{language}")
                else ()
            )
            if told:
                found[name] = told[:MOST_TOLD]
    return found
