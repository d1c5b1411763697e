"""The parts of the manual that are made from the code, so that they stay true (`make docs`)."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from registry import law

DOCS = Path(__file__).parent.parent / "docs"


def glossary() -> str:
    """docs/glossary.md, from the terms that the site explains."""
    from portal.pages.glossary import terms

    lines = [
        "# Glossary",
        "",
        "Made by `make docs` from `portal/pages/glossary.toml`. Our own words; the statute governs.",
        "† The Chinese wording is still to be compared with the official text of Shanghai.",
        "",
        "| 中文 | English | 一句话解释 | Plain meaning | Article |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {term.name.zh}{'' if term.official else '†'} | {term.name.en} | {term.meaning.zh} "
        f"| {term.meaning.en} | {term.source.zh} |"
        for term in terms()
    ]
    return "\n".join(lines) + "\n"


def settings_table() -> str:
    """docs/configuration.md, from the declared settings."""
    from registry.settings import Settings

    lines = [
        "# Configuration",
        "",
        "Made by `make docs`. Every setting is an environment variable; `mingsuan config` prints",
        "the values in force and where each comes from.",
        "",
        "| variable | default | what it is |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = "(empty)" if str(default) in ("", "**********") else f"`{default}`"
        lines.append(f"| `MINGSUAN_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def probes() -> str:
    """docs/probes.md, from what every installed probe of ours declares and its calibration."""
    from evaluators import calibration, installed
    from portal.pages.plan_choices import described, wording

    measured = calibration.read()["probes"]
    lines = [PROBES_HEAD, *(_row(name, measured.get(name, {})) for name in installed.names())]
    for name in installed.names():
        kind = installed.probe_class(name)
        spec, told, chinese = kind.spec, described(kind.spec.options), wording().get(name, {})
        lines += ["", f"## {name}", "", f"**{spec.question.zh}** {spec.question.en}", "",
                  _described(kind), "",
                  f"Columns: {', '.join(spec.roles) or '–'}"
                  + (f" (also used: {', '.join(spec.optional)})" if spec.optional else "")
                  + ("; asks the model." if spec.asks_model else "."),
                  f"Law: {'; '.join(law.cited(each).en for each in spec.legal_refs) or '–'}. Version {spec.version}."]  # fmt: skip
        properties = spec.options_schema().get("properties", {})
        if properties:
            lines += ["", "| option | default | 作用 | what it does |", "|---|---|---|---|"]
        for option, schema in properties.items():
            default = json.dumps(schema.get("default"), ensure_ascii=False)
            lines.append(
                f"| `{option}` | `{default}` | {chinese.get(option, '')} | {told.get(option, '')} |"
            )
            lines += _fields(option, schema, spec.options_schema().get("$defs", {}), chinese)
    return "\n".join(lines) + "\n"


def _described(kind: type) -> str:
    """What a probe measures: its docstring; its module's where that one is a single line."""
    own = inspect.cleandoc(kind.__doc__ or "").partition("\n\nArgs:")[0]
    return own if "\n" in own else inspect.cleandoc(sys.modules[kind.__module__].__doc__ or own)


def _fields(
    option: str,
    schema: Mapping[str, Any],
    parts: Mapping[str, Mapping[str, Any]],
    chinese: Mapping[str, str],
) -> Iterator[str]:
    """One row for each field of an option that is a table of its own (`period.column`)."""
    from portal.pages.plan_choices import entries

    named = re.search(r'"#/\$defs/(\w+)"', json.dumps(schema))
    part = parts[named[1]] if named else {}
    text, many = str(part.get("description", "")), "[]" if "items" in schema else ""
    told, whole = entries(text), text.partition("\n\n")[0]
    for field, kind in part.get("properties", {}).items():
        needed = field in part.get("required", ())
        default = "must be given" if needed else f"`{json.dumps(kind.get('default'))}`"
        said = told.get(field, whole)
        if "enum" in kind:
            said += f" One of {', '.join(f'`{each}`' for each in kind['enum'])}."
        zh = chinese.get(f"{option}.{field}", "")
        yield f"| `{option}{many}.{field}` | {default} | {zh} | {said.strip()} |"


def _row(name: str, measured: Mapping[str, Any]) -> str:
    from evaluators import installed

    spec = installed.probe_class(name).spec
    designs = measured.get("designs", {}).values()
    errors = [row["type_one_error"] for row in designs if row["tested_sets"]]
    covered = [row["coverage"] for row in designs if row["coverage"] is not None]
    power = [row["power"] for row in measured.get("planted", {}).values()]
    cells = [_span(errors, 4), _span(covered, 3), _span(power, 3)]
    return f"| [{name}](#{name}) | {spec.question.zh} {spec.question.en} | {spec.state.value} | {' | '.join(cells)} |"


def _span(values: Sequence[float], digits: int) -> str:
    """The least and the greatest of some measured shares."""
    if not values:
        return "–"
    low, high = min(values), max(values)
    return f"{low:.{digits}f}" if low == high else f"{low:.{digits}f}–{high:.{digits}f}"


PROBES_HEAD = """# Probes

Made by `make docs` from what each probe declares, and from its calibration
([the full tables](calibration.md)). *State* says what a probe keeps while rows go by: cells and
sums by cluster are bounded, whatever the number of rows; the others say what they cost. The ranges
of type-I error (α = .05, simulated data without a difference), coverage and power (simulated data
with a planted difference) go over the probe's designs. A measured type-I error is a share of
simulated data sets: it may lie above α by its Monte-Carlo error, and by no more (99 %, one-sided:
up to 0.0615 with 2,000 sets; *allowed* in the full tables). What popular tools say of the same data,
measured side by side: [defects of popular tools](popular-tools.md).

| probe | 问题 question | state | type-I error | coverage | power |
|---|---|---|---|---|---|"""


def mlflow_refusals() -> str:
    """docs/mlflow-refusals.md, from the policies of the door and the routes of the installed MLflow."""
    from portal.mlflow_door import ALLOWED
    from portal.mlflow_refusals import manual, refused

    offered = [
        f"- `{method} {path}`" for path, methods in ALLOWED.items() for method in methods.split()
    ]
    return (
        "\n".join(
            [REFUSALS_HEAD, *offered, REFUSED_HEAD, *manual(refused(mlflow_routes(), ALLOWED))]
        )
        + "\n"
    )


def mlflow_routes() -> list[tuple[str, str]]:
    """Every route of MLflow's handlers, (path, method), read in a process that may load its server."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ROUTES], capture_output=True, text=True, check=True
    )
    return [(path, method) for path, method in json.loads(ran.stdout.splitlines()[-1])]


ROUTES = """
import json, os
os.environ["MLFLOW_ENABLE_WORKSPACES"] = "true"
from mlflow.server import handlers
routes = [(path, method) for path, _, methods in handlers.get_endpoints() for method in methods]
print(json.dumps(routes))
"""
REFUSALS_HEAD = """# What the MLflow door offers and what it refuses

Made by `make docs` from `portal/mlflow_refusals.py`, `portal/mlflow_door.py` and the routes of the
installed MLflow. How to use the door, and what to do here for what MLflow users miss:
[mlflow.md](mlflow.md).

## Offered

A token of a filer (scope `submit`) is needed for each; `GET /health` is open, `GET /version` tells
MLflow's version.
"""
REFUSED_HEAD = """
## Refused

Each answers JSON with the code below, the reason and the way round in both languages. An address
that MLflow does not have answers `ENDPOINT_NOT_FOUND`."""

PAGES: dict[str, Callable[[], str]] = {
    "glossary.md": glossary,
    "configuration.md": settings_table,
    "probes.md": probes,
    "mlflow-refusals.md": mlflow_refusals,
}


def main() -> int:
    """Write every generated page."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
