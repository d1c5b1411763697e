"""Every command that names a filing: one that changes it does not where another was faster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from filing.dossier import Filing
from filing.recommended import keeping
from filing.recommended.keeping import Opening
from filing.remarks import Remark
from portal import cli
from registry.organisations import Kind, Role
from tests import cast
from tests.filing import papers
from tests.filing.papers import Scene
from tests.portal.command_line import CommandLine, squeezed
from tests.portal.world import Member, World

UNREVISED = {
    "file show", "file form", "file returns", "file preview", "review show", "record disclose",
    "case send", "file upload", "file download",
}  # fmt: skip
"""They name a filing and change none of its contents: they print it, or parts of it, or write to its filer."""
NOTHING_OFFERED = ("file", "take")
"""It sends what it found elsewhere by the call of `file answer`; this filing's model says nothing."""
SHOWN_BY = {"review": "review"}
"""The command that shows a filing to who changes it; `file show` to all others."""
FREE_TEXT = {"reason": "影响的人数比填写的多，应当从严。", "note": "更正了用途的说明"}


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command of a group and of the groups within it, with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, *path, name)
        elif found is not None:
            yield (*path, name), found


def of_a_filing() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands that take a filing."""
    for words, command in commands(cli.app):
        if any(each.name == "filing" for each in command.params):
            yield words, command


def calls(
    words: tuple[str, ...], command: click.Command, values: dict[str, str]
) -> Iterator[list[str]]:
    """Each way of calling a command: one for every choice it takes."""
    given, choices = [*words], [""]
    for each in command.params:
        if isinstance(each, click.Argument):
            if isinstance(each.type, click.Choice):
                choices = list(each.type.choices)
                given.append("CHOICE")
            else:
                given.append(values[str(each.name)])
        elif each.name in values:
            given += [each.opts[0], values[str(each.name)]]
    for choice in choices:
        yield [choice if word == "CHOICE" else word for word in given]


def state(session: Session, filing: str) -> dict[str, Any]:
    session.expire_all()
    kept = session.get_one(Filing, filing)
    return {name: getattr(kept, name) for name in Filing.__table__.columns.keys()}  # noqa: SIM118


def test_every_command_that_changes_a_filing_asks_for_the_revision_that_was_read() -> None:
    asking = {" ".join(words): command for words, command in of_a_filing()}
    without = {
        name
        for name, command in asking.items()
        if "revision" not in {each.name for each in command.params}
    }
    assert without == UNREVISED
    assert len(asking) - len(without) > 10


def test_every_lost_race_is_refused_and_changes_nothing(
    site: FastAPI,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """issue 7, filing/B1: by page and API it was walked, by the command line it was not."""
    session: Session = site.state.factory()
    roles: dict[str, Member] = {
        "file": world.member("enterprise-own", Role.FILER),
        "review": world.member("authority-own", Role.REVIEWER),
    }
    scene = Scene(session)
    scene.filer, scene.reviewer = roles["file"].actor, roles["review"].actor
    scene.tester = world.member("tester-own", Role.TESTER).actor
    scene.version = cast.version(session, scene.filer)
    made, answers = scene.submitted(), tmp_path / "answers.toml"
    asked = [{"code": "B7", "zh": "请写明不用于什么。", "en": "Say what it is not for."}]
    scene.rule(made, "return", remarks=asked, reason="有一处要补。")
    remark = session.scalars(select(Remark).where(Remark.filing_id == made.id)).one()
    answers.write_text('B7 = { zh = "写得清楚", en = "Said clearly" }\n', "utf-8")
    report = papers.report(session, scene.version, scene.tester)
    body = cast.actor(session, Kind.INDUSTRY_BODY)
    said = {"zh": "按主管部门的意见编制。"}
    opening = Opening("example", "shanghai", said)
    keeping.open_catalogue(session, by=body, opening=opening)
    session.commit()
    values = {
        "filing": made.id, "earlier": made.id, "answers": str(answers), "report": report.id, "remark": remark.id,
        "words": "已改", "revision": str(made.revision - 1), **FREE_TEXT, "slug": "example",
        "licence": "按合同许可", "obtaining": "发邮件申请", "contact": "登记处", "ties": "没有",
    }  # fmt: skip
    before, run, sent = state(session, made.id), CommandLine(site, monkeypatch, capsys), 0
    for words, command in of_a_filing():
        if "revision" not in {each.name for each in command.params}:
            continue
        for call in calls(words, command, values):
            ended = run(roles[SHOWN_BY.get(words[0], "file")], *call)
            sent += 1
            assert state(session, made.id) == before, call
            if words == NOTHING_OFFERED:
                assert ended.out.strip() == "{}"
                continue
            assert ended.code == 1, call
            assert "Changedsinceyouopenedit" in ended.err, (call, ended.err)
            assert (
                squeezed(f"mingsuan {SHOWN_BY.get(words[0], 'file')} show {made.id}") in ended.err
            ), call
    session.close()
    assert sent > 20
