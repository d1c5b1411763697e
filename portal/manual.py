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
    from portal.web.glossary import terms

    lines = [
        "# Glossary",
        "",
        "Made by `make docs` from `portal/web/glossary.toml`. Our own words; the statute governs.",
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


def law_table() -> str:
    """docs/law.md, from the table that the site shows."""
    from portal.web.articles import articles

    def joined(texts: Sequence[Any]) -> str:
        return "<br>".join(f"{each.zh}<br>{each.en}" for each in texts)

    lines = [
        "# Where each article is served",
        "",
        "Made by `make docs` from `portal/web/articles.toml`; the page `/law` shows the same. Our own words; the",
        "statute governs.",
        "",
        "| Article | What it is about | Here |",
        "|---|---|---|",
    ]
    for each in articles():
        here = each.served or each.outside
        told = f"{'' if each.served else '**Outside.** '}{here.zh}<br>{here.en}" if here else ""
        fields = ", ".join(field.code for field in each.fields)
        lines.append(
            f"| {joined(each.cited)} | {joined(each.about)} | {told}"
            f"{f'<br>Form: {fields}' if fields else ''} |"
        )
    return "\n".join(lines) + "\n"


def recommended() -> str:
    """docs/recommended.md, from the criteria, the rule of the order and the procedure."""
    from filing.recommended import criteria, order, steps
    from filing.recommended.lapse import WHY_NAMES

    parts = RECOMMENDED.split("@@")
    table = [
        "| id | criterion | what is counted |",
        "|---|---|---|",
        *(
            f"| `{each.id}` | {each.name.zh} · {each.name.en} | {each.told.en} |"
            for each in criteria.CRITERIA
        ),
    ]
    rows = [
        "| from | step | by | to | needs |",
        "|---|---|---|---|---|",
        *(_step(each) for each in steps.STEPS),
    ]
    whys = "; ".join(f"{each.en} ({each.zh})" for each in WHY_NAMES.values())
    made = ["\n".join(table), order.RULE.en, whys, "\n".join(rows)]
    return "".join(part for pair in zip(parts, [*made, ""], strict=True) for part in pair)


def _step(row: Any) -> str:
    from filing.recommended.steps import ACTION_NAMES

    needs = [
        name
        for name, asked in (
            ("a reason", row.words),
            ("one's ties", row.ties),
            ("the last day", row.term),
            ("another person than who proposed", row.second),
        )
        if asked
    ]
    name = ACTION_NAMES[row.action]
    return (
        f"| `{row.source}` | `{row.action}` {name.zh} | {row.side} | `{row.target}` "
        f"| {', '.join(needs) or '—'} |"
    )


RECOMMENDED = """# The catalogue of recommended models

Made by `make docs` from `filing/recommended/`.

人工智能算法模型推荐目录 (Shanghai AI industry regulation, art. 16: a task of the city, done by industry
bodies under the authority's guidance). An industry body compiles it; that is said on every page, with what it
is not: 由{行业组织}编制，不是行政许可或认定. This platform recommends nothing. Shenzhen's regulation has no
article on such a catalogue, and a body there reads so on its page. An entry that is filed in another city than
the catalogue's is marked.

| who | where |
|---|---|
| everybody | `/zh/recommended`, `/zh/recommended/SLUG` and `.json`; `GET /api/v1/recommended/SLUG` |
| a reader with weights of their own | `?w.checks=40&w.openness=0`, on page, twin and API |
| whoever recomputes | `mingsuan recommended download SLUG`, `mingsuan recommended recompute FILE --key KEY` |
| a filer | *Apply to be recommended* on a published filing; `mingsuan recommended apply` |
| an industry body (its administrators) | `/zh/recommending`; `mingsuan recommended open`, `decide`, `weigh`, `decide-weights` |

## Criteria

The body chooses the weights (whole numbers from 0 to 100); they and every change of them with its reason are
public. A catalogue begins with equal weights, which are this platform's and told as such until two people have set others. One person proposes a change and a second agrees; neither has ties to the filer or a tester of what is in the
catalogue or applied for, and nobody outside learns of a proposal. What a criterion counts is fixed, and told from the newest edition of the filing and the public counts:

@@

## Order

@@

*Why for all?* Were 未测 a 0, an entry would fall for what nobody looked at. Were it left out for that entry alone,
two entries would be compared on different criteria. Now one entry can take a criterion out of the comparison;
the page names which entries do, and anyone may set that weight to 0 to see that nothing else changes. Sums are
exact fractions (`17/20` in the data), so that a tie is a tie and no rounding decides.

A criterion depends on the record and on the legal day: a report that has expired is not counted and is no
evidence any more. So the order changes when the record does, and as a day begins on which a report expires or an
entry lapses.

## Who may be in it, and until when

A published filing whose present version has a third-party evaluation that still counts (this platform's rule).
The decision is bound to that version, that evaluation, the licence and its own last day. The entry lapses by
itself with the first of these: @@. Days end as the next legal day begins (UTC+8). What lapsed does not come
back: a new evaluation or version is applied for again. An application that is granted while an entry stands takes
its place.

## Decisions

@@

Two people of the industry body decide. Neither may belong, or have belonged, to the filer or to a tester of the model,
nor have acted for them; both are looked at again when the second agrees. The applicant learns of no proposal. A
refusal goes to the applicant with its reasons, who may reply once and is then decided on anew, and may apply again
at any time; the public reads how many refusals there were. Reasons of additions and removals, and what both who
decided say of their ties, are public and stay in the log once an entry has ended; people are not named. Of a
refusal the ties are told to the applicant, and not to the public; each form says which. The journal keeps what was
said of ties at every decision.

## The signed file

An in-toto statement (`urn:mingsuan:recommended-catalogue:v1`) in a DSSE envelope, signed by the platform's key as
reports are: it says that the register told this at that moment. `mingsuan verify` checks it, and recomputes the
order. `recompute` takes other weights (`--weights checks=40`) and a later moment (`--at`), at which what has lapsed
by then is left out. A moment before the file's own is refused: it holds neither the weights of then nor what has
ended since. Where a report that was counted has expired by then, a file of that day is asked for. A filing that ended
since is told by a newer file alone.
"""


def filing_form() -> str:
    """docs/form.md, every field of the newest form, and what each version of it brought."""
    from filing import carrying
    from filing.forms import current, schema, versions

    every = [schema(each) for each in versions()]
    lines = [FORM_HEAD.format(version=current().version)]
    for before, each in zip([None, *every], every, strict=False):
        lines.append(f"- **{each.version}** ({each.date}): {each.note.zh} {each.note.en}")
        for said in carrying.changes(before, each) if before else ():
            lines.append(f"  - {said.zh} {said.en}")
    for group in current().groups:
        lines += ["", f"## {group.id} {group.name.zh} · {group.name.en}", ""]
        lines.append(f"{group.intro.zh} {group.intro.en}")
        for field in group.fields:
            lines += _field(field)
    return "\n".join(lines) + "\n"


def _field(field: Any) -> Iterator[str]:
    from filing.fields import SHOW_NAMES

    yield f"\n### {field.code} {field.name.zh} · {field.name.en}\n"
    yield f"{field.ask.zh} {field.ask.en}"
    if field.example:
        yield f"\n例 · Example: {field.example.zh} · {field.example.en}"
    show = SHOW_NAMES[field.show]
    rules = "、".join(each.zh for each in field.grounds("").here)
    yield f"\n{show.zh} · {show.en}。{rules}\n"
    yield "| 内容 · part | 填什么 · what | 什么时候填 · when |"
    yield "|---|---|---|"
    yield from _values(field.value, (), "")


def _values(part: Any, beside: tuple[Any, ...], place: str) -> Iterator[str]:
    from filing import applicability
    from filing.forms import current

    here = f"{place}.{part.id}".strip(".") if part.id else place
    when = applicability.in_words(current(), part, beside)
    asked = [] if when is None else [f"在这种情况下：{when.zh} · where {when.en}"]
    needed = "可不填 · optional" if part.optional else "必填 · required"
    if not part.always and not part.optional:
        needed = "适用时必填 · required where it applies"
    if part.kind == "computed":
        needed = "由平台填写 · filled in by the platform"
    name = f"`{here}` {part.name.zh} · {part.name.en}" if here else "（整项 · the whole）"
    yield f"| {name} | {_what(part)} | {'; '.join([*asked, needed])} |"
    for each in part.parts:
        yield from _values(each, part.parts, here)


def _what(part: Any) -> str:
    told = [KINDS[part.kind]]
    if part.options:
        told.append("; ".join(f"`{x.id}` {x.name.zh} · {x.name.en}" for x in part.options))
    if part.limit:
        told.append(f"≤ {part.limit}")
    if part.kind == "number":
        told.append(f"{part.least}–{part.most}")
    if part.kind == "rows":
        told.append(f"≤ {part.most}")
    if part.each:
        told.append("每一项写一行 · one row for each of a list")
    return ", ".join(told)


KINDS = {
    "text": "文字（中文，英文可不填） · text in Chinese, English beside it optional",
    "plain": "一行字 · a line",
    "code": "代码 · a code",
    "choice": "选一项 · one of",
    "multi": "可选多项 · some of",
    "date": "日期 · a date",
    "number": "整数 · a whole number",
    "link": "网址 · a web address",
    "file": "文件 · a file",
    "parts": "分几部分 · in parts",
    "rows": "表格，一行一条 · a table, one thing a row",
    "questionnaire": "问卷 · a questionnaire",
    "computed": "—",
}
FORM_HEAD = """# The form of a filing

Made by `make docs` from `filing/schema/*.toml`. The newest form is version {version}. A filing keeps the
version that it was opened under; its filer takes it to a newer one after a preview. What does not apply is not
asked; what was answered there is kept, and neither counts nor is published. The same list for programs, of
any version: `GET /api/v1/words/fields`; the shape of every answer stands in the API's description.
"""


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
    from evaluators.guests import installed
    from evaluators.running import calibration
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
                  f"Law: {'; '.join(law.rule(each).shown.en for each in spec.legal_refs) or '–'}. Version {spec.version}."]  # fmt: skip
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
    from evaluators.guests import installed

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
    from portal.mlflow import rules as mlflow_rules
    from portal.mlflow.door import ALLOWED
    from portal.mlflow.refusals import manual, refused

    offered = [
        f"- `{method} {path}`" for path, methods in ALLOWED.items() for method in methods.split()
    ]
    return (
        "\n".join(
            [
                *(REFUSALS_HEAD, *offered, RULES_HEAD, *mlflow_rules.manual()),
                *(REFUSED_HEAD, *manual(refused(mlflow_routes(), ALLOWED))),
            ]
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

Made by `make docs` from `portal/mlflow/refusals.py`, `portal/mlflow/rules.py`, `portal/mlflow/door.py`
and the routes of the installed MLflow. How to use the door, and what to do here for what MLflow users miss:
[mlflow.md](mlflow.md).

## Offered

A token of a filer (scope `submit`) is needed for each; `GET /health` is open, `GET /version` tells
MLflow's version.
"""
RULES_HEAD = """
## What offered routes refuse

By rules of ours, where MLflow would take the request, or say less. What a model's files may not be
(pickles on the list, links, names that mislead …) is told by screening when a version is made, every
reason by itself; texts with unseen characters, a key that stands twice and numbers too large for a
column are refused as at every door of this site. What MLflow itself refuses is told in its own words, with a
line in Chinese.
"""
REFUSED_HEAD = """
## Refused

Whole routes. Each answers JSON with the code below, the reason and the way round in both languages. An address
that MLflow does not have answers `ENDPOINT_NOT_FOUND`."""


def explanation_plan() -> str:
    """docs/explanation-plan.md, every key of the plan of an explanation, and an example that runs."""
    from explainers import asked
    from registry.explanations import MOST_NAME, MOST_WORDS

    tables = {
        "[explanation]": asked.PLAN,
        "[explanation.columns.NAME]": asked.COLUMN,
        "[explanation.wording]": asked.WORDING,
        "[[explanation.protected]]": asked.PROTECTED,
        "[explanation.declared]": asked.DECLARED,
    }
    room = (
        f"A name or a phrase takes {MOST_NAME['zh']} characters in Chinese and {MOST_NAME['en']} in English, "
        f"an answer {MOST_WORDS}."
    )
    lines = [PLAN_HEAD, "", room]
    for name, keys in tables.items():
        lines += ["", f"## `{name}`", "", "| key | what stands there | if left out | 含义 | meaning |",
                  "|---|---|---|---|---|"]  # fmt: skip
        lines += [
            f"| `{key.name}` | {key.kind} | {key.default} | {key.meaning.zh} | {key.meaning.en} |"
            for key in keys
        ]
    example = (DOCS / "explanation-plan.toml").read_text(encoding="utf-8")
    return "\n".join([*lines, PLAN_EXAMPLE, "", f"```toml\n{example}```"]) + "\n"


PLAN_HEAD = """# The plan of an explanation

Made by `make docs` from `explainers/asked.py`. `mingsuan explain VERSION --init plan.toml` writes one to
fill in, with the inputs of the model (and with `--data FILE` their levels); `mingsuan explain VERSION
--plan plan.toml` hands it in. The page “Make the explanation for the public” asks for the same. A key that is not listed is refused by name, and so is
a text in one language only, a part of another kind than the table says, an input of the model that is left out, a name
for a level that no row has, one name for two things, and words that say the opposite of their key
(“less likely to be admitted” under `easier`).

A **name** is quoted in a sentence (“the result is “admitted””), a **phrase** is said as it stands (“more
likely to be admitted”). Without phrases sentences are made of the names. What `effect` and `influence` say of a
column is held against what is measured ([why](decisions/0041-declared-against-measured.md)). Rows and
levels that fewer than `MINGSUAN_K_ANONYMITY` people share are never told, nor are names and phrases for
them ([why](decisions/0009-nothing-about-one-person.md)). Beside `[explanation]` a table `[data]` says of
the data what `--source`, `--deidentification` and the other options of the command say."""
PLAN_EXAMPLE = """
## An example

The tests explain a model by [this file](explanation-plan.toml)."""

PAGES: dict[str, Callable[[], str]] = {
    "explanation-plan.md": explanation_plan,
    "glossary.md": glossary,
    "law.md": law_table,
    "recommended.md": recommended,
    "configuration.md": settings_table,
    "form.md": filing_form,
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
