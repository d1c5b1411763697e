"""hand-in: have a registry register a run made at home, and repeat it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands import describing
from portal.commands.places import ANY, FILE
from registry.errors import Conflict, Invalid

if TYPE_CHECKING:
    from evaluators.running.repetition import Repetition
    from portal.commands.client import Client, Tell


class NotARunAtHome(Invalid):
    """Only a report that `mingsuan evaluate` wrote at home can be handed in to be repeated."""


class OtherData(Conflict):
    """The rows are not those of the report: give the file it was made from."""


class OtherModel(Conflict):
    """The version holds another model than the one that was asked at home."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a run that was handed in.

    Args:
        evaluation: the id of the registered evaluation.
        report: the id of the report it led to.
        files: the signed envelope, and the sealed evidence, by file name.
        repetition: how the platform's findings stand to those made at home.
    """

    evaluation: str
    report: str
    files: Mapping[str, bytes]
    repetition: "Repetition"


@click.command(
    "hand-in",
    help="把本机做的评估交给登记系统重做，再逐项对照；计划的 [data] 里写过的不必再写。/ "
    "Hand an exploratory run in: the registry registers the same data and plan and repeats it; "
    "then the findings are compared. What the plan's [data] said need not be said again.",
)
@click.argument("run", type=ANY)
@describing.options
@click.option("--version", required=True, help="登记系统里的版本编号 / a version in the registry")
@click.option("--engagement", help="委托编号；自评不用给 / the engagement; none for your own")
@click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
def command(
    run: Path, *, version: str, engagement: str | None, as_json: bool, **given: Any
) -> None:
    """Exit code 1 when the repetition comes to something else."""
    from portal.commands import exploring

    folder = run if run.is_dir() else run.parent
    file = FILE.convert(run / exploring.REPORT if run.is_dir() else run, None, None)
    stated = exploring.read(file).stated
    if stated is None or stated["report"]["kind"] != "exploratory":
        raise NotARunAtHome(
            f"{file} 不是在本机做的评估。请给出 mingsuan evaluate --out 写的文件夹。",
            f"{file} is no run made at home. Name the folder that `evaluate --out` wrote.",
        )
    data = describing.of_options(given).beside(describing.of_report(stated["data"]))
    handed = hand_in(stated, data, version=version, engagement=engagement, quiet=as_json)
    exploring.write(folder, handed.files)
    tell_handed(handed, as_json=as_json)
    if not handed.repetition.holds:
        raise SystemExit(1)


def hand_in(
    stated: Mapping[str, Any],
    data: describing.Description,
    *,
    version: str,
    engagement: str | None,
    quiet: bool,
) -> Handed:
    """Register data and plan of a run for a version, have it repeated, and compare.

    Args:
        stated: the exploratory report.
        data: the file, or the data set on record, and what is said of it.
        version: of the registry.
        engagement: under which the tester works; None for one's own version.
        quiet: no progress.

    Raises:
        OtherData, OtherModel: when file or version are not what the report is about.
    """
    from evaluators.running import repetition
    from portal.commands import showing
    from portal.commands.client import Client
    from registry import attestation
    from registry.settings import settings

    _same_rows(stated, data)
    with Client.of(settings()) as client, showing.progress(quiet=quiet) as tell:
        _same_model(stated, client.get(f"/versions/{version}"))
        made = _registered(client, stated, data, version, engagement, tell)
        report = str(made["report_id"])
        envelope = client.read(f"/reports/{report}/envelope")
        sealed = client.get(f"/reports/{report}/sealed-evidence")
    again = attestation.parse(attestation.payload(attestation.decode(envelope)))["predicate"]
    kept = {
        f"report-{report}.dsse.json": envelope,
        f"sealed-{report}.json": attestation.canonical(sealed),
    }
    return Handed(str(made["id"]), report, kept, repetition.repeated(stated, again))


def _registered(
    client: "Client",
    stated: Mapping[str, Any],
    data: describing.Description,
    version: str,
    engagement: str | None,
    tell: "Tell",
) -> dict[str, Any]:
    plan = stated["plan"]["content"]
    roles = describing.roles(plan["columns"])
    wish = {
        "dataset_id": data.registered(client, use="evaluation", columns=roles, tell=tell),
        "plan": plan,
        "engagement_id": engagement,
    }
    made = client.post(f"/versions/{version}/evaluations", wish)
    return client.wait(f"/evaluations/{made['id']}", tell=tell)


def _same_rows(stated: Mapping[str, Any], data: describing.Description) -> None:
    if data.path is None:
        return  # a data set on record: the registry's own digest stands in the report
    from portal.home import exploratory

    if exploratory.digest_of(data.path) != stated["data"]["digest"]:
        raise OtherData(
            f"{data.path} 不是这份报告所用的数据。请给出原来的文件。",
            f"{data.path} is not the data of this report. Give the file it was made from.",
        )


def _same_model(stated: Mapping[str, Any], version: Mapping[str, Any]) -> None:
    asked = (stated["model"] or {}).get("digest")
    if asked is not None and asked != version["digest"]:
        raise OtherModel(
            "这个版本的模型文件与本机评估的不是同一份。请选对版本，或先提交这个模型。",
            "This version holds another model than the one asked at home. Choose the right "
            "version, or submit this model first.",
        )


def tell_handed(handed: Handed, *, as_json: bool) -> None:
    """Say what came of it."""
    from portal.commands import showing

    if as_json:
        showing.as_json(
            {"evaluation": handed.evaluation, "report": handed.report,
             "repetition": handed.repetition.as_json()}
        )  # fmt: skip
        return
    click.echo(f"已登记并重做，报告 / registered and repeated, report: {handed.report}")
    _say(handed.repetition)


def show(stated: Mapping[str, Any], again: Mapping[str, Any], *, as_json: bool) -> None:
    """Say how a run stands to the report that it repeats."""
    from evaluators.running import repetition

    found = repetition.repeated(stated, again)
    if not as_json:
        _say(found)
    if not found.holds:
        raise SystemExit(1)


def _say(found: "Repetition") -> None:
    click.secho(f"{found.said.zh}\n{found.said.en}", fg="green" if found.holds else "red")
    for each in found.deviations:
        click.echo(f"  · {each.finding} · {each.number}: {each.first} → {each.again}")
