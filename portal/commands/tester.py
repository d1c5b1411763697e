"""evaluate: a plan on data, in a registry or on this machine alone."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from portal.commands import describing
from portal.commands.places import FILE, FOLDER, free, read_toml, section

OWN = {"model", "nonce", "init"}
"""Options that a run in a registry does not take."""
REPORT, SEALED = "report.json", "sealed-evidence.json"


@click.command(
    help="按计划评估：给出 --version 就在登记系统里评估，否则在本机评估（探索性，不作证据）。/ "
    "Evaluate by a plan: in the registry with --version, otherwise on this machine "
    "(exploratory, no evidence). With --init FILE, write a plan to start from."
)
@click.argument("plan", required=False, type=click.Path(path_type=Path))
@describing.options
@click.option("--version", help="登记系统里的版本编号 / a version in the registry")
@click.option("--engagement", help="委托编号；自评不用给 / the engagement; none for your own")
@click.option("--model", type=FOLDER, help="MLflow 模型目录，在沙箱里提问 / asked in the sandbox")
@click.option("--nonce", help="重做一次运行时用原来的随机数 / of the run to be repeated")
@click.option(
    "--out", type=click.Path(path_type=Path), help="结果写到哪个文件夹 / a folder for the results"
)
@click.option("--init", type=FILE, help="看一份数据，写出计划草稿 / look at data, draft a plan")
@click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
def evaluate(plan: Path | None, *, out: Path | None, as_json: bool, **given: Any) -> None:
    """A finding is no error: the exit code is 0 whatever is found, 1 when the run fails."""
    if given["init"] is not None:
        _init(given["init"], plan, given["model"])
        return
    if plan is None:
        raise click.UsageError(
            "请给出计划文件；没有的话用 --init 数据文件 写一份。/ "
            "Name a plan file; `--init DATA` writes one."
        )
    written = read_toml(FILE.convert(plan, None, None))
    data = describing.of_options(given).beside(written.pop("data", {}))
    asked = section(written, "plan")
    if given["version"]:
        _registered(asked, data, given, out=out, as_json=as_json)
    else:
        _exploratory(asked, data, given, out=out, as_json=as_json)


def _registered(
    plan: dict[str, Any],
    data: describing.Description,
    given: Mapping[str, Any],
    *,
    out: Path | None,
    as_json: bool,
) -> None:
    """Register data and plan, wait for the worker, keep the signed envelope."""
    from portal.client import Client
    from portal.commands import showing
    from registry import attestation
    from registry.settings import settings

    if any(given[name] for name in OWN):
        raise click.UsageError(
            "--model 和 --nonce 只用于本机评估。/ --model and --nonce are for a run without "
            "the registry."
        )
    version = str(given["version"])
    with Client.of(settings()) as client, showing.progress(quiet=as_json) as tell:
        plan = _with_inputs(plan, client.get(f"/versions/{version}")["inputs"])
        roles = describing.roles(plan["columns"])
        wish = {
            "dataset_id": data.registered(client, use="evaluation", columns=roles, tell=tell),
            "plan": plan,
            "engagement_id": given["engagement"],
        }
        made = client.post(f"/versions/{version}/evaluations", wish)
        made = client.wait(f"/evaluations/{made['id']}", tell=tell)
        report = str(made["report_id"])
        envelope = client.read(f"/reports/{report}/envelope")
        sealed = client.get(f"/reports/{report}/sealed-evidence")
    stated = attestation.parse(attestation.payload(attestation.decode(envelope)))
    names = (f"report-{report}.dsse.json", f"sealed-{report}.json")
    written = _write(out, dict(zip(names, (envelope, attestation.canonical(sealed)), strict=True)))
    if as_json:
        file = str(written[0]) if written else None
        showing.as_json({"id": report, "file": file, "statement": stated})
        return
    published = stated["predicate"]["findings"]
    showing.findings(sealed["findings"], published=published)
    click.echo(f"报告 / report:      {report}")
    click.echo(f"结果摘要 / digest:  {stated['predicate']['findings_digest']}")
    for path in written:
        click.echo(f"已写出 / written:   {path}")
    for path in written[:1]:
        click.echo(f"下一步 / next:      mingsuan sign {path} --key KEY.pem --hand-in")


def _exploratory(
    plan: dict[str, Any],
    data: describing.Description,
    given: Mapping[str, Any],
    *,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run here, with no server and no account."""
    from portal import exploratory
    from portal.commands import showing
    from registry import attestation
    from registry.settings import settings

    if given["engagement"] or data.dataset:
        raise click.UsageError(
            "--engagement 和 --dataset 要与 --version 一起用。/ --engagement and --dataset go "
            "with --version."
        )
    if data.path is None:
        raise click.UsageError("请用 --data 给出数据文件。/ Give the data with --data.")
    if out is not None:  # before the run, which may be long
        free(out / REPORT)
        free(out / SEALED)
    with showing.progress(quiet=as_json) as tell:
        made = exploratory.explore(
            plan,
            data.path,
            model=given["model"],
            settings=settings(),
            nonce=given["nonce"],
            tell=tell,
        )
    written = _write(
        out,
        {
            REPORT: attestation.canonical(made.report),
            SEALED: attestation.canonical(made.sealed),
        },
    )
    if as_json:
        showing.as_json(made.report)
        return
    standing = made.report["standing"]
    click.secho(f"{standing['zh']}\n{standing['en']}", fg="yellow")
    # Whoever has the rows may see every number; the report may go to others.
    showing.findings(made.sealed["findings"], published=made.report["findings"])
    click.echo(f"随机数 / nonce:     {made.report['nonce']}")
    click.echo(f"结果摘要 / digest:  {made.report['findings_digest']}")
    for path in written:
        click.echo(f"已写出 / written:   {path}")


def _init(data: Path, plan: Path | None, model: Path | None) -> None:
    """Write the draft beside nothing that is there already, or print it."""
    from portal import plan_start

    text = plan_start.draft(data, model=model)
    if plan is None:
        click.echo(text, nl=False)
        return
    free(plan).write_text(text, encoding="utf-8")
    click.echo(f"已写出，请逐行核对 / written, check every line: {plan}", err=True)


def _with_inputs(plan: dict[str, Any], inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """The plan with the version's inputs, unless it names them or the answers' column."""
    columns = plan.get("columns")
    if not isinstance(columns, dict):
        return {**plan, "columns": {}}
    if columns.get("inputs") or columns.get("score") or columns.get("prediction"):
        return plan
    return {**plan, "columns": {**columns, "inputs": [each["name"] for each in inputs]}}


def _write(out: Path | None, contents: Mapping[str, bytes]) -> list[Path]:
    """Write each file into the folder; sealed evidence is for its owner alone."""
    if out is None:
        return []
    places = [free(out / name) for name in contents]
    out.mkdir(parents=True, exist_ok=True)
    for place, content in zip(places, contents.values(), strict=True):
        mode = 0o600 if place.name.startswith("sealed") else 0o644
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
    return places
