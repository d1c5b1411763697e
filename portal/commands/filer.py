"""submit, explain, file: what the enterprise that owns a model does through the registry."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.commands import describing, previewing
from portal.commands.places import FILE, FOLDER, free, read_toml, section, writable, write_all

if TYPE_CHECKING:
    from portal.commands.client import Client, Tell

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


class _Required(click.Option):
    """An option that help marks as required, and whose own message tells where its value is."""

    def get_help_extra(self, ctx: click.Context) -> Any:
        """What help prints behind the words."""
        return {**super().get_help_extra(ctx), "required": "required"}


REVISION = click.option(
    "--revision",
    cls=_Required,
    type=click.IntRange(min=1),
    callback=_read_before,
    help="您看过的修订次数（file show 会显示）；之后有人改过就不写入 / the revision you read, as `file "
    "show` prints it; nothing is written when someone changed the filing since",
)
REASON = click.option("--reason", default="", help="理由（中文）/ the reason, in Chinese")
STEPS = ("reopen", "recall", "withdraw", "amend", "abandon", "cancel")
"""The filer's steps without a verb of their own; `check` and `submit` have one."""


@click.command(help="提交一个 MLflow 模型目录。/ Submit an MLflow model directory.")
@click.argument("directory", type=FOLDER)
@click.option("--model", required=True, help="模型名称 / the model's name")
@click.option("--note", default="", help="对这个版本的说明 / a note on this version")
@JSON
def submit(directory: Path, *, model: str, note: str, as_json: bool) -> None:
    """The same content under the same name is one version, however often it is sent."""
    from urllib.parse import quote

    from portal.commands import showing
    from portal.commands.client import Client
    from portal.home import packing
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
@click.option(
    "--init",
    type=click.Path(path_type=Path),
    help="写一份计划草稿，再填写 / write a plan to fill in (with --data, its levels too)",
)
@click.option("--report", help="引用哪份已签章确认的报告 / the countersigned report it quotes")
@click.option("--explanation", help="已生成的说明，只读不重做 / one already made, to be read")
@click.option("--approve", is_flag=True, help="确认这份说明 / let the text stand")
@click.option("--reason", default="", help="为什么保留不好懂的话 / why hard words are kept")
@click.option("--reason-en", default="", help="同上，英文 / the same in English")
@click.option(
    "--differing",
    "-d",
    multiple=True,
    metavar="ID=理由",
    help="写的和测到的为什么不一样，可写多次 / why what is declared differs from what was measured",
)
@click.option(
    "--differing-en", multiple=True, metavar="ID=REASON", help="同上，英文 / the same in English"
)
@click.option(
    "--language", type=click.Choice(["zh", "en"]), default="zh", help="打印的语言 / printed in"
)
@JSON
def explain(
    version: str,
    *,
    plan_file: Path | None,
    init: Path | None,
    report: str | None,
    explanation: str | None,
    approve: bool,
    reason: str,
    reason_en: str,
    differing: tuple[str, ...],
    differing_en: tuple[str, ...],
    language: str,
    as_json: bool,
    **given: Any,
) -> None:
    """The plan may stand in a table [explanation], what is said of the data in [data]."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    if [plan_file, init, explanation].count(None) != 2:
        raise click.UsageError(
            "请给出 --plan；没有的话用 --init 写一份；或用 --explanation 读已有的说明。/ Give --plan, "
            "--init to write one, or --explanation to read one already made."
        )
    if init is not None:
        _init(version, init, given["data"])
        return
    with Client.of(settings()) as client, showing.progress(quiet=as_json) as tell:
        if plan_file is not None:
            wish = _wish(client, version, read_toml(plan_file), given, tell) | {
                "report_id": report
            }
            explanation = client.post(f"/versions/{version}/explanations", wish)["id"]
        made = client.wait(f"/explanations/{explanation}", tell=tell)
        if approve:
            kept = {
                "reason": reason,
                "reason_en": reason_en,
                "differing": _differing(differing),
                "differing_en": _differing(differing_en),
            }
            made = client.post(f"/explanations/{explanation}/approve", kept)
    if as_json:
        showing.as_json(made)
        return
    _print_explanation(made, language)


def _init(version: str, plan: Path, data: Path | None) -> None:
    """Write the draft of a plan where nothing lies yet."""
    from portal.commands.client import Client
    from portal.home import explanation_start
    from registry.settings import settings

    free(plan)
    writable(plan.parent)
    with Client.of(settings()) as client:
        inputs = client.get(f"/versions/{version}")["inputs"]
    write_all(plan.parent, {plan.name: explanation_start.draft(inputs, data).encode()})
    click.echo(f"已写出，请填写 / written, fill it in: {plan}", err=True)


def _differing(given: Iterable[str]) -> dict[str, str]:
    """The reasons for contradictions by id, from `id=reason`."""
    pairs = [each.partition("=") for each in given]
    for name, equals, _ in pairs:
        if not equals:
            raise click.UsageError(
                f"--differing 要写成 ID=理由：{name} / Write --differing as ID=reason: {name}"
            )
    return {name.strip(): said.strip() for name, _, said in pairs}


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
    differing = made["content"].get("contradictions", ())
    if differing:
        out.print("写的和测到的不一样 / declared otherwise than measured", style="bold")
    for each in differing:
        out.print(escape(f"   {each['id']}  {each['said'][language]}"))
    out.print(f"编号 / id: {made['id']}")
    if made["approved"] is None:
        again = f"mingsuan explain {made['version_id']} --explanation {made['id']} --approve"
        out.print(f"尚未确认，读过以后 / not confirmed yet; when you have read it: {again}")


@click.group(help="填写、检查、提交备案材料。/ Fill in, check and submit a filing.")
def file() -> None:
    """A filing is no permit; the authority reviews what is submitted."""


file.add_command(previewing.preview)


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


@file.command(
    "take",
    help="看可以从模型文件、MLflow、数据集取来的内容，或者取来。/ Show or take what stands elsewhere.",
)
@click.argument("filing")
@click.option(
    "--revision",
    type=click.IntRange(min=1),
    help="取来：照您读到的修订号 / take all of it, against the revision that you read",
)
@JSON
def take(filing: str, *, revision: int | None, as_json: bool) -> None:
    """Without --revision nothing is changed. Each answer keeps its source and that source's digest."""
    from portal.commands import showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = client.get(f"/filings/{filing}/offered")
    if revision is not None and found:
        _write("PATCH", filing, "answers", {"answers": found}, revision=revision, as_json=as_json)
        return
    showing.as_json(found)


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


@file.command("upload", help="上传证明文件，打印填写时怎样写它。/ Upload an evidence file.")
@click.argument("filing")
@click.argument("path", type=FILE)
def upload(filing: str, path: Path) -> None:
    """Prints what an answer names it by; page and expires may be added there."""
    import json

    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        made = client.send_file(f"/filings/{filing}/files", path, params={"name": path.name})[1]
    click.echo(json.dumps(made, ensure_ascii=False))


@file.command("download", help="取下备案里的一个文件。/ Save an evidence file of a filing.")
@click.argument("filing")
@click.argument("sha256")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="写到哪里 / where to")
def download(filing: str, sha256: str, out: Path) -> None:
    """For whoever may read the dossier."""
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        out.write_bytes(client.read(f"/filings/{filing}/files/{sha256}"))


@file.command("detach", help="取下报告。/ Detach a report.")
@click.argument("filing")
@click.argument("report")
@REVISION
@JSON
def detach(filing: str, report: str, *, revision: int, as_json: bool) -> None:
    """The report stays on record."""
    from portal.commands import filing_view
    from portal.commands.client import Client
    from registry.settings import settings

    here = f"/filings/{filing}"
    with Client.of(settings()) as client, stale(client, filing, revision, look="file"):
        made = client.delete(f"{here}/attachments/{report}?revision={revision}")
    filing_view.show(made, as_json=as_json)


@file.command(
    "form",
    help="看换成新版备案表会改变什么。/ See what the newest version of the form would change.",
)
@click.argument("filing")
@JSON
def newer_form(filing: str, *, as_json: bool) -> None:
    """Nothing is changed; `mingsuan file carry` makes the move."""
    from portal.commands import filing_view
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = client.get(f"/filings/{filing}/form")
    filing_view.newer_form(found, as_json=as_json)


@file.command("carry", help="换成新版备案表。/ Move to the newest version of the form.")
@click.argument("filing")
@REVISION
@JSON
def carry(filing: str, *, revision: int, as_json: bool) -> None:
    """What was published stays as it is; under the newest form already, nothing changes."""
    _write("POST", filing, "form", {}, revision=revision, as_json=as_json)


@file.command(
    "copy",
    help="从本单位另一份备案取来内容，只填还空着的。/ Take over from another filing what is open.",
)
@click.argument("filing")
@click.argument("earlier")
@REVISION
@JSON
def copy(filing: str, earlier: str, *, revision: int, as_json: bool) -> None:
    """Name, summary, questionnaire and files are not taken."""
    body = {"earlier_id": earlier}
    _write("POST", filing, "copy", body, revision=revision, as_json=as_json)


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
@click.option(
    "--note",
    default="",
    help="变更说明（中文）：改了什么、为什么改；变更已公示的备案时要写 / the note on a change of a "
    "published filing, in Chinese: what was changed and why",
)
@click.option(
    "--differing",
    "-d",
    multiple=True,
    metavar="ID=理由",
    help="写的和测到的为什么不一样，可写多次 / why what is declared differs from what was measured",
)
@REVISION
@JSON
def hand_in(
    filing: str, *, note: str, differing: tuple[str, ...], revision: int, as_json: bool
) -> None:
    """The filing must have been checked before."""
    kept = {name: {"zh": why} for name, why in _differing(differing).items()}
    body = {"action": "submit", **said("reason", note), **({"differing": kept} if kept else {})}
    _write("POST", filing, "steps", body, revision=revision, as_json=as_json)


@file.command(
    "step",
    help="走一步：reopen 继续修改、recall 收回提交、withdraw 撤回、amend 变更备案、abandon 放弃变更、cancel 注销备案。/ "
    "Take a step: reopen for editing, recall (take the submission back), withdraw, amend (start a "
    "change), abandon the change, cancel the filing.",
)
@click.argument("filing")
@click.argument("action", type=click.Choice(STEPS))
@REASON
@REVISION
@JSON
def step(filing: str, action: str, *, reason: str, revision: int, as_json: bool) -> None:
    """Everything that stands in the way is listed; exit code 1 when something does."""
    body = {"action": action, **said("reason", reason)}
    _write("POST", filing, "steps", body, revision=revision, as_json=as_json)


@file.command("reply", help="答复一条退回意见。/ Answer a remark on a returned filing.")
@click.argument("filing")
@click.argument("remark")
@click.argument("words")
@REVISION
@JSON
def reply(filing: str, remark: str, words: str, *, revision: int, as_json: bool) -> None:
    """REMARK is the id that `file show` prints; changing the field is an answer, too."""
    from portal.commands import filing_view
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        with stale(client, filing, revision, look="file"):
            client.post(f"/remarks/{remark}/reply", {"zh": words, "revision": revision})
        made = client.get(f"/filings/{filing}")
    filing_view.show(made, as_json=as_json)


@file.command("show", help="查看进度和缺项。/ Show status, completeness and what is missing.")
@click.argument("filing")
@JSON
def show(filing: str, *, as_json: bool) -> None:
    """What is missing is listed group by group, and of a returned filing every open remark."""
    _ask("GET", f"/filings/{filing}", None, as_json=as_json)


@file.command(
    "returns", help="退回和补正的经过。/ Each return: what was asked, answered and changed."
)
@click.argument("filing")
@JSON
def returns(filing: str, *, as_json: bool) -> None:
    """For the filer and for reviewers; the oldest first."""
    from portal.commands import filing_view, showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        found = list(client.items(f"/filings/{filing}/returns"))
    if as_json:
        showing.as_json(found)
        return
    filing_view.returns(found)


def said(name: str, zh: str) -> dict[str, dict[str, str]]:
    """A wording as a part of a body; nothing where nothing was written."""
    return {name: {"zh": zh}} if zh else {}


def plain(value: Any) -> Any:
    """TOML content as JSON content: days and times become text."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _ask(method: str, path: str, body: Mapping[str, Any] | None, *, as_json: bool) -> None:
    from portal.commands import filing_view
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        made = client.get(path) if method == "GET" else client.post(path, body)
    filing_view.show(made, as_json=as_json)


def _write(
    method: str,
    filing: str,
    what: str,
    body: Mapping[str, Any],
    *,
    revision: int,
    as_json: bool,
) -> None:
    from portal.commands import filing_view
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        made = written(client, method, filing, what, body, revision=revision, look="file")
    filing_view.show(made, as_json=as_json)


def written(
    client: "Client",
    method: str,
    filing: str,
    what: str,
    body: Mapping[str, Any],
    *,
    revision: int,
    look: str,
) -> dict[str, Any]:
    """Change a filing, against the revision that was read, and return it.

    Args:
        client: the registry.
        method: `PATCH` or `POST`.
        filing: which filing.
        what: the last part of the address, such as `answers`.
        body: the change.
        revision: the revision that the caller read.
        look: the group of commands whose `show` prints the filing to the caller.
    """
    change = client.patch if method == "PATCH" else client.post
    with stale(client, filing, revision, look=look):
        made: dict[str, Any] = change(f"/filings/{filing}/{what}", {**body, "revision": revision})
    return made


@contextmanager
def stale(client: "Client", filing: str, revision: int, *, look: str) -> Iterator[None]:
    """Tell who wrote against an older revision where the present one is read.

    Args:
        client: the registry.
        filing: which filing.
        revision: the revision that the caller read.
        look: the group of commands whose `show` prints the filing to the caller.
    """
    from registry.errors import Conflict

    try:
        yield
    except Conflict as refused:
        if client.get(f"/filings/{filing}")["revision"] == revision:
            raise
        raise Conflict(
            f"{refused.said.zh}现在的内容：mingsuan {look} show {filing}",
            f"{refused.said.en} As it is now: mingsuan {look} show {filing}",
            reasons=refused.reasons,
        ) from None
