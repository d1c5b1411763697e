"""evaluate without a registry: a plan, a data file, and three files that say what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands import describing
from portal.commands.places import free, read_toml, section, writable, write_all
from registry.errors import Invalid

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from portal.home.exploratory import Explored

REPORT, ENVELOPE, PAGE = "report.json", "report.dsse.json", "report.html"
SEALED = "sealed-evidence.json"


class NotAPlan(Invalid):
    """A plan is TOML or JSON; a report holds the plan that it was made by."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is to be run.

    Args:
        plan: as written.
        data: what the file says of the data, `[data]`.
        stated: the report that is to be repeated, where a report was given.
    """

    plan: dict[str, Any]
    data: Mapping[str, str]
    stated: Mapping[str, Any] | None = None

    @property
    def nonce(self) -> str | None:
        """The nonce of the report that is to be repeated."""
        return str(self.stated["nonce"]) if self.stated else None


def read(path: Path) -> Asking:
    """The plan in a file: TOML, JSON, or a report (bare or in its envelope), which is repeated.

    Raises:
        NotToml, NotAPlan: when it is none of these.
    """
    text = path.read_bytes()
    if text.lstrip()[:1] != b"{":
        written = read_toml(path)
        described = written.pop("data", {})
        return Asking(section(written, "plan"), described)
    from registry import json_text

    try:
        content = json_text.parse(text)
        if "payload" in content:
            from registry import attestation

            sealed = attestation.decode(text, unsigned=True)
            content = attestation.parse(attestation.payload(sealed))
        content = content.get("predicate", content)
        if "findings" not in content:
            described = content.pop("data", {})
            return Asking(section(content, "plan"), described)
        described = describing.of_report(content["data"])
        return Asking(dict(content["plan"]["content"]), described, content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAPlan(
            f"{path} 里没有评估计划。请给出 TOML 或 JSON 写的计划，或一份报告。",
            f"{path} holds no plan. Give a plan in TOML or JSON, or a report.",
        ) from error


def run(
    asking: Asking,
    data: describing.Description,
    given: Mapping[str, Any],
    *,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run here, with no server and no account, and hand it in where that is asked."""
    from portal.commands import repeating, showing
    from portal.home import exploratory
    from registry.settings import settings

    if data.path is None:
        raise click.UsageError("请用 --data 给出数据文件。/ Give the data with --data.")
    if given["model"] and given["endpoint"]:
        raise click.UsageError("--model 和 --endpoint 只用一个。/ Use --model or --endpoint.")
    if out is not None:  # before the run, which may be long
        for name in (REPORT, ENVELOPE, PAGE, SEALED):
            free(out / name)
        writable(out)
    key = _key(given["key"], encrypted=given["encrypted"])
    with showing.progress(quiet=as_json) as tell:
        made = exploratory.explore(
            asking.plan,
            data.path,
            asked=exploratory.Asked(given["model"], given["endpoint"]),
            settings=settings(),
            nonce=given["nonce"] or asking.nonce,
            said=data.stated,
            tell=tell,
        )
    written = write(out, files(made, key))
    if as_json:
        showing.as_json(made.report)
    else:
        _show(made, written, data.path)
    if asking.stated is not None:
        repeating.show(asking.stated, made.report, as_json=as_json)
    if given["hand_in"]:
        handed = repeating.hand_in(
            made.report, data, version=given["hand_in"], engagement=given["engagement"],
            quiet=as_json,
        )  # fmt: skip
        write(out, handed.files)
        repeating.tell_handed(handed, as_json=as_json)


def files(made: "Explored", key: "Ed25519PrivateKey | None") -> dict[str, bytes]:
    """Name → content of what a run writes."""
    from portal.pages import report_file
    from registry import attestation

    statement = attestation.parse(made.statement())
    return {
        REPORT: attestation.canonical(made.report),
        ENVELOPE: made.envelope(key).encode(),
        PAGE: report_file.render(statement).encode(),
        SEALED: attestation.canonical(made.sealed),
    }


def write(out: Path | None, contents: Mapping[str, bytes]) -> list[Path]:
    """Write the files into the folder, where one is given."""
    return [] if out is None else write_all(out, contents)


def _key(path: Path | None, *, encrypted: bool) -> "Ed25519PrivateKey | None":
    if path is None:
        return None
    from portal.commands import papers

    return papers.private_key(path, encrypted=encrypted)


def _show(made: "Explored", written: list[Path], data: Path) -> None:
    from portal.commands import showing
    from portal.home import telling

    standing = made.report["standing"]
    click.secho(f"{standing['zh']}\n{standing['en']}", fg="yellow")
    # Whoever has the rows may see every number; the report may go to others.
    plan = made.report["plan"]["content"]
    showing.findings(made.sealed["findings"], published=made.report["findings"], plan=plan)
    if counted := telling.rows_counted(made.report):
        click.echo(f"没有算进去的行：{counted.zh}\nRows left out: {counted.en}")
    for doubt in telling.data_doubts(made.report):
        click.secho(f"数据可疑 / doubtful: {doubt.zh}\n{doubt.en}", fg="yellow")
    if order := telling.classes_in_order(made.report):
        click.echo(f"{order.zh}\n{order.en}")
    for each in made.report["probes"]:
        if each["package"]["third_party"]:
            package = f"{each['package']['name']} {each['package']['version']}"
            failed = "（出错 / failed）" if "failed" in each else ""
            click.echo(f"第三方 / third party: {each['id']} ({package}){failed}")
    click.echo(f"随机数 / nonce:     {made.report['nonce']}")
    click.echo(f"结果摘要 / digest:  {made.report['findings_digest']}")
    for path in written:
        click.echo(f"已写出 / written:   {path}")
    if written:
        click.echo(f"先看 / open first:  {written[0].parent / PAGE}")
        click.echo(
            f"下一步 / next:      mingsuan hand-in {written[0].parent} --data {data} --version ID "
            "--quasi COLUMN … （受托的 / for another's model: --engagement ID）"
        )
