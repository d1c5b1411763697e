"""plugin: make a package with a probe, see which are installed, try one out."""

import sys
from pathlib import Path
from typing import Any

import click

from portal.commands.places import FOLDER

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")


@click.group(
    help="第三方检验：新建一个软件包，看装了哪些，试一试。/ "
    "Probes of your own and of third parties: make a package, see what is installed, try it out."
)
def plugin() -> None:
    """See docs/plugins.md."""


@plugin.command(
    help="新建一个可安装的软件包，里面有一个能用的检验和它的测试。/ "
    "Write an installable package with one working probe and its tests."
)
@click.argument("name")
@click.option(
    "--into", type=FOLDER, default=".", help="放在哪个文件夹 / the folder to put it in", metavar="FOLDER"
)  # fmt: skip
def new(name: str, into: Path) -> None:
    """Nothing is overwritten."""
    from portal.home import plugin_start

    folder = plugin_start.create(name, into)
    click.echo(f"已写出 / written:   {folder}")
    click.echo("下一步 / next:")
    click.echo(f"  cd {folder}")
    for line in ("-m pip install --no-build-isolation --editable .", "-m pytest"):
        click.echo(f"  {_python()} {line}")
    click.echo(f"  mingsuan plugin check {name}")
    click.echo("  mingsuan evaluate example/plan.toml --data example/people.csv --out result")


def _python() -> str:
    """How this interpreter is called by people who may have several."""
    return "python" if sys.prefix == sys.base_prefix else str(Path(sys.prefix) / "bin" / "python")


@plugin.command(
    name="list",
    help="装了哪些检验，各属于哪个软件包，哪些不能用、为什么。/ "
    "Which probes are installed, whose they are, and which cannot be used and why.",
)
@click.option("--third-party", is_flag=True, help="只列第三方的 / those of third parties only")
@JSON
def listed(*, third_party: bool, as_json: bool) -> None:
    """Exit code 0 even when some are broken: they are named, and the others work."""
    from evaluators.guests import installed

    faults = installed.broken()
    rows = [
        _row(name, faults.get(name))
        for name in installed.names()
        if not (third_party and installed.origin(name).ours)
    ]
    if as_json:
        from portal.commands import showing

        showing.as_json(rows)
        return
    _table(rows)


def _row(name: str, fault: Any) -> dict[str, Any]:
    from evaluators import probe
    from evaluators.guests import installed, outsider

    row: dict[str, Any] = {"id": name, "package": installed.origin(name).as_json()}
    if fault is not None:
        return row | {"ok": False, "fault": fault.as_json()}
    kind = installed.probe_class(name)
    isolated = kind.plugin.tier.name if issubclass(kind, outsider.Outsider) else None
    return row | {
        "ok": True,
        "version": kind.spec.version,
        "task": kind.spec.task,
        "question": kind.spec.question.as_json(),
        "digest": probe.digest(kind),
        "isolation": isolated,
    }


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from portal.commands import showing

    out = showing.console()
    table = Table("检验 / probe", "版本 / version", "软件包 / package", "问题 / question")
    for row in sorted(rows, key=lambda each: not each["package"]["third_party"]):
        package = f"{row['package']['name']} {row['package']['version']}"
        whose = "第三方 / third party: " if row["package"]["third_party"] else ""
        said = row["question"]["zh"] if row["ok"] else "[red]不能用 / cannot be used[/]"
        table.add_row(row["id"], row.get("version", "–"), escape(whose + package), said)
    out.print(table)
    for row in rows:
        if not row["ok"]:
            out.print(f"{row['id']}: {row['fault']['zh']}\n  {row['fault']['en']}", markup=False)


@plugin.command(
    help="试一个已安装的检验：在沙箱里过一遍对所有检验都作的检查，再看误报率和检出率。/ "
    "Try an installed probe: the checks made of every probe, behind the walls as a registry "
    "runs it, then how often it finds what is not there, and what is."
)
@click.argument("name")
@click.option("--sets", default=200, type=click.IntRange(20, 20_000), show_default=True,
              help="每种设计模拟多少份数据 / simulated data sets per design")  # fmt: skip
@JSON
def check(name: str, *, sets: int, as_json: bool) -> None:
    """Exit code 1 when something does not hold."""
    from evaluators.running import trial

    steps = []
    for step in trial.trial(name, sets=sets, planted=max(20, sets // 4)):
        steps.append(step)
        if not as_json:
            mark = click.style("✓", fg="green") if step.ok else click.style("✗", fg="red")
            click.echo(f"{mark} {step.name.zh} / {step.name.en}{step.told and f': {step.told}'}")
    ok = all(step.ok for step in steps)
    if as_json:
        from portal.commands import showing

        showing.as_json({"id": name, "ok": ok, "steps": [step.as_json() for step in steps]})
    elif ok:
        click.echo("每一步都符合。/ Every step holds.")
    if not ok:
        raise SystemExit(1)
