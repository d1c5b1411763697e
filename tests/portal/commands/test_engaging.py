"""An engagement by the command line alone, from the grant to its end."""

import json

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from portal import cli
from portal.commands.client import Client
from registry.database import new_id
from registry.engagements import Engagement
from registry.organisations import Role
from registry.submission import Version
from tests import cast
from tests.portal.command_line import CommandLine, squeezed
from tests.portal.world import Member, World


@pytest.fixture
def run(
    site: FastAPI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(site, monkeypatch, capsys)


@pytest.fixture
def enterprise(world: World) -> Member:
    return world.member("enterprise-own", Role.FILER)


@pytest.fixture
def tester(world: World) -> Member:
    return world.member("tester-own", Role.TESTER)


@pytest.fixture
def version(site: FastAPI, enterprise: Member) -> Version:
    with site.state.factory() as session:
        made = cast.version(session, enterprise.actor)
        session.commit()
        session.refresh(made)
        session.expunge(made)
        return made


def granted(site: FastAPI) -> Engagement:
    with site.state.factory() as session:
        found: Engagement = session.scalars(select(Engagement)).one()
        return found


def test_an_engagement_goes_from_its_grant_to_its_end(
    site: FastAPI, run: CommandLine, enterprise: Member, tester: Member, version: Version
) -> None:
    words = (version.id, tester.organisation.id, "--queries", "5000")
    ended = run(
        enterprise, "engagement", "grant", *words, "--conflict", "无", "--paid-by", "本单位"
    )
    assert ended.code == 0, ended.err
    made = granted(site)
    assert (made.query_budget, made.conflict_filer, made.paid_by) == (5000, "无", "本单位")
    for said in (made.id, "等测试机构接受", "waits for the tester", "0/5,000"):
        assert squeezed(said) in ended.out
    assert squeezed(f"mingsuan engagement take-on {made.id} --conflict") in ended.out

    taken = run(tester, "engagement", "take-on", made.id, "--conflict", "曾合办培训")
    assert taken.code == 0, taken.err
    assert "已接受/takenon" in taken.out
    assert "等测试机构接受" not in taken.out
    assert squeezed("mingsuan engagement take-on") not in taken.out
    assert granted(site).conflict_tester == "曾合办培训"

    again = run(tester, "engagement", "take-on", made.id, "--conflict", "无")
    assert again.code == 1
    assert "已经接受过" in again.err
    assert squeezed("taken on already") in again.err

    assert run(enterprise, "engagement", "end", made.id).code == 0
    shown = run(tester, "engagement", "show", made.id)
    assert "已结束/ended" in shown.out
    assert granted(site).ended is not None


def test_each_side_lists_its_own_and_a_program_reads_them(
    site: FastAPI, run: CommandLine, enterprise: Member, tester: Member, version: Version,
    world: World,
) -> None:  # fmt: skip
    assert squeezed("There is no engagement yet.") in run(tester, "engagement", "list").out
    words = (version.id, tester.organisation.id, "--queries", "10", "--conflict", "无", "--json")
    made = json.loads(run(enterprise, "engagement", "grant", *words).out)
    assert made["id"] == granted(site).id
    for member, options in (
        (enterprise, ()),
        (enterprise, ("--version", version.id)),
        (tester, ()),
    ):
        listed = json.loads(run(member, "engagement", "list", *options, "--json").out)
        assert [each["id"] for each in listed] == [made["id"]]
    stranger = world.member("tester-other", Role.TESTER)
    assert json.loads(run(stranger, "engagement", "list", "--json").out) == []
    refused = run(stranger, "engagement", "take-on", made["id"], "--conflict", "无", "--json")
    assert refused.code == 1
    # The site's own log is on the same stream, since it runs in this process.
    assert '"error":"NotYours","zh":"' in refused.err or '"error":"Refused","zh":"' in refused.err
    assert '"en":"' in refused.err
    assert granted(site).accepted is None


def test_what_is_wrong_is_named_and_nothing_is_written(
    site: FastAPI, run: CommandLine, enterprise: Member, tester: Member, version: Version
) -> None:
    own, theirs = enterprise.organisation.id, tester.organisation.id
    for words, zh, en in (
        ((version.id, own, "--queries", "10", "--conflict", "无"), "必须是另一个单位", "another organisation"),
        ((version.id, theirs, "--queries", "0", "--conflict", "无"), "查询次数是1到", "Grant a whole number"),
        ((version.id, theirs, "--queries", "10", "--conflict", " "), "请写明与对方有无利益关系", "if nothing does, write “none”"),
    ):  # fmt: skip
        refused = run(enterprise, "engagement", "grant", *words)
        assert refused.code == 1
        assert squeezed(zh) in refused.err
        assert squeezed(en) in refused.err
    missing = run(enterprise, "engagement", "show", new_id())
    assert missing.code == 1
    assert "没有这项委托" in missing.err
    assert squeezed("check its identifier") in missing.err
    with site.state.factory() as session:
        assert session.scalars(select(Engagement)).all() == []


def test_without_a_declaration_the_option_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Client, "of", lambda _settings: pytest.fail("nothing is to be asked"))
    with pytest.raises(SystemExit) as ended:
        cli.main(("engagement", "grant", "V", "T", "--queries", "10"))
    assert ended.value.code == 2
    assert "--conflict" in capsys.readouterr().err
