"""Packages of third parties, installed for one test as pip would lay them out."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluators.guests import installed
from registry.settings import settings

HERE = Path(__file__).parent
RUDE = {
    "counts": "Counts", "raises": "Raises", "crashes": "Crashes", "hangs": "Hangs",
    "exits": "Exits", "floods": "Floods", "floods_the_answer": "FloodsTheAnswer",
    "allocates": "Allocates", "connects": "Connects", "starts": "Starts", "babbles": "Babbles",
    "forges": "Forges", "contradicts": "Contradicts", "looks": "Looks", "clears": "Clears",
    "reshapes": "Reshapes", "tallies": "Tallies",
}  # fmt: skip


@contextmanager
def rude(folder: Path, patch: pytest.MonkeyPatch, **limits: str) -> Iterator[None]:
    """Install `rude_probes`, with tight limits, and take it away again."""
    names = {f"rude_{name}": f"rude_probes:{kind}" for name, kind in RUDE.items()}
    lay(folder, "rude_probes", names | {"rude_broken": "rude_absent:Probe"})
    with on_path(folder, patch, **limits):
        yield


def lay(folder: Path, module: str, names: Mapping[str, str], *, package: str = "") -> None:
    """Lay out one module of this folder as an installed distribution."""
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / f"{module}.py", folder)
    package = package or module
    about = folder / f"{package}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {place}\n" for name, place in names.items()]
    (about / "entry_points.txt").write_text("[mingsuan.probes]\n" + "".join(lines))
    (about / "RECORD").write_text(f"{module}.py,,\n{about.name}/METADATA,,\n")


@contextmanager
def on_path(folder: Path, patch: pytest.MonkeyPatch, **limits: str) -> Iterator[None]:
    """Let what lies in `folder` count as installed."""
    patch.syspath_prepend(folder)
    for name, value in limits.items():
        patch.setenv(f"MINGSUAN_{name.upper()}", value)
    settings.cache_clear()
    installed.forget()
    yield
    patch.undo()
    settings.cache_clear()
    installed.forget()
