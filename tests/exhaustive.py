"""Walks over many equal cases: `make test` takes a part of each, `make exhaustive` takes the rest.

A case that is left to `make exhaustive` repeats what a case of the same test claims; record 0040
says which walks are shared out so, and why.
"""

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
