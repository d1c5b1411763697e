"""What a browser's form says, as plain values."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from starlette.datastructures import FormData, UploadFile

from registry.errors import Invalid
from registry.language import Text

Choice = TypeVar("Choice", bound=StrEnum)
MOST_DIGITS = 18
"""Of a number that both databases can hold."""
NEVER_SHOWN_AGAIN = frozenset({"password", "present", "chosen", "csrf", "code"})


class FileMissing(Invalid):
    """The form came without its file: choose the file and send the form again."""


def text(form: FormData, name: str) -> str:
    """The field called `name`, without blanks around it; empty where the form has none."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def secret(form: FormData, name: str) -> str:
    """A password as it was typed, blanks and all; empty where the form has none."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def texts(form: FormData, name: str) -> list[str]:
    """Every value of a field that may be chosen several times."""
    return [value.strip() for value in form.getlist(name) if isinstance(value, str) and value]


def roles(lines: str) -> list[dict[str, str]]:
    """Lines such as `race: sensitive` as the list of columns that a data set takes.

    Args:
        lines: one column a line, its role after a colon (Chinese or ASCII).
    """
    found = []
    for line in lines.replace("：", ":").splitlines():
        name, colon, role = line.partition(":")
        if name.strip():
            found.append({"name": name.strip(), "role": role.strip() if colon else "input"})
    return found


def typed(form: FormData) -> dict[str, str]:
    """Every text field as it was typed, to fill the form in again; never a password.

    Boxes of one name that were ticked together come as one text with blanks between.
    """
    found: dict[str, str] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and name not in NEVER_SHOWN_AGAIN:
            found[name] = f"{found[name]} {value}" if name in found else value
    return found


class ChoiceUnknown(Invalid):
    """The form carries a choice that its page does not offer: open the page again and choose."""


def choice(among: type[Choice], given: str, called: Text) -> Choice:
    """The member of `among` that was chosen.

    Args:
        among: what can be chosen.
        given: as the form says it.
        called: what people call the question.

    Raises:
        ChoiceUnknown: nothing was chosen, or none of them.
    """
    if not given:
        raise ChoiceUnknown(
            f"“{called.zh}”没有选。请在页面上选一项。",
            f"Nothing was chosen for “{called.en}”. Choose on the page.",
        )
    try:
        return among(given)
    except ValueError as error:
        raise ChoiceUnknown(
            f"“{called.zh}”没有“{given}”这个选项。请在页面上重新选择。",
            f"“{given}” is not among the choices for “{called.en}”. Choose again on the page.",
        ) from error


class NumberWrong(Invalid):
    """A box for a number holds something else: type the number in digits."""


def counted(form: FormData, name: str, called: Text) -> int:
    """The whole number that was typed into a box; whether it is in range its reader says.

    Args:
        form: what was sent.
        name: of the box.
        called: what people call it.

    Raises:
        NumberWrong: nothing was typed, or what is no whole number.
    """
    digits = text(form, name).replace(",", "")
    if not (digits.isascii() and digits.isdecimal()):
        raise NumberWrong(
            f"“{called.zh}”要填整数，例如 30。什么都没有保存。",
            f"“{called.en}” takes a whole number, such as 30. Nothing was saved.",
        )
    # One digit more than any range has is out of all of them, however many follow.
    return int(digits.lstrip("0")[: MOST_DIGITS + 1] or "0")


def whole(form: FormData, name: str, otherwise: int = 0) -> int:
    """A whole number; `otherwise` where nothing was typed that a database could hold."""
    digits = text(form, name).replace(",", "")
    return int(digits) if digits.isdecimal() and len(digits) <= MOST_DIGITS else otherwise


def keep_file(form: FormData, name: str, folder: Path) -> Path:
    """Write the uploaded file into `folder` under its own ending and return where it is.

    Raises:
        FileMissing: no file was chosen.
    """
    sent = form.get(name)
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise FileMissing(
            "没有选择文件。请选好文件再发送。", "No file was chosen. Choose it and send again."
        )
    endings = [part for part in Path(sent.filename).suffixes[-2:] if part.isascii()]
    place = folder / f"sent{''.join(endings)[:20]}"
    sent.file.seek(0)
    with place.open("wb") as kept:
        while chunk := sent.file.read(1 << 20):
            kept.write(chunk)
    return place


def read_file(form: FormData, name: str, limit: int) -> str:
    """A small uploaded text file, or the text field of the same name."""
    sent: Any = form.get(name)
    if isinstance(sent, UploadFile):
        return sent.file.read(limit).decode("utf-8", errors="replace")
    return sent if isinstance(sent, str) else ""


def prefixed(form: FormData, prefix: str) -> Mapping[str, str]:
    """Every field whose name starts with `prefix`, under the rest of its name."""
    return {
        name.removeprefix(prefix): value.strip()
        for name, value in form.multi_items()
        if name.startswith(prefix) and isinstance(value, str)
    }
