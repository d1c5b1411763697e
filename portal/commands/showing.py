"""What commands print: results on standard output, progress on standard error."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from registry.findings import VERDICT_NAMES, holds_none, most, told, why
from registry.language import Text

VERDICTS: Mapping[str, tuple[Text, str]] = {
    "disparity": (Text("差异超过界线", "disparity"), "red"),
    "difference": (Text("有差异", "difference"), "yellow"),
    "equivalent": (Text("差异很小", "equivalent"), "green"),
    "inconclusive": (Text("不能下结论", "inconclusive"), "cyan"),
    "not_evaluable": (Text("无法评估", "not evaluable"), "dim"),
}
SPOKEN: Mapping[str, Text] = {
    "disparity": Text("", ""),
    "not_evaluable": Text("没有测成的原因", "why some could not be evaluated"),
}
ROWS = 100
"""Findings of one probe that are listed; a report has more of them, and `report.json` all."""
READINGS = 6
"""Readings printed in full, of each verdict that is spoken."""
QUEUED = Text("排队", "queued")
TIMES = {"ratio", "times"}


def console(*, stderr: bool = False) -> Console:
    """Where to print; a file or a pipe gets wide lines, so that no table is cut."""
    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=160)


def table(*headings: str) -> Table:
    """A table that breaks long words rather than cutting them off."""
    return Table(*(Column(heading, overflow="fold") for heading in headings))


def as_json(value: Any) -> None:
    """Print JSON for a program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Callable[[int, int, Text], None]]:
    """A bar on a terminal; elsewhere one line whenever the work begins something else.

    What is said before the first row stays on the terminal: it tells what the run will cost.

    Args:
        quiet: no lines, because a program reads what is printed.
    """
    out = console(stderr=True)
    if quiet:
        yield lambda _done, _total, _said: None
        return
    if not out.is_terminal:
        yield _lines(out)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task, stays = bar.add_task("…", total=None), list[Text]()

        def tell(done: int, total: int, said: Text) -> None:
            words = escape(str(said if said.zh else QUEUED))
            bar.update(task, completed=done, total=total or None, description=words)
            if said.zh and done == 0 and said not in stays:
                stays.append(said)
                bar.console.print(f"  … {words}")

        yield tell


def _lines(out: Console) -> Callable[[int, int, Text], None]:
    last: Text | None = None

    def tell(done: int, total: int, said: Text) -> None:  # noqa: ARG001
        nonlocal last
        if said != last:
            last = said
            out.print(escape(f"  … {said if said.zh else QUEUED}"))

    return tell


def findings(
    found: Sequence[Mapping[str, Any]],
    *,
    published: Sequence[Mapping[str, Any]] | None = None,
    plan: Mapping[str, Any] | None = None,
) -> None:
    """A table of findings by probe, how many there are of each verdict, and the worst in words.

    Args:
        found: the findings to show.
        published: the same as a report shows them, where `found` are those of whoever has the
            rows; numbers that the report leaves out get a dagger.
        plan: the plan's content, for the plain names of columns and groups.
    """
    from evaluators.judging import captions
    from evaluators.running import questions

    table = Table("检验 / probe", "组 / group", "数目 / number", "结果 / estimate", "差别 / effect",
                  "结论 / verdict")  # fmt: skip
    for column in table.columns:
        column.overflow = "fold"
    hidden = [each["suppressed"] for each in published or ()] or [False] * len(found)
    above = None
    for each, marked in _shown(found, hidden):
        if each["probe"] != above:
            above = each["probe"]
            table.add_section()
            table.add_row(
                f"[bold]{escape(questions.caption(above, plan).zh)}[/] [dim]{escape(above)}[/]"
            )
        said, colour = _concluded(each), VERDICTS[told(each)][1]
        table.add_row(
            escape(f"  {captions.both(captions.measured(each, plan))}"),
            escape(_group(each, plan or {})) + (" †" if marked else ""),
            _people(each),
            _pair(each["estimate"], each["reference_estimate"], "{:.3f}"),
            escape(_effect(each)),
            f"[{colour}]{said}[/]" + (" ‡" if holds_none(each) else ""),
        )
    out = console()
    out.print(table)
    more = len(found) - table.row_count + len({each["probe"] for each in found})
    if more > 0:
        out.print(str(Text(f"表里每个检验最多 {ROWS} 项；另有 {more:,} 项，见 report.json。",
                           f"At most {ROWS} per probe are listed; {more:,} more: see report.json.")))  # fmt: skip
    if any(hidden):
        out.print("† 报告里不公开这些数字。/ The report leaves these numbers out.", style="dim")
    for contrary in dict.fromkeys(filter(None, map(why, found))):
        out.print(f"‡ {contrary}", style="dim")
    ranked = sorted(found, key=lambda each: list(VERDICTS).index(told(each)))
    counts = Counter(str(_concluded(each)) for each in ranked)
    out.print(escape("；".join(f"{said} {count}" for said, count in counts.items())))
    for verdict, heading in SPOKEN.items():
        readings = dict.fromkeys(
            (each["reading"]["zh"], each["reading"]["en"])
            for each in found if told(each) == verdict
        )  # fmt: skip
        if readings and heading.zh:
            out.print(str(heading))
        for zh, en in list(readings)[:READINGS]:
            out.print(escape(f"· {zh}"))
            out.print(escape(f"  {en}"), style="dim")
        if len(readings) > READINGS:
            more = len(readings) - READINGS
            out.print(str(Text(f"另有 {more} 条，见报告。", f"{more} more: see the report.")))


def _concluded(each: Mapping[str, Any]) -> Text:
    """The verdict in a word, or in those of its metric where that asks for no difference."""
    from evaluators.judging import conclusions

    own, verdict = conclusions.of(each), told(each)
    return VERDICTS[verdict][0] if own == VERDICT_NAMES[verdict] else own


def _shown(
    found: Sequence[Mapping[str, Any]], hidden: Sequence[bool]
) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """The findings that the table lists, probe by probe, each with whether it has a dagger."""
    marked = {id(each): mark for each, mark in zip(found, hidden, strict=True)}
    for probe in dict.fromkeys(each["probe"] for each in found):
        own = [each for each in found if each["probe"] == probe]
        for each in most(own, ROWS):
            yield each, marked[id(each)]


def _group(each: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    from evaluators.judging import captions

    about, other = captions.group(each, plan), captions.reference(each, plan)
    return captions.both(about) + (f" ↔ {captions.both(other)}" if other.zh else "")


def _people(finding: Mapping[str, Any]) -> str:
    """How many; of withheld numbers what the verdict says anyway."""
    band = (finding.get("units") or {}).get("at_least")
    if finding["n"] is None and band is not None:
        return f"≥ {band:,}"
    return _pair(finding["n"], finding["n_reference"], "{:,}")


def _pair(own: float | None, other: float | None, form: str) -> str:
    shown = [form.format(value) if value is not None else "—" for value in (own, other)]
    return shown[0] if other is None else " ↔ ".join(shown)


def _effect(each: Mapping[str, Any]) -> str:
    from evaluators.judging import captions

    value, ci, scale = each["effect"].get("value"), each["ci"], captions.scale(each)
    if value is None:
        return "—"
    # An interval may be open to one side.
    bounds = [ci[side] for side in ("low", "high")] if ci else []
    shown = ", ".join("…" if end is None else captions.amount(end, scale) for end in bounds)
    times = "× " if scale in TIMES else ""
    return f"{times}{captions.amount(value, scale)}" + (f" [{shown}]" if ci else "")
