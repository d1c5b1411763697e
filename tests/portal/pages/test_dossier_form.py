"""A dossier's form as answers: what is no number is never dropped in silence."""

import pytest
from starlette.datastructures import FormData

from filing import answers
from filing.answers import WrongAnswer
from filing.forms import current
from portal.pages import dossier_form

FILE = {"name": "承诺书.pdf", "sha256": "a" * 64, "size": "3"}


def typed(page: str) -> object:
    """The answer to A9 with this in the box for the page."""
    form = FormData(
        {f"a/A9/file/{name}": value for name, value in (FILE | {"page": page}).items()}
    )
    return dossier_form.answers(current(), form, lambda _: None)["A9"]


@pytest.mark.parametrize("page", ["x", "0", "-1", "1.5", "9" * 40])
def test_a_page_that_is_no_number_is_refused(page: str) -> None:
    """It was dropped, and the filer read “saved”."""
    with pytest.raises(WrongAnswer):
        answers.store(current(), "A9", typed(page))


def test_a_page_is_a_number_or_nothing() -> None:
    for page, kept in (("", None), ("12", 12)):
        stored = answers.store(current(), "A9", typed(page))
        assert stored is not None
        assert stored["value"]["file"].get("page") == kept
