"""`mingsuan users` of one register, on its machine and through a server: the same commands and output."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal import cli
from portal.app import create_app
from registry.organisations import Organisation, Role
from registry.settings import Settings, settings
from tests import cast
from tests.portal.command_line import CommandLine, Ended, squeezed
from tests.portal.world import Member, World


@dataclass
class Both:
    """A register, its people, and its commands run here by the operator or for a member online."""

    app: FastAPI
    world: World
    line: CommandLine
    patch: pytest.MonkeyPatch

    def here(self, *words: str) -> Ended:
        """On the machine of the installation."""
        self.patch.delenv("MINGSUAN_SERVER", raising=False)
        settings.cache_clear()
        self.line.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(("users", *words))
        said = self.line.capsys.readouterr()
        return Ended(int(ended.value.code or 0), squeezed(said.out), squeezed(said.err))

    def online(self, member: Member, *words: str) -> Ended:
        """Through the server, by the token of a member."""
        self.patch.setenv("MINGSUAN_SERVER", "http://testserver")
        settings.cache_clear()
        return self.line(member, "users", *words)

    @property
    def chief(self) -> Member:
        return self.world.member("authority-own", Role.ADMINISTRATOR)

    def record(self, organisation_id: str) -> tuple[str | None, str]:
        with self.app.state.factory() as session:
            found = session.get_one(Organisation, organisation_id)
            return found.credit_code, found.district


@pytest.fixture
def both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Both]:
    monkeypatch.setenv("MINGSUAN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("MINGSUAN_SERVER", raising=False)
    settings.cache_clear()
    with pytest.raises(SystemExit):
        cli.main(("users", "organisation", "authority", "第一个", "--name-en", "First"))
    app = create_app(Settings(data=tmp_path / "data", sandbox_tier="none"))
    yield Both(app, World(app), CommandLine(app, monkeypatch, capsys), monkeypatch)
    app.state.engine.dispose()
    settings.cache_clear()


@pytest.mark.parametrize("words", [("list",), ("list", "--json")], ids=" ".join)
def test_the_list_is_the_same_either_way(both: Both, words: tuple[str, ...]) -> None:
    here, online = both.here(*words), both.online(both.chief, *words)
    assert (here.code, online.code) == (0, 0)
    assert here.out == online.out
    assert both.chief.organisation.id in here.out


def test_an_organisation_is_founded_either_way(both: Both) -> None:
    made = both.online(both.chief, "organisation", "tester", "甲中心", "--name-en", "Centre A")
    assert made.code == 0, made.err
    assert f"{made.out}tester甲中心CentreA" in both.here("list").out
    here = both.here("organisation", "tester", "乙中心", "--name-en", "Centre B", "--json")
    told = both.online(
        both.chief, "organisation", "tester", "丙中心", "--name-en", "Centre C", "--json"
    )
    assert json.loads(here.out).keys() == json.loads(told.out).keys()
    again = both.online(both.chief, "organisation", "tester", "甲中心", "--name-en", "Centre A")
    assert again.code == 1


@pytest.mark.parametrize(
    ("name", "role"),
    [("enterprise-own", Role.ADMINISTRATOR), ("authority-own", Role.REVIEWER)],
)
def test_who_administers_no_authority_neither_founds_nor_corrects(
    both: Both, name: str, role: Role
) -> None:
    member, place = both.world.member(name, role), both.world.member("tester-own", Role.TESTER)
    before, listed = both.record(place.organisation.id), both.here("list").out
    for words in (
        ("organisation", "tester", "甲中心", "--name-en", "Centre A"),
        ("correct", place.organisation.id, "--district", "徐汇区"),
    ):
        refused = both.online(member, *words)
        assert refused.code == 1
        assert "这一步要由" in refused.err
        assert squeezed("may do this.") in refused.err
    assert (both.record(place.organisation.id), both.here("list").out) == (before, listed)


def test_a_record_is_corrected_either_way_and_a_lost_race_changes_nothing(both: Both) -> None:
    place = both.world.member("enterprise-own", Role.FILER).organisation
    rows = json.loads(both.here("list", "--json").out)
    read = next(each["revision"] for each in rows if each["id"] == place.id)
    code = cast.credit_code("ab000001")
    online = both.online(both.chief, "correct", place.id, "--credit-code", code)
    assert (online.code, both.record(place.id)) == (0, (code, "黄浦区"))
    assert online.out == squeezed(f"{place.name_zh}{code}黄浦区")
    here = both.here("correct", place.id, "--district", "徐汇区")
    assert (here.code, both.record(place.id)) == (0, (code, "徐汇区"))
    words = ("correct", place.id, "--district", "静安区", "--revision", read)
    for lost in (both.online(both.chief, *words), both.here(*words)):
        assert lost.code == 1
        assert squeezed(f"现在代码是 {code}，所在区是 徐汇区") in lost.err
        assert squeezed(f"its code is now {code}, its district 徐汇区") in lost.err
    assert both.record(place.id) == (code, "徐汇区")
    told = both.online(both.chief, "correct", place.id, "--district", "静安区", "--json")
    assert json.loads(told.out)["district"] == "静安区"


def test_an_invitation_online_opens_the_page_that_takes_it(both: Both) -> None:
    """An administrator invites into the own organisation; an operator's link reads the same."""
    boss = both.world.member("enterprise-own", Role.ADMINISTRATOR)
    place = boss.organisation.id
    for made in (
        both.online(boss, "invite", place, "lin@example.org", "filer"),
        both.here("invite", place, "wu@example.org", "filer"),
    ):
        assert made.code == 0, made.err
        link = urlsplit(made.out)
        with TestClient(both.app) as client:
            page = client.get(f"{link.path}?{link.query}")
        assert page.status_code == 200
        assert boss.organisation.name_zh in page.text
    # The default port stood in the link of a server on another one, without a word.
    assert "MINGSUAN_BASE_URL" in made.err
    told = both.online(boss, "invite", place, "he@example.org", "filer", "--json")
    assert json.loads(told.out)["email"] == "he@example.org"
    assert "MINGSUAN_BASE_URL" not in told.err  # the server knows its own
    both.patch.setenv("MINGSUAN_BASE_URL", "https://register.example")
    known = both.here("invite", place, "su@example.org", "filer")
    assert known.out.startswith("https://register.example/zh/invitation")
    assert "MINGSUAN_BASE_URL" not in known.err
    other = both.world.member("tester-own", Role.TESTER).organisation.id
    assert both.online(boss, "invite", other, "lin@example.org", "tester").code == 1


def test_a_password_is_reset_through_the_server_that_is_named(both: Both) -> None:
    boss = both.world.member("enterprise-own", Role.ADMINISTRATOR)
    member = both.world.member("enterprise-own", Role.FILER)
    made = both.online(boss, "reset-password", member.person.email)
    assert (made.code, urlsplit(made.out).path) == (0, "/zh/password")
    missing = both.online(boss, "reset-password", "nobody@example.org")
    assert missing.code == 1
    assert "本单位没有人使用这个邮箱" in missing.err


def test_an_administrator_changes_who_belongs_to_the_organisation(both: Both) -> None:
    """filing/A6: by command as by page."""
    chief = both.world.member("enterprise-own", Role.ADMINISTRATOR)
    clerk = both.world.member("enterprise-own", Role.FILER).person.email

    def listed(what: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(both.online(chief, what, "--json").out)
        return found

    def held() -> set[str]:
        return {each["role"] for each in listed("members") if each["email"] == clerk}

    for words, roles in (
        (("role", clerk, "administrator"), {"filer", "administrator"}),
        (("role", clerk, "administrator", "--withdraw"), {"filer"}),
        (("remove", clerk), set()),
    ):
        assert both.online(chief, *words).code == 0
        assert held() == roles
    assert both.online(chief, "remove", clerk).code == 2
    place = chief.organisation.id
    assert both.online(chief, "invite", place, "new@example.org", "filer").code == 0
    (invited,) = listed("invitations")
    assert invited["email"] == "new@example.org"
    assert both.online(chief, "uninvite", invited["id"]).code == 0
    assert listed("invitations") == []
