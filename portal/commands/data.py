"""data: data sets on record, their re-identification check, their description for tools."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands import describing
from portal.commands.places import ANY
from registry.errors import Invalid
from registry.language import Text

if TYPE_CHECKING:
    from registry.reidentification import Looked

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
QUASI = click.option(
    "--quasi", multiple=True, metavar="COLUMN", help="准标识符，可多次 / a quasi-identifier"
)
NO_QUASI = click.option(
    "--no-quasi", is_flag=True, help="没有能认出人的列 / no column tells of a person"
)
ROLE = click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="COLUMN=ROLE",
    help="列的角色，可多次，如 race=sensitive / role of a column",
)
ACKNOWLEDGE = click.option(
    "--acknowledge", default="", metavar="REASON", help="组小于 k 时仍使用的理由 / why, under k"
)


class RoleUnreadable(Invalid):
    """A role is given as column=role."""


@click.group(
    help="登记数据、检查会不会认出人、导出 Croissant 描述。/ "
    "Register data, check whether people could be singled out, export Croissant."
)
def data() -> None:
    """Nobody but the owner sees a row, here or on the pages."""


@data.command(help="登记一个数据文件。/ Register a data file.")
@click.argument("file", type=ANY)
@click.option("--name", default="", help="名称；默认用文件名 / what it is called")
@click.option("--name-en", default="", help="英文名称 / its name in English")
@click.option(
    "--use",
    type=click.Choice(["evaluation", "explanation"]),
    default="evaluation",
    help="用途 / what for",
)
@click.option("--source", default="", help="来源和取得方式 / where the rows come from")
@click.option(
    "--period", default="", help="什么时候的数据，如 2024/2025-06 / from when the rows are"
)
@click.option("--deidentification", default="", help="怎样去标识化 / how de-identified")
@click.option("--held-out", default="", help="怎样确保未用于训练 / how held out")
@ROLE
@QUASI
@NO_QUASI
@ACKNOWLEDGE
@JSON
def add(file: Path, *, as_json: bool, **given: Any) -> None:
    """Sensitive columns are checked where no quasi-identifier is named."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    said = {
        "name": given["name"],
        "name_en": given["name_en"],
        "source": given["source"],
        "deidentification": given["deidentification"],
        "held_out": given["held_out"],
        "period": given["period"],
        "quasi_identifiers": _named(given["quasi"], none=given["no_quasi"]),
        "acknowledgement": given["acknowledge"],
    }
    asked = describing.Description(file, None, said)
    columns = _roles(given["roles"])
    with Client.of(settings()) as client, showing.progress(quiet=as_json) as tell:
        made = asked.registered(client, use=given["use"], columns=columns, tell=tell)
        found = client.get(f"/datasets/{made}")
    _show(found, as_json=as_json)


@data.command("list", help="本单位登记的数据。/ The data sets of your organisation.")
@JSON
def listing(as_json: bool) -> None:
    """Newest first."""
    from rich.markup import escape
    from rich.table import Table

    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = list(client.items("/datasets"))
    if as_json:
        showing.as_json(found)
        return
    table = Table("编号 / id", "名称 / name", "行 / rows", "用途 / use", "检查 / check")
    for each in found:
        table.add_row(
            each["id"], escape(_called(each)), f"{each['rows']:,}", each["use"], _state(each)
        )
    showing.console().print(table)


@data.command(help="一份数据的登记内容。/ One data set on record.")
@click.argument("dataset")
@JSON
def show(dataset: str, *, as_json: bool) -> None:
    """Digest, schema, declarations and the check that counts."""
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = client.get(f"/datasets/{dataset}")
    _show(found, as_json=as_json)


@data.command(
    help="看看会不会认出人。DATA 是文件（不联网）或数据编号；加 --record 就登记结果。/ "
    "Could somebody be singled out? DATA is a file (no network) or a data set on record; "
    "--record puts the result on record."
)
@click.argument("data_")
@QUASI
@NO_QUASI
@ROLE
@ACKNOWLEDGE
@click.option("--record", is_flag=True, help="登记结果 / put the result on record")
@JSON
def check(data_: str, *, record: bool, as_json: bool, **given: Any) -> None:
    """Without --record nothing is stored anywhere; exit code 1 when it falls short."""
    from portal.commands import showing

    names = _named(given["quasi"], none=given["no_quasi"])
    describing.require_one_file(Path(data_))
    if Path(data_).is_file():
        if record:
            raise click.UsageError(
                "文件还没有登记：用 mingsuan data add。/ The file is not on record: use `data add`."
            )
        found = _local(Path(data_), names, _roles(given["roles"]))
    else:
        found = _remote(data_, names, given["acknowledge"], record=record)
    if as_json:
        showing.as_json(found)
    else:
        _figures(found)
    if not found.get("enough") and not found.get("state"):
        raise SystemExit(1)


@data.command(
    help="导出 Croissant 描述（JSON-LD），没有任何一行。/ Export Croissant; not one row."
)
@click.argument("dataset")
@click.option("--out", type=click.Path(path_type=Path), help="写到哪个文件 / a file for it")
def croissant(dataset: str, *, out: Path | None) -> None:
    """To standard output, or into a file that is not there yet."""
    from portal.commands import showing
    from portal.commands.client import Client
    from portal.commands.places import free
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = client.get(f"/datasets/{dataset}/croissant")
    if out is None:
        showing.as_json(found)
        return
    import json

    free(out).write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    click.echo(f"已写出 / written: {out}")


@data.command(help="与本单位其他数据重合的行。/ Rows shared with your other data sets.")
@click.argument("dataset")
@JSON
def overlaps(dataset: str, *, as_json: bool) -> None:
    """Another organisation's data are never compared."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = list(client.items(f"/datasets/{dataset}/overlaps"))
    if as_json:
        showing.as_json(found)
        return
    for each in found:
        shared = "没有比 / not compared" if each["shared"] is None else f"{each['shared']:,}"
        click.echo(f"{each['dataset_id']}  {shared:>10}  {_called(each)}")


def _called(found: Mapping[str, Any]) -> str:
    """Both names; one name alone is printed once."""
    name = describing.called(found)
    return name.zh if name.zh == name.en else str(name)


def _named(quasi: Sequence[str], *, none: bool) -> list[str] | None:
    """The columns named; None where nothing is said of them."""
    return list(quasi) if quasi or none else None


def _roles(given: Sequence[str]) -> list[dict[str, str]]:
    found = []
    for each in given:
        name, sign, role = each.rpartition("=")
        if not sign or not name:
            raise RoleUnreadable(
                f"“{each}”读不懂，请写成 列名=角色。", f"Write column=role instead of {each!r}."
            )
        found.append({"name": name, "role": role})
    return found


def _local(path: Path, names: list[str] | None, roles: Sequence[Mapping[str, str]]) -> Any:
    from registry import datafiles, reidentification
    from registry.reidentification import Wish
    from registry.settings import settings

    wish = Wish(None if names is None else tuple(names), k=settings().k_anonymity)
    looked: Looked = datafiles.look_at_file(path, roles, wish)
    return {
        "quasi_identifiers": list(looked.columns),
        "named": looked.named,
        "k": looked.wish.k,
        "k_source": reidentification.K_SOURCE.as_json(),
        "exposure": looked.exposure.as_json() if looked.exposure else None,
        "direct": [asdict(each) for each in looked.direct],
        "enough": looked.enough,
    }


def _remote(dataset: str, names: list[str] | None, reason: str, *, record: bool) -> Any:
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        if names is None and record:
            raise click.UsageError(
                "请用 --quasi 指出准标识符，没有就用 --no-quasi。/ Name them with --quasi, or "
                "say --no-quasi."
            )
        what = "checks" if record else "preview"
        wish = {"quasi_identifiers": names, "reason": reason}
        return client.post(f"/datasets/{dataset}/reidentification-{what}", wish)


def _state(found: Mapping[str, Any]) -> str:
    from registry.reidentification import STATE_NAMES

    check = found["reidentification"]
    return str(STATE_NAMES[check["state"] if check else "none"])


def _show(found: Mapping[str, Any], *, as_json: bool) -> None:
    from portal.commands import showing

    if as_json:
        showing.as_json(found)
        return
    for said, value in (
        (Text("编号", "id"), found["id"]),
        (Text("名称", "name"), _called(found)),
        (Text("校验值", "digest"), found["digest"]),
        (Text("行", "rows"), f"{found['rows']:,}"),
        (Text("来源", "source"), found["source"]),
        (Text("时间", "period"), found["period"] or "—"),
        (Text("去标识化", "de-identification"), found["deidentification"] or "—"),
        (Text("重标识检查", "re-identification check"), _state(found)),
    ):
        click.echo(f"{said}: {value}")
    for column in found["columns"]:
        click.echo(f"  {column['name']}: {column['type']}, {column['role']}")
    if found["reidentification"]:
        _figures(found["reidentification"])
    elif found["use"] == "evaluation":
        click.echo(f"下一步 / next: mingsuan data check {found['id']} --quasi COLUMN … --record")


def _figures(found: Mapping[str, Any]) -> None:
    from registry import identifiers

    columns = "、".join(found["quasi_identifiers"]) or "—"
    click.echo(f"准标识符 / quasi-identifiers: {columns}")
    exposure = found["exposure"]
    if exposure is None:
        click.echo("没有指出任何列 / no column is named")
    else:
        unit = "人 / persons" if exposure["unit"] == "person" else "行 / rows"
        click.echo(
            f"最小的一组 / smallest class: {exposure['smallest']:,} {unit} (k = {found['k']})"
        )
        click.echo(
            f"独一无二 / unique: {exposure['unique']:,} ({exposure['unique_share']:.1%})；"
            f"不足 k 的组 / classes under k: {exposure['small_classes']:,} of "
            f"{exposure['classes']:,}，共 / holding {exposure['small_members']:,} "
            f"({exposure['small_share']:.1%})"
        )
        for each in exposure["alone"]:
            click.echo(
                f"  {each['column']}: {each['values']:,} 个值 / values，"
                f"{each['unique']:,} 个只出现一次 / occurring once"
            )
    for each in found["direct"]:
        name = identifiers.NAMES[each["form"]]
        click.echo(
            f"直接认出人 / names people: {each['column']}，{each['values']:,} 个像{name.zh} / "
            f"look like {name.en}"
        )
    if found.get("reason"):
        click.echo(f"理由 / reason: {found['reason']}")
    if "enough" in found:
        click.echo(
            "每一组都不少于 k / every class has at least k"
            if found["enough"]
            else "没有达到要求：请把这些列分得粗一些，或去掉直接认出人的列，再检查一次。/ "
            "It falls short: coarsen these columns, or leave out what names people, then check again."
        )
