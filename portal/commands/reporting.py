"""report: what those concerned say about an evaluation report on record, beside it and never in it."""

from typing import Any

import click

JSON = click.option("--json", "as_json", is_flag=True, help="给程序读 / for a program")


@click.group(
    help="登记系统里的评估报告：撤回，回应结果。/ A report on record: withdraw it, answer its findings."
)
def report() -> None:
    """The report and its signatures stay as they are."""


@report.command(
    help="做评估的单位：撤回报告，它不再算数，照样可读。/ "
    "Whoever made it: withdraw a report; it counts no longer and stays readable."
)
@click.argument("report_id", metavar="REPORT")
@click.option("--reason", required=True, help="理由，公众会看到 / why; the public reads it")
@click.option("--reason-en", default="", help="理由（英文）/ the reason, in English")
@JSON
def withdraw(report_id: str, *, reason: str, reason_en: str, as_json: bool) -> None:
    """REPORT is an identifier; a withdrawal is final."""
    body = {"reason": {"zh": reason, "en": reason_en}}
    made = _post(f"/reports/{report_id}/withdrawal", body)
    _done(made, "已撤回", "withdrawn", made["withdrawn"][:10], as_json=as_json)


@report.command(
    help="备案主体：回应一条结果，写在结果旁边。/ The filer: answer a finding, beside it."
)
@click.argument("report_id", metavar="REPORT")
@click.argument("finding", type=click.IntRange(min=1))
@click.argument("words")
@click.option("--words-en", default="", help="英文 / in English")
@JSON
def answer(report_id: str, finding: int, words: str, *, words_en: str, as_json: bool) -> None:
    """FINDING is its place among the report's findings, from 1; an answer is public and stays."""
    body = {"said": {"zh": words, "en": words_en}}
    made = _post(f"/reports/{report_id}/findings/{finding}/answers", body)
    _done(made, "已回应", "answered", made["created"][:10], as_json=as_json)


def _post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    from portal.commands.client import Client
    from registry.settings import settings

    with Client.of(settings()) as client:
        made: dict[str, Any] = client.post(path, body)
        return made


def _done(made: dict[str, Any], zh: str, en: str, when: str, *, as_json: bool) -> None:
    from portal.commands import showing

    if as_json:
        showing.as_json(made)
        return
    click.echo(f"{zh} / {en}: {made['id']}  {when}")
