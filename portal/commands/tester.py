"""evaluate: a plan on data, in a registry or on this machine alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from portal.commands import describing, exploring
from portal.commands.places import ANY, FILE, FOLDER, free, writable, write_all

OWN = {"model": "--model", "endpoint": "--endpoint", "nonce": "--nonce", "key": "--key",
       "hand_in": "--hand-in"}  # fmt: skip
"""Options that a run in a registry does not take."""


@click.command(
    help="按计划评估：给出 --version 就在登记系统里评估，否则在本机评估（探索性，不作证据）。"
    "PLAN 可以是一份报告，按它重做。/ "
    "Evaluate by a plan: in the registry with --version, otherwise on this machine "
    "(exploratory, no evidence). PLAN is TOML, JSON, or a report, which is then repeated with its "
    "own plan and nonce. With --init FILE, write a plan to start from."
)
@click.argument("plan", required=False, type=click.Path(path_type=Path))
@describing.options
@click.option("--version", help="登记系统里的版本编号 / a version in the registry")
@click.option("--engagement", help="委托编号；自评不用给 / the engagement; none for your own")
@click.option("--model", type=FOLDER, help="MLflow 模型目录，在沙箱里提问 / asked in the sandbox")
@click.option("--endpoint", help="模型的 HTTP 接口（MLflow /invocations）/ an HTTP scorer")
@click.option("--nonce", help="重做一次运行时用原来的随机数 / of the run to be repeated")
@click.option(
    "--out", type=click.Path(path_type=Path), help="结果写到哪个文件夹 / a folder for the results"
)
@click.option("--key", type=FILE, help="用自己的私钥签报告（仍是探索性）/ sign with your own key")
@click.option("--encrypted", is_flag=True, help="私钥有口令 / the key has a password")
@click.option("--hand-in", metavar="VERSION", help="做完交给登记系统重做 / then have it repeated")
@click.option("--init", type=ANY, help="看一份数据，写出计划草稿 / look at data, draft a plan")
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
    asking = exploring.read(FILE.convert(plan, None, None))
    data = describing.of_options(given).beside(asking.data)
    if given["version"]:
        _registered(asking.plan, data, given, out=out, as_json=as_json)
        return
    if data.dataset or (given["engagement"] and not given["hand_in"]):
        raise click.UsageError(
            "--engagement 和 --dataset 要与 --version 一起用。/ --engagement and --dataset go "
            "with --version."
        )
    exploring.run(asking, data, given, out=out, as_json=as_json)


def _registered(
    plan: dict[str, Any],
    data: describing.Description,
    given: Mapping[str, Any],
    *,
    out: Path | None,
    as_json: bool,
) -> None:
    """Register data and plan, wait for the worker, keep the signed envelope."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry import attestation
    from registry.settings import settings

    if any(given[name] for name in OWN):
        raise click.UsageError(
            f"{'、'.join(OWN.values())} 只用于本机评估。/ {', '.join(OWN.values())} are for a "
            "run without the registry."
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
    written = exploring.write(
        out, dict(zip(names, (envelope, attestation.canonical(sealed)), strict=True))
    )
    if as_json:
        file = str(written[0]) if written else None
        showing.as_json({"id": report, "file": file, "statement": stated})
        return
    published = stated["predicate"]["findings"]
    plan = stated["predicate"]["plan"]["content"]
    showing.findings(sealed["findings"], published=published, plan=plan)
    click.echo(f"报告 / report:      {report}")
    click.echo(f"结果摘要 / digest:  {stated['predicate']['findings_digest']}")
    for path in written:
        click.echo(f"已写出 / written:   {path}")
    for path in written[:1]:
        click.echo(f"下一步 / next:      mingsuan sign {path} --key KEY.pem --hand-in")


def _init(data: Path, plan: Path | None, model: Path | None) -> None:
    """Write the draft beside nothing that is there already, or print it."""
    from portal.home import plan_start

    if plan is not None:
        free(plan)
        writable(plan.parent)
    text = plan_start.draft(data, model=model)
    if plan is None:
        click.echo(text, nl=False)
        return
    write_all(plan.parent, {plan.name: text.encode()})
    click.echo(f"已写出，请逐行核对 / written, check every line: {plan}", err=True)


def _with_inputs(plan: dict[str, Any], inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """The plan with the version's inputs, unless it names them or the answers' column."""
    columns = plan.get("columns")
    if not isinstance(columns, dict):
        return {**plan, "columns": {}}
    if columns.get("inputs") or columns.get("score") or columns.get("prediction"):
        return plan
    return {**plan, "columns": {**columns, "inputs": [each["name"] for each in inputs]}}
