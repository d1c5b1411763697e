"""The command line: one table of commands, each imported only when it is called."""

import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from portal.commands import usage
from registry.language import LANGUAGES, Text, followed

if TYPE_CHECKING:
    from registry.errors import RegisterError


LINES, WIDEST = 20, 300
"""How much of what a model printed is shown: the last lines, so many characters of each."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives and what the overview says of it.

    Args:
        place: `module:name`, imported when the command is called.
        about: one line for the overview, Chinese first.
    """

    place: str
    about: Text


COMMANDS: dict[str, Entry] = {
    "demo": Entry(
        "portal.commands.demo:demo",
        Text("用真实数据跑通全过程，再打开网站", "the whole job on real data, then the site"),
    ),
    "serve": Entry(
        "portal.commands.serving:serve",
        Text("启动网站、工作进程和签名进程", "the server, a worker and the signer"),
    ),
    "worker": Entry(
        "portal.commands.serving:worker",
        Text("只启动一个工作进程", "one worker process"),
    ),
    "signer": Entry(
        "portal.commands.serving:signer",
        Text("只启动签名进程", "the signer process"),
    ),
    "submit": Entry(
        "portal.commands.filer:submit",
        Text("提交一个 MLflow 模型目录", "submit an MLflow model directory"),
    ),
    "data": Entry(
        "portal.commands.data:data",
        Text("登记数据，检查会不会认出人", "register data, check who could be singled out"),
    ),
    "engagement": Entry(
        "portal.commands.engaging:engagement",
        Text("委托测试机构：授予、接受、结束", "engage a tester: grant, take on, end"),
    ),
    "evaluate": Entry(
        "portal.commands.tester:evaluate",
        Text("按计划评估一个版本", "evaluate a version by a plan"),
    ),
    "hand-in": Entry(
        "portal.commands.repeating:command",
        Text("把本机的评估交给登记系统重做", "have a run made at home registered and repeated"),
    ),
    "compare": Entry(
        "portal.commands.comparing:compare",
        Text(
            "比较两份报告：变好、变差、看不出变化", "two reports: better, worse, no change shown"
        ),
    ),
    "work": Entry(
        "portal.commands.work:work",
        Text("查看、继续、取消排队的工作", "show, resume or cancel requested work"),
    ),
    "explain": Entry(
        "portal.commands.filer:explain",
        Text("生成给公众看的说明", "make the explanation for the public"),
    ),
    "file": Entry(
        "portal.commands.filer:file",
        Text("填写、检查、提交备案材料", "fill in, check and submit a filing"),
    ),
    "review": Entry(
        "portal.commands.reviewer:review",
        Text("审核备案：退回、受理、公示、调整等级", "review a filing: steps and grades"),
    ),
    "case": Entry(
        "portal.commands.concerning:case",
        Text(
            "申诉、投诉、举报：提交、查询、办理", "appeal, complain, report; follow; deal with it"
        ),
    ),
    "record": Entry(
        "portal.commands.record:record",
        Text("公示的备案：现在的，或者某一天的", "what a filing says in public, now or on a day"),
    ),
    "recommended": Entry(
        "portal.commands.recommended:recommended",
        Text(
            "推荐目录：查看、重算、申请、决定",
            "the recommended catalogue: read, recompute, apply, decide",
        ),
    ),
    "inbox": Entry(
        "portal.commands.concerning:inbox",
        Text("等本单位办的", "what waits for your organisation"),
    ),
    "sign": Entry(
        "portal.commands.papers:sign",
        Text("用本单位的钥匙签章确认报告", "countersign a report with your key"),
    ),
    "report": Entry(
        "portal.commands.reporting:report",
        Text("撤回报告，回应报告的结果", "withdraw a report, answer its findings"),
    ),
    "verify": Entry(
        "portal.commands.papers:verify",
        Text("离线核验报告", "verify a report, offline"),
    ),
    "keys": Entry(
        "portal.commands.papers:keys",
        Text("制作、登记、查看钥匙", "make, register and show keys"),
    ),
    "config": Entry(
        "portal.commands.house:config",
        Text("显示设置及其来源", "the settings and where each comes from"),
    ),
    "plugin": Entry(
        "portal.commands.plugins:plugin",
        Text("第三方检验：新建、列出、试用", "probes of your own: make, list, try out"),
    ),
    "doctor": Entry(
        "portal.commands.house:doctor",
        Text("检查安装、沙箱和存储", "check the installation, sandbox and store"),
    ),
    "journal": Entry(
        "portal.commands.journal:journal",
        Text("导出日志，离线核验", "export the journal, verify it offline"),
    ),
    "users": Entry(
        "portal.commands.people:users",
        Text("单位、邀请和人员", "organisations, invitations and people"),
    ),
}


class Commands(click.Group):
    """The group whose commands are imported when called, so that help costs nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].place.partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name].place} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The overview, from the table alone."""
        with formatter.section("命令 / Commands"):
            formatter.write_dl([(name, str(entry.about)) for name, entry in COMMANDS.items()])


click.Context.formatter_class = usage.HelpText


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mingsuan", prog_name="mingsuan")
def app() -> None:
    """明算：算法模型的备案、第三方评估与公众说明，合在一处。

    Mingsuan joins the filing of an algorithm model to a third-party evaluation of the same
    version and to an explanation the public understands. A filing is no permit.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; an error of the register becomes one clear message and exit code 1.

    Exit code 2 means that the command was not understood.
    """
    from registry.errors import RegisterError

    given = list(sys.argv[1:] if arguments is None else arguments)
    tell = _tell_program if "--json" in given else _tell_person
    try:
        code = app.main(args=given, prog_name="mingsuan", standalone_mode=False)
    except click.ClickException as error:
        _tell_misunderstood(error, program="--json" in given)
        raise SystemExit(error.exit_code) from None
    except click.Abort:
        click.echo("已中止。/ Stopped.", err=True)
        raise SystemExit(1) from None
    except RegisterError as error:
        tell(error)
        raise SystemExit(1) from None
    except OSError as error:
        tell(_of_a_file(error))
        raise SystemExit(1) from None
    except Exception as error:
        from registry import environment  # takes its time, so only where it is needed

        away = environment.unavailable(error)
        if away is None:
            raise
        tell(away)
        raise SystemExit(1) from None
    raise SystemExit(code if isinstance(code, int) else 0)


def _tell_misunderstood(error: click.ClickException, *, program: bool) -> None:
    if program and not isinstance(error, click.exceptions.NoArgsIsHelpError):
        _print_json(type(error).__name__, usage.said(error), [])
    else:
        usage.tell(error)


def _of_a_file(error: OSError) -> "RegisterError":
    from registry.errors import Invalid

    what = ": ".join(str(part) for part in (error.strerror, error.filename) if part) or str(error)
    return Invalid(
        f"读写文件时出错（{what}）。请检查路径、权限和剩余空间。",
        f"A file could not be read or written ({what}). Check path, permissions and space.",
    )


def _tell_person(error: "RegisterError") -> None:
    click.secho(error.operators.zh, fg="red", err=True)
    click.echo(error.operators.en, err=True)
    for reason in error.reasons:
        zh, en = (
            followed(reason.said.in_(side), reason.remedy.in_(side), side) for side in LANGUAGES
        )
        click.echo(f"  · {reason.item}：{zh}", err=True)
        click.echo(f"    {en}", err=True)
    if printed := _printed(error):
        click.echo("模型打印的记录（末尾） / the end of what the model printed:", err=True)
        for line in printed[-LINES:]:
            click.echo(f"    {line}", err=True)


def _printed(error: "RegisterError") -> list[str]:
    """The lines that a model printed before its sandbox was ended; it wrote them, so all is shown plainly.

    Of a package that is not installed here they say nothing more than the reasons do.
    """
    if "registry.sandbox.verdict" not in sys.modules:  # half of a refused command's time to import
        return []
    from registry import characters
    from registry.sandbox.verdict import Cause, Contained

    if not isinstance(error, Contained) or error.cause is Cause.MISSING_PACKAGE:
        return []
    log = error.log
    return [characters.visible(line)[:WIDEST] for line in log.splitlines() if line.strip()]


def _tell_program(error: "RegisterError") -> None:
    reasons: list[dict[str, object]] = [
        {"item": each.item, "said": each.said.as_json(), "remedy": each.remedy.as_json()}
        for each in error.reasons
    ]
    _print_json(type(error).__name__, error.operators, reasons, _printed(error))


def _print_json(
    kind: str, said: Text, reasons: list[dict[str, object]], printed: Sequence[str] = ()
) -> None:
    content: dict[str, object] = {"error": kind, **said.as_json(), "reasons": reasons}
    if printed:
        content["log"] = list(printed)
    click.echo(json.dumps(content, ensure_ascii=False, indent=2), err=True)
