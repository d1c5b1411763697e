"""Every form that posts, read off the pages as a browser would read it, with whoever may send it."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote_plus, urlsplit

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response

from portal.web.access import Access, declared
from tests.portal.world import Member

PAGES = "/{language}/"
WRITTEN = frozenset({"text", "textarea"})
"""The controls into which people type free text."""
ANY_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


@dataclass(frozen=True)
class Control:
    """One control of a form: its name, its kind, and what the browser would send."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True)
class Form:
    """One form on one page.

    Args:
        page: the address of the page that shows it.
        action: where it is sent.
        route: the path template that takes it.
        access: what that route declares.
        controls: its controls, in order.
        sender: who saw it; None for the public.
        multipart: whether it is sent in parts.
        buttons: its buttons, in order, as their attributes.
    """

    page: str
    action: str
    route: str
    access: Access
    controls: tuple[Control, ...]
    sender: Member | None
    multipart: bool
    buttons: tuple[Mapping[str, str], ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """What the browser sends when nobody touches it; of boxes with one name the last."""
        return {
            each.name: each.value for each in self.controls if each.name and each.kind != "file"
        }

    @property
    def texts(self) -> list[str]:
        """The names of the controls for free text."""
        return [each.name for each in self.controls if each.kind in WRITTEN]

    @property
    def step(self) -> str:
        """What tells one form of a route from the others: the end of its address, and its fields."""
        return f"{self.action.rpartition('/')[2]} {sorted(each.name for each in self.controls)}"

    def in_english(self) -> "Form":
        """The same form on the English page."""
        page, action = (f"/en/{each.removeprefix('/zh/')}" for each in (self.page, self.action))
        return replace(self, page=page, action=action)

    def with_texts(self, values: Mapping[str, str]) -> "Form":
        """The same form with some controls filled in."""
        return replace(
            self,
            controls=tuple(
                replace(each, value=values.get(each.name, each.value)) for each in self.controls
            ),
        )


FORM = re.compile(r"<form\b.*?</form>|</?fieldset\b[^>]*>", re.DOTALL)
"""What is read of a page: its forms, and what switches off those inside it."""


@dataclass
class _Reader(HTMLParser):
    """Collects the forms of one page."""

    found: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._disabled = 0
        self._select: dict[str, Any] | None = None
        self._area: dict[str, Any] | None = None

    @property
    def _form(self) -> dict[str, Any] | None:
        return self.found[-1] if self.found and self.found[-1]["open"] else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append({"open": True, "controls": [], "buttons": [], **given})
        elif tag == "fieldset":
            self._disabled += "disabled" in given or bool(self._disabled)
        form = self._form
        if form is None or self._disabled:
            return
        if tag == "button":
            form["buttons"].append(given)
        elif tag == "select":
            self._select = {**given, "value": None}
        elif tag == "option" and self._select is not None:
            if self._select["value"] is None or "selected" in given:
                self._select["value"] = given.get("value", "")
        elif tag == "textarea":
            self._area = {**given, "value": ""}
        elif tag == "input":
            self._input(form, given)

    def _input(self, form: dict[str, Any], given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("checkbox", "radio") and "checked" not in given:
            return
        form["controls"].append(Control(given.get("name", ""), kind, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area["value"] += data

    def handle_endtag(self, tag: str) -> None:
        form = self._form
        if tag == "form" and form is not None:
            form["open"] = False
        elif tag == "fieldset" and self._disabled:
            self._disabled -= 1
        elif tag == "select" and self._select is not None and form is not None:
            name, value = self._select.get("name", ""), self._select["value"] or ""
            form["controls"].append(Control(name, "select", value))
            self._select = None
        elif tag == "textarea" and self._area is not None and form is not None:
            form["controls"].append(
                Control(self._area.get("name", ""), "textarea", self._area["value"])
            )
            self._area = None


def posts(app: FastAPI) -> dict[str, Access]:
    """Every route of a page that takes a form: path template → what it declares."""
    return {path: access for path, access, _ in _routes(app, "POST")}


@lru_cache(maxsize=8)  # reading a site's routes takes 5 ms, and a walk asks for every form
def _routes(app: FastAPI, method: str) -> list[tuple[str, Access, re.Pattern[str]]]:
    """Path template, what the route declares, and which addresses it takes."""
    found = []
    for route in iter_route_contexts(app.routes):
        path = str(route.path)
        ours = isinstance(route.original_route, APIRoute) and path.startswith(PAGES)
        if ours and method in (route.methods or ()):
            taken = re.compile(re.sub(r"\\{\w+(:\w+)?\\}", "[^/]+", re.escape(path)))
            found.append((path, declared(route.dependencies)[0], taken))
    return found


def addresses(
    app: FastAPI, language: str, known: Mapping[str, list[str]]
) -> list[tuple[str, Access]]:
    """Every address of a page in one language, for every record that is known, and whose it is.

    Args:
        app: the site.
        language: of the pages.
        known: parameter → the values to put in; an address with an unknown one is left out.
    """
    made: list[tuple[str, Access]] = []
    for path, access, _ in _routes(app, "GET"):
        if path.endswith((".json", ".csv", ".md", ".svg", ".png")):
            continue
        found = [path.replace("{language}", language)]
        for parameter in ANY_PARAMETER.findall(path):
            if parameter == "language":
                continue
            pattern = re.compile(rf"{{{parameter}(:\w+)?}}")
            found = [
                pattern.sub(value, each) for each in found for value in known.get(parameter, [])
            ]
        made += [(each, access) for each in found]
    return made


def on_page(app: FastAPI, address: str, text: str, sender: Member | None) -> list[Form]:
    """Every form of one page that posts; a button with an address of its own makes one more.

    Args:
        app: the site, whose routes take the forms.
        address: of the page.
        text: of the page.
        sender: who saw it.
    """
    reader = _Reader()
    reader.feed("".join(FORM.findall(text)))
    made = []
    for found in reader.found:
        if found.get("method", "get").lower() != "post":
            continue
        own = found.get("action") or address
        for button in [each for each in found["buttons"] if "disabled" not in each] or [{}]:
            action = urlsplit(button.get("formaction") or own).path
            controls = list(found["controls"])
            if button.get("name"):
                controls.append(Control(button["name"], "button", button.get("value", "")))
            route, access = taking(app, action)
            multipart = found.get("enctype") == "multipart/form-data"
            made.append(
                Form(
                    address,
                    action,
                    route,
                    access,
                    tuple(controls),
                    sender,
                    multipart,
                    tuple(found["buttons"]),
                )
            )
    return made


def taking(app: FastAPI, action: str) -> tuple[str, Access]:
    """The route that takes a form sent to `action`; the first that matches, as the site does."""
    for path, access, taken in _routes(app, "POST"):
        if taken.fullmatch(action):
            return path, access
    raise AssertionError(f"a form is sent to {action}, where nothing takes it")


def send(
    client: TestClient,
    form: Form,
    *,
    member: Member | None,
    changed: Mapping[str, str] | None = None,
    files: Mapping[str, tuple[str, bytes]] | None = None,
) -> Response:
    """Send a form as a browser does, byte by byte, so that any text can be sent.

    Args:
        client: of the site.
        form: which.
        member: whose cookie goes with it.
        changed: controls filled in otherwise.
        files: for the controls that take one.
    """
    values = form.values | dict(changed or {})
    kind, body = _parts(values, files or {}) if form.multipart else _encoded(values)
    headers = {"Content-Type": kind, "Accept": "text/html"}
    if member is not None:
        headers["Cookie"] = member.browser["Cookie"]
    return client.post(form.action, content=body, headers=headers)


def _encoded(values: Mapping[str, str]) -> tuple[str, bytes]:
    pairs = [f"{quote_plus(name)}={_quoted(value)}" for name, value in values.items()]
    return "application/x-www-form-urlencoded", "&".join(pairs).encode()


@lru_cache(maxsize=1000)  # a walk sends the same long text to every box
def _quoted(value: str) -> str:
    return quote_plus(value.encode("utf-8", "surrogatepass"))


def _parts(values: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> tuple[str, bytes]:
    mark, made = "part-of-a-form", b""
    for name, value in values.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        made += head.encode() + value.encode("utf-8", "surrogatepass") + b"\r\n"
    for name, (called, content) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{called}"'
        made += f"{head}\r\n\r\n".encode() + content + b"\r\n"
    return f"multipart/form-data; boundary={mark}", made + f"--{mark}--\r\n".encode()


def plain(answer: Response) -> str:
    """The answer's text as a reader sees it."""
    return html.unescape(answer.text)
