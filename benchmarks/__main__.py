"""Run the benchmarks: `python -m benchmarks [NAME …]`, all of them without a name.

Each result is kept in `benchmarks/results/NAME.json`; `benchmarks/README.md` is written from all
that are there.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TABLE = (
    "fairness",
    "parquet",
    "dask_workers",
    "price",
    "sandbox",
    "dask_sandbox",
    "site",
    "search",
    "outages",
    "truth",
    "explanation",
)
HERE = Path(__file__).parent
RESULTS = HERE / "results"
PACKAGES = ("numpy", "scipy", "pyarrow", "fairlearn", "pyfixest", "dask", "duckdb", "scikit-learn")

OPENING = """# Benchmarks

Written by `make bench`; do not edit. Every ratio compares two medians taken in one run on one
machine, in CPU seconds unless the line says otherwise. CPU seconds count this process and its
children; other work on the machine changes them little, but not by nothing.

`make bench` runs all of them, `make bench NAMES="site search"` some. The large register of `search`
has `LISTINGS=1000000` filings (a quarter of an hour and 11 GB); `REGISTERS=FOLDER` keeps it there,
filled and indexed, for the next run, and `MINGSUAN_NATIONAL_LISTS=FOLDER` makes its texts of the
words of the national lists (`.docx`) instead of our own form and glossary. A page of a search is
measured by the function that answers it, without the server around it, and the counting of its
facets within the same page.
"""


def main(names: list[str]) -> int:
    """Run benchmarks, print and keep what they measured.

    Args:
        names: which; empty means all that are installed.

    Returns:
        0, or 1 where a promise is not kept.
    """
    chosen = names or [name for name in TABLE if importlib.util.find_spec(f"benchmarks.{name}")]
    failed = False
    RESULTS.mkdir(exist_ok=True)
    for name in chosen:
        module = importlib.import_module(f"benchmarks.{name}")
        title = (module.__doc__ or name).strip().splitlines()[0]
        print(f"\n{title}")
        lines = []
        for line in module.lines():
            print(_said(line.as_json()), flush=True)
            lines.append(line.as_json())
            failed |= line.kept is False
        content = {"title": title, "machine": machine(), "lines": lines}
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    (HERE / "README.md").write_text(readme(), encoding="utf-8")
    return int(failed)


def machine() -> dict[str, Any]:
    """What a reader must know of the machine; nothing that names it."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "packages": packages,
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def readme() -> str:
    """The page of all results that are kept."""
    parts = [OPENING]
    for name in TABLE:
        path = RESULTS / f"{name}.json"
        if not path.exists():
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        parts += [f"\n## {found['title']}\n", _table(found["lines"]), _machine(found["machine"])]
    return "\n".join(parts)


def _table(lines: list[dict[str, Any]]) -> str:
    head = "| what | ours | beside | theirs | ratio | promised | kept |\n|---|---|---|---|---|---|---|\n"
    rows = []
    for line in lines:
        what = line["what"] + (f" ({line['note']})" if line["note"] else "")
        kept = {None: "–", True: "yes", False: "**no**"}[line["kept"]]
        rows.append(
            f"| {what} | {line['ours']:.4g} {line['unit']} | {line['beside']} "
            f"| {line['theirs']:.4g} {line['unit']} | {line['ratio']:.3g} | {_promise(line)} | {kept} |"
        )
    return head + "\n".join(rows) + "\n"


def _promise(line: dict[str, Any]) -> str:
    if line["promise"] is None:
        return "–"
    bound, value = line["promise"]
    return f"at {bound} {value:g}×"


def _machine(facts: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return (
        f"Measured {facts['day']}: {facts['cores']} cores of {facts['processor']}, load "
        f"{facts['load']:g} at the end, Python {facts['python']}, {packages}.\n"
    )


def _said(line: dict[str, Any]) -> str:
    kept = {None: "", True: "  kept", False: "  NOT KEPT"}[line["kept"]]
    return (
        f"  {line['what']}: {line['ours']:.4g} {line['unit']}; {line['beside']}: "
        f"{line['theirs']:.4g} {line['unit']}; ratio {line['ratio']:.3g} ({_promise(line)}){kept}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
