"""Steps are typed as codes; what each code does is told in words where it is asked for."""

from collections.abc import Mapping

import click
import pytest

from filing import concern_steps, lifecycle
from filing.recommended import steps
from portal.commands import concerning, filer, recommended, reviewer
from registry.language import Text

COMMANDS: tuple[tuple[click.Command, Mapping[str, Text]], ...] = (
    (filer.step, {str(k): v for k, v in lifecycle.ACTION_NAMES.items()}),
    (reviewer.step, {str(k): v for k, v in lifecycle.ACTION_NAMES.items()}),
    (concerning.step, {str(k): v for k, v in concern_steps.ACTION_NAMES.items()}),
    (concerning.review, {str(k): v for k, v in concern_steps.ACTION_NAMES.items()}),
    (recommended.step, {str(k): v for k, v in steps.ACTION_NAMES.items()}),
    (recommended.decide, {str(k): v for k, v in steps.ACTION_NAMES.items()}),
)


@pytest.mark.parametrize(("command", "names"), COMMANDS)
def test_every_step_that_is_typed_as_a_code_is_told_in_words(
    command: click.Command, names: Mapping[str, Text]
) -> None:
    """D3: `refuse_change` and `set_aside` stood in the usage alone."""
    (action,) = [each for each in command.params if each.name == "action"]
    assert isinstance(action.type, click.Choice)
    for code in action.type.choices:
        assert f"{code} {names[code].zh}" in (command.help or ""), code
