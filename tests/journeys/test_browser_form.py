"""What a browser shows of the dossier's form while somebody fills it in, without a script."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from filing import applicability
from filing.fields import Answers
from filing.forms import current
from portal.pages import form_style


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in which no script runs."""
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("answers", [
    {"B8": "in_service"}, {"B8": "demonstration"}, {"B8": "pilot"},
    {"B8": "pilot", "A3": {"city": "shenzhen"}},
])  # fmt: skip
def test_a_browser_shows_what_applies_to_what_is_typed(
    answers: dict[str, Any], page: Page
) -> None:
    """The style sheet and `applicability` say the same of boxes that nobody has saved."""
    form, boxes = current(), []
    for key in ("B8", "B9", "B18"):
        options = "".join(
            f'<option value="{each.id}">{each.id}</option>'
            for each in form.field(key).value.options
        )
        boxes.append(
            f'<div data-field="{key}">{key}<select name="a/{key}">{options}</select></div>'
        )
    told = Answers(form, {key: {"value": each} for key, each in answers.items() if key != "B8"})
    marks = "".join(
        f'<data hidden value="{each}"></data>'
        for each in form_style.marks(told, form.group_of("B8"))
    )
    page.set_content(
        f"<style>{form_style.sheet().decode()}</style><form data-form='1'>{marks}{''.join(boxes)}</form>"
    )
    page.select_option("[name='a/B8']", str(answers["B8"]))
    whole = Answers(form, {key: {"value": each} for key, each in answers.items()})
    shown = [
        each for each in ("B8", "B9", "B18") if page.locator(f"[data-field={each}]").is_visible()
    ]
    assert shown == [each for each in ("B8", "B9", "B18") if applicability.applies(whole, each)]


def test_a_browser_shows_a_part_by_the_part_beside_it(page: Page) -> None:
    page.set_content(
        f"<style>{form_style.sheet().decode()}</style><form data-form='1'><div data-field='D10'>"
        "<div data-parts=''><div data-part='differs'><select name='a/D10/differs'><option></option>"
        "<option value='yes'>y</option></select></div><div data-part='grounds'>g</div></div></div></form>"
    )
    assert not page.locator("[data-part=grounds]").is_visible()
    page.select_option("select", "yes")
    assert page.locator("[data-part=grounds]").is_visible()
