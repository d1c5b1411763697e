"""review: what a reviewer of the authority decides, through the registry."""

from typing import Any

import click

from portal.commands.filer import REASON, REVISION, said, written

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")
REASON_EN = click.option("--reason-en", default="", help="理由（英文）/ the reason, in English")
STEPS = (
    "return", "accept", "take_back", "decline", "file", "publish", "refuse_change", "revoke",
    "reinstate",
)  # fmt: skip


@click.group(help="审核备案：退回、受理、公示、调整等级。/ Review a filing: steps and grades.")
def review() -> None:
    """Nobody reviews what they filed or tested; for high risk two people see a filing through."""


@review.command("show", help="查看一份备案和现在的修订次数。/ Show a filing and its revision.")
@click.argument("filing")
@JSON
def show(filing: str, *, as_json: bool) -> None:
    """What a decision rests on: answers, grade, reports, what changed; and the revision."""
    from portal.commands import filing_view, showing
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        made = client.get(f"/filings/{filing}")
    if as_json:
        showing.as_json(made)
    else:
        filing_view.for_review(made)


@review.command(
    "step",
    help="走一步：return 退回补正、accept 受理、take_back 收回受理、decline 不予备案、file 备案、publish 公示、"
    "refuse_change 不予变更、revoke 撤销备案、reinstate 纠正决定，恢复办理。/ "
    "Take a step: return for correction, accept, take_back (take the acceptance back), decline, file, "
    "publish, refuse_change (refuse the change), revoke the filing, reinstate (put a wrong decision "
    "right).",
)
@click.argument("filing")
@click.argument("action", type=click.Choice(STEPS))
@REASON
@click.option(
    "--remark",
    "remarks",
    multiple=True,
    metavar="CODE=TEXT",
    help="退回时逐项写明，如“字段代码=请写明…” / for a return, field by field",
)
@click.option(
    "--ground",
    metavar="WORD",
    help="不予备案、不予变更时选的形式上的原因，如 incomplete；写错会列出全部 / to decline or refuse a "
    "change, the formal ground, such as incomplete; a wrong word lists them all",
)
@REVISION
@JSON
def step(
    filing: str,
    action: str,
    *,
    reason: str,
    ground: str | None,
    remarks: tuple[str, ...],
    revision: int,
    as_json: bool,
) -> None:
    """Everything that stands in the way is listed; exit code 1 when something does."""
    given = [(code, text) for code, _, text in (each.partition("=") for each in remarks)]
    body: dict[str, Any] = {
        "action": action,
        "remarks": [{"code": code, "zh": text} for code, text in given],
        **({"ground": ground} if ground else {}),
    }
    _decide(filing, "review", body | said("reason", reason), revision=revision, as_json=as_json)


@review.command("grade", help="提出另一个等级，由另一人确认。/ Propose another grade.")
@click.argument("filing")
@click.argument("level", type=click.Choice(["low", "medium", "high"]))
@REASON
@REASON_EN
@REVISION
@JSON
def grade(
    filing: str,
    level: str,
    *,
    reason: str,
    reason_en: str,
    revision: int,
    as_json: bool,
) -> None:
    """The reason is at least a sentence; the public reads it."""
    body = {"level": level, "reason": {"zh": reason, "en": reason_en}}
    _decide(filing, "grade", body, revision=revision, as_json=as_json)


@review.command("confirm-grade", help="确认别人提出的等级。/ Confirm another's proposal.")
@click.argument("filing")
@REVISION
@JSON
def confirm_grade(filing: str, *, revision: int, as_json: bool) -> None:
    """Who proposed it cannot confirm it."""
    _decide(filing, "grade/confirmation", {}, revision=revision, as_json=as_json)


@review.command("dismiss-grade", help="撤下提出的等级。/ Dismiss a proposed grade.")
@click.argument("filing")
@REVISION
@JSON
def dismiss_grade(filing: str, *, revision: int, as_json: bool) -> None:
    """By its proposer, or by a reviewer who does not agree."""
    _decide(filing, "grade/dismissal", {}, revision=revision, as_json=as_json)


def _decide(filing: str, what: str, body: dict[str, Any], *, revision: int, as_json: bool) -> None:
    from portal.commands import filing_view
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        made = written(client, "POST", filing, what, body, revision=revision, look="review")
    filing_view.show(made, as_json=as_json)
