"""The oracle: what a submitted model answers, one number per row, without ever holding the model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from registry.sandbox import NoSandbox
from registry.settings import Settings


class Scorer(Protocol):
    """Answers frames of inputs."""

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One array per frame, one float64 per row; each frame meets the model on its own."""
        ...

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How the answers came about: tier, limits, loader, format, packages."""
        ...


class SandboxScorer:
    """A scorer that opens the model in single-use sandboxes, one per frame.

    Args:
        model_directory: the submission, materialised and read-only.
        inputs: the declared columns, a list of {name, type}.
        settings: limits and the tier.
    """

    def __init__(
        self, model_directory: Path, *, inputs: Sequence[Mapping[str, Any]], settings: Settings
    ) -> None:
        self._directory = model_directory
        self._inputs = list(inputs)
        self._settings = settings

    def score(self, frames: Sequence[pa.Table]) -> list[npt.NDArray[np.float64]]:
        """One array per frame, in the order of `frames`."""
        raise NoSandbox(f"沙箱尚未启用（{len(frames)}）。", "The sandbox is not in use yet.")

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How the answers came about."""
        return {"tier": "none"}
