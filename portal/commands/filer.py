"""submit, explain, file: what the enterprise that owns a model does through the registry."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands import describing
from portal.commands.places import FILE, FOLDER, read_toml, section

if TYPE_CHECKING:
    from portal.client import Client, Tell

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")


def _read_before(_context: click.Context, _option: click.Parameter, value: int | None) -> int:
    """The revision that its writer read; nobody writes over what they have not seen."""
    if value is None:
        raise click.UsageError(
            "请用 --revision 给出您看过的修订次数：mingsuan file show <备案> 会显示，每次写入后也会显示新的"
            "一次。之后有人改过，就不写入。/ Give --revision, the revision you read: `mingsuan file show "
            "FILING` prints it, and so does every write. Nothing is written when someone changed the "
            "filing since."
        )
    return value


REVISION = click.option(
    "--revision",
    type=click.IntRange(min=1),
    callback=_read_before,
    help="您看过的修订次数（file show 会显示）；之后有人改过就不写入 / the revision you read, as `file "
    "show` prints it; nothing is written when someone changed the filing since",
)


@click.command(help="提交一个 MLflow 模型目录。/ Submit an MLflow model directory.")
@click.argument("directory", type=FOLDER)
@click.option("--model", required=True, help="模型名称 / the model's name")
@click.option("--note", default="", help="对这个版本的说明 / a note on this version")
@JSON
def submit(directory: Path, *, model: str, note: str, as_json: bool) -> None:
    """The same content under the same name is one version, however often it is sent."""
    from urllib.parse import quote

    from portal import packing
    from portal.client import Client
    from portal.commands import showing
    from registry.settings import settings

    with Client.of(settings()) as client, packing.packed(directory) as archive:
        headers = {
            "Content-Type": "application/gzip",
            "Idempotency-Key": packing.key_of(archive, model=model),
        }
        with showing.progress(quiet=as_json) as tell:
            _, made = client.send_file(
                f"/models/{quote(model, safe='')}/versions",
                archive,
                params={"note": note},
                headers=headers,
                tell=tell,
            )
    if as_json:
        showing.as_json(made)
        return
    click.echo(f"模型版本 / version:   {made['model_name']} @ {made['number']}")
    click.echo(f"编号 / id:            {made['id']}")
    click.echo(f"摘要 / digest:        {made['digest']}")
    click.echo(f"格式 / format:        {made['flavour']} · {made['trust_class']}")
    click.echo(f"下一步 / next:        mingsuan file open {made['id']}")


@click.command(
    help="为一个版本生成给公众看的说明，读过后用 --approve 确认。/ "
    "Make the explanation of a version for the public; read it, then --approve."
)
@click.argument("version")
@describing.options
@click.option(
    "--plan",
    "plan_file",
    type=FILE,
    help="TOML：任务、界线、各列的平实名称 / task, cut, plain names of the columns",
)
@click.option("--report", help="引用哪份已会签的报告 / the countersigned report it quotes")
@click.option("--explanation", help="已生成的说明，只读不重做 / one already made, to be read")
@click.option("--approve", is_flag=True, help="确认这份说明 / let the text stand")
@click.option(
    "--language", type=click.Choice(["zh", "en"]), default="zh", help="打印的语言 / printed in"
)
@JSON
def explain(
    version: str,
    *,
    plan_file: Path | None,
    report: str | None,
    explanation: str | None,
    approve: bool,
    language: str,
    as_json: bool,
    **given: Any,
) -> None:
    """The plan may stand in a table [explanation], what is said of the data in [data]."""
    from portal.client import Client
    from portal.commands import showing
    from registry.settings import settings

    if (plan_file is None) == (explanation is None):
        raise click.UsageError(
            "请给出 --plan，或用 --explanation 读已有的说明。/ Give --plan, or --explanation to "
            "read one already made."
        )
    with Client.of(settings()) as client, showing.progress(quiet=as_json) as tell:
        if plan_file is not None:
            wish = _wish(client, version, read_toml(plan_file), given, tell) | {
                "report_id": report
            }
            explanation = client.post(f"/versions/{version}/explanations", wish)["id"]
        made = client.wait(f"/explanations/{explanation}", tell=tell)
        if approve:
            made = client.post(f"/explanations/{explanation}/approve")
    if as_json:
        showing.as_json(made)
        return
    _print_explanation(made, language)


def _wish(
    client: "Client",
    version: str,
    written: dict[str, Any],
    given: Mapping[str, Any],
    tell: "Tell",
) -> dict[str, Any]:
    """What is asked for: the plan in the API's form, and the data on record."""
    data = describing.of_options(given).beside(written.pop("data", {}))
    told = section(written, "explanation")
    inputs = [str(each["name"]) for each in client.get(f"/versions/{version}")["inputs"]]
    columns = listed(told.get("columns", []), inputs)
    roles = [{"name": each.get("name"), "role": "input"} for each in columns]
    return {
        "dataset_id": data.registered(client, use="explanation", columns=roles, tell=tell),
        "plan": {**told, "columns": columns},
    }


def listed(columns: Any, order: Iterable[str]) -> list[dict[str, Any]]:
    """The columns of a plan as a list, whether they were written as a list or as tables.

    Args:
        columns: a list of {name, …}, or name → {…}.
        order: the model's inputs; columns beyond them come last.
    """
    if not isinstance(columns, Mapping):
        return [dict(each) for each in columns]
    first = [name for name in order if name in columns]
    rest = [name for name in columns if name not in first]
    return [{"name": name, **columns[name]} for name in (*first, *rest)]


def _print_explanation(made: Mapping[str, Any], language: str) -> None:
    from rich.markup import escape

    from portal.commands import showing

    out = showing.console()
    for number, question in enumerate(made["content"]["questions"], start=1):
        out.print(escape(f"{number}. {question['title'][language]}"), style="bold")
        for said in question["lead"]:
            out.print(escape(f"   {said[language]}"))
            if said.get("limit"):
                out.print(escape(f"   （{said['limit'][language]}）"), style="dim")
        for part in question["detail"]:
            out.print(escape(f"   {part['title'][language]}"), style="underline")
            for said in part["sentences"]:
                out.print(escape(f"   · {said[language]}"))
    out.print(f"编号 / id: {made['id']}")
    if made["approved"] is None:
        again = f"mingsuan explain {made['version_id']} --explanation {made['id']} --approve"
        out.print(f"尚未确认，读过以后 / not confirmed yet; when you have read it: {again}")


@click.group(help="填写、检查、提交备案材料。/ Fill in, check and submit a filing.")
def file() -> None:
    """A filing is no permit; the authority reviews what is submitted."""


@file.command("open", help="为一个版本新建备案。/ Open a filing for a version.")
@click.argument("version")
@JSON
def open_filing(version: str, *, as_json: bool) -> None:
    """Prints the filing's id and what is to be filled in."""
    _ask("POST", f"/versions/{version}/filings", None, as_json=as_json)


@file.command("fill", help="用 TOML 文件填写。/ Fill in answers from a TOML file.")
@click.argument("filing")
@click.argument("answers", type=FILE)
@REVISION
@JSON
def fill(filing: str, answers: Path, *, revision: int, as_json: bool) -> None:
    """Fields by code, at the top or in a table [answers]; fields not named stay as they are."""
    given = plain(section(read_toml(answers), "answers"))
    _write("PATCH", filing, "answers", {"answers": given}, revision=revision, as_json=as_json)


@file.command("attach", help="附上报告或说明。/ Attach a report or an explanation.")
@click.argument("filing")
@click.option("--report", help="报告编号 / the report's id")
@click.option("--explanation", help="说明编号 / the explanation's id")
@REVISION
@JSON
def attach(
    filing: str,
    *,
    report: str | None,
    explanation: str | None,
    revision: int,
    as_json: bool,
) -> None:
    """Attaching twice changes nothing."""
    if report is None and explanation is None:
        raise click.UsageError(
            "请给出 --report 或 --explanation。/ Give --report or --explanation."
        )
    body = {"report_id": report, "explanation_id": explanation}
    _write("POST", filing, "attachments", body, revision=revision, as_json=as_json)


@file.command("detach", help="取下报告。/ Detach a report.")
@click.argument("filing")
@click.argument("report")
@REVISION
@JSON
def detach(filing: str, report: str, *, revision: int, as_json: bool) -> None:
    """The report stays on record."""
    from portal.client import Client
    from registry.settings import settings

    here = f"/filings/{filing}"
    with Client.of(settings()) as client:
        made = client.delete(f"{here}/attachments/{report}?revision={revision}")
    show_filing(made, as_json=as_json)


@file.command("check", help="自查：材料是否齐全。/ Check whether the filing is complete.")
@click.argument("filing")
@REVISION
@JSON
def check(filing: str, *, revision: int, as_json: bool) -> None:
    """Lists everything that is missing; exit code 1 when something is."""
    body = {"action": "check"}
    _write("POST", filing, "steps", body, revision=revision, as_json=as_json)


@file.command("submit", help="提交给主管部门审核。/ Submit the filing to the authority.")
@click.argument("filing")
@REVISION
@JSON
def hand_in(filing: str, *, revision: int, as_json: bool) -> None:
    """The filing must have been checked before."""
    body = {"action": "submit"}
    _write("POST", filing, "steps", body, revision=revision, as_json=as_json)


@file.command("show", help="查看进度和缺项。/ Show status, completeness and what is missing.")
@click.argument("filing")
@JSON
def show(filing: str, *, as_json: bool) -> None:
    """What is missing is listed group by group."""
    _ask("GET", f"/filings/{filing}", None, as_json=as_json)


def plain(value: Any) -> Any:
    """TOML content as JSON content: days and times become text."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _ask(method: str, path: str, body: Mapping[str, Any] | None, *, as_json: bool) -> None:
    from portal.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        made = client.get(path) if method == "GET" else client.post(path, body)
    show_filing(made, as_json=as_json)


def _write(
    method: str,
    filing: str,
    what: str,
    body: Mapping[str, Any],
    *,
    revision: int,
    as_json: bool,
) -> None:
    from portal.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        made = written(client, method, filing, what, body, revision=revision)
    show_filing(made, as_json=as_json)


def written(
    client: "Client",
    method: str,
    filing: str,
    what: str,
    body: Mapping[str, Any],
    *,
    revision: int,
) -> dict[str, Any]:
    """Change a filing, against the revision that was read, and return it.

    Args:
        client: the registry.
        method: `PATCH` or `POST`.
        filing: which filing.
        what: the last part of the address, such as `answers`.
        body: the change.
        revision: the revision that the caller read.
    """
    here = f"/filings/{filing}"
    change = client.patch if method == "PATCH" else client.post
    made: dict[str, Any] = change(f"{here}/{what}", {**body, "revision": revision})
    return made


def show_filing(made: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a filing: where it stands, what is missing and what comes next."""
    from portal.commands import showing

    if as_json:
        showing.as_json(made)
    else:
        _print_filing(made)


def _print_filing(made: Mapping[str, Any]) -> None:
    from rich.markup import escape

    from filing.fields import schema
    from portal.commands import showing

    out = showing.console()
    name = made["status_name"]
    out.print(f"备案 / filing:    {made['id']}", style="bold")
    out.print(f"状态 / status:    {name['zh']} / {name['en']}")
    out.print(f"修订 / revision:  {made['revision']}")
    if made["number"]:
        out.print(f"编号 / number:    {made['number']}")
    out.print(f"完成 / complete:  {made['percent']}%")
    for group in schema().groups:
        lacking = [each for each in made["lacking"] if each["item"].startswith(group.id)]
        if lacking:
            out.print(escape(f"\n{group.id} {group.name}"), style="bold")
        for each in lacking:
            _print_fault(out, each)
    gate = made["gate"]
    missing = [each for each in gate["hurdles"] if not each["passed"]] if gate else []
    if missing:
        out.print("\n按风险等级还需要 / what the risk grade still asks for", style="bold")
    for each in missing:
        _print_fault(out, each)
    waiting = made.get("grade_proposal")
    if waiting:
        out.print(
            escape(
                f"\n等另一位审核人员确认的等级 / a grade that waits for a second reviewer: "
                f"{waiting['level']}（{waiting['reason']['zh']}）"
            )
        )
    if made["steps"]:
        names = [f"{step['name']['zh']} / {step['name']['en']}" for step in made["steps"]]
        out.print(escape(f"\n可做的下一步 / next: {'；'.join(names)}"))


def _print_fault(out: Any, each: Mapping[str, Any]) -> None:
    from rich.markup import escape

    said, remedy = each["said"], each["remedy"]
    out.print(escape(f"  · {each['item']}：{said['zh']} {remedy['zh']}"))
    out.print(escape(f"    {said['en']} {remedy['en']}"), style="dim")
