"""Two people in one group of the form: what each changed since it was opened, and whose words stand.

The form carries, beside each field, the mark of the answer it was opened with (`was/B1`). After a
lost race the untouched fields show what the other wrote, and a field that both changed shows both:
its own words are saved only with `over/B1`, which says that they replace the other's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from filing import answers as stored
from filing.answers import Stored, WrongAnswer
from filing.fields import Answers, Schema
from portal.pages import forms
from registry import attestation
from registry.errors import Conflict, Invalid, Reason
from registry.language import Text


class Contested(Conflict):
    """Somebody else wrote in the same fields: decide, field by field, whose words stand."""


class RevisionMissing(Invalid):
    """The form does not say which revision it was made against: open the page again."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What was typed, held against what others saved meanwhile.

    Args:
        answers: the typed answers that count, by key; untouched ones that others changed are out.
        contested: key → mark of the other's answer, where both changed the field.
        opened: key → mark of the answer that the form was opened with.
    """

    answers: dict[str, Any]
    contested: dict[str, str]
    opened: dict[str, str]

    def check(self) -> None:
        """Raise `Contested` with every field that both changed and nobody decided on."""
        if not self.contested:
            return
        said = Text("您和别人都改了这一项。", "You and somebody else both changed this field.")
        remedy = Text(
            "请在这一项里看对方写的，再决定用谁的。",
            "See what the other wrote beside the field, and decide whose words stand.",
        )
        raise Contested(
            "有几项别人也改过，还没有保存。您写的都还在。",
            "Somebody else also changed some fields; nothing was saved. What you typed is kept.",
            reasons=[Reason(key, said, remedy) for key in self.contested],
        )


def of(form: FormData, typed: Mapping[str, Any], present: Answers) -> Overlap:
    """Hold what was typed against the answers as they are now.

    Args:
        form: the form, with its marks.
        typed: key → the answer as typed; None for a blank.
        present: the stored answers, as they are now.
    """
    kept, contested, opened = dict(typed), dict[str, str](), dict[str, str]()
    for key, raw in typed.items():
        was, theirs = forms.text(form, f"was/{key}"), mark(present.rows.get(key))
        if not was or was == theirs:
            continue
        mine = _mark_of_typed(present.form, key, raw)
        if mine == was:
            del kept[key]
        elif mine != theirs and forms.text(form, f"over/{key}") != theirs:
            contested[key], opened[key] = theirs, was
    return Overlap(kept, contested, opened)


def marks(answers: Mapping[str, Stored], keys: Iterable[str]) -> dict[str, str]:
    """The mark of each answer, for the form to carry."""
    return {key: mark(answers.get(key)) for key in keys}


def mark(answer: Mapping[str, Any] | None) -> str:
    """What two equal answers have in common: a digest without source, and salt of a withheld one."""
    if answer is not None:
        answer = {name: value for name, value in answer.items() if name != "source"}
        answer = stored.unsalted(answer)
    return attestation.digest(answer)[:16]


def _mark_of_typed(schema: Schema, key: str, raw: Any) -> str:
    if schema.field(key).computed:
        return ""
    try:
        return mark(None if raw is None else stored.store(schema, key, raw))
    except WrongAnswer:
        return ""  # no stored answer has this form, so it is a change


def revision(form: FormData) -> int:
    """The revision that a page's form was made against.

    Raises:
        RevisionMissing: when the form carries none.
    """
    read = forms.whole(form, "revision")
    if read < 1:
        raise RevisionMissing(
            "表单没有写明依据哪一次修订，什么都没有保存。请重新打开页面。",
            "The form does not say which revision it was made against; nothing was saved. "
            "Open the page again.",
        )
    return read
