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


def test_a_page_of_no_file_is_refused_and_goes_with_a_file_that_is_taken_off() -> None:
    """It was dropped, and whoever had been overtaken found the box blank."""
    of_none = dossier_form.answers(current(), FormData({"a/A9/file/page": "12"}), lambda _: None)
    with pytest.raises(WrongAnswer):
        answers.store(current(), "A9", of_none["A9"])
    off = {f"a/A9/file/{name}": each for name, each in FILE.items()} | {"a/A9/file/off": "1"}
    told = dossier_form.answers(
        current(), FormData(off | {"a/A9/file/page": "12"}), lambda _: None
    )
    assert told["A9"] is None
