"""Walks over many equal cases: `make test` takes a part of each, `make exhaustive` takes the rest.

A case that is left to `make exhaustive` repeats what a case of the same test claims; record 0040
says which walks are shared out so, and why.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import pytest


def case(*values: Any, kept: bool, name: str | None = None) -> Any:
    """One case of a walk, for `pytest.mark.parametrize`.

    Args:
        values: its arguments.
        kept: whether `make test` takes it.
        name: how it is called.
    """
    marks = () if kept else (pytest.mark.exhaustive,)
    return pytest.param(*values, marks=marks, id=name)


def share(metafunc: pytest.Metafunc, fixture: str, ways: Sequence[Any]) -> None:
    """Let a test run in every way, and in one of them in `make test`: which, its name decides.

    For a module's `pytest_generate_tests`. A test that has the fixture's ways listed itself, and
    one that does not use it, is left alone.

    Args:
        metafunc: the test.
        fixture: takes a way as its parameter.
        ways: in which the same holds.
    """
    listed = [str(each.args[0]) for each in metafunc.definition.iter_markers("parametrize")]
    if fixture not in metafunc.fixturenames or any(fixture in each for each in listed):
        return
    turn = zlib.crc32(metafunc.definition.originalname.encode()) % len(ways)
    cases = [case(way, kept=at == turn, name=str(way)) for at, way in enumerate(ways)]
    metafunc.parametrize(fixture, cases, indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """See that no walk is left to `make exhaustive` whole."""
    if any("::" in each for each in config.args):
        return  # a single case was asked for
    tests: dict[str, bool] = {}
    for item in items:
        name = item.nodeid.partition("[")[0]
        tests[name] = tests.get(name, False) or item.get_closest_marker("exhaustive") is None
    if lost := sorted(name for name, kept in tests.items() if not kept):
        raise pytest.UsageError(f"`make test` would take no case of {', '.join(lost)}")
