"""What tests of the sandbox share."""

import os

import pytest

from registry.sandbox.model import Model

WHOLE = os.environ.get("MINGSUAN_TEST_PACKAGES") == "whole"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sandboxes import no more than a pickled function needs, a third of a start's work.

    What is imported before a round is trusted code and no wall: the same filters, namespaces,
    limits and handles stand. `make hostile` runs the same tests with the format's own packages.
    """
    if not WHOLE:
        monkeypatch.setattr(Model, "packages", ("cloudpickle",))
