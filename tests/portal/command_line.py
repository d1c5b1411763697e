"""The command line in this process, speaking to a site for one member after another."""

from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from portal import cli
from portal.commands.client import Client
from tests.portal.world import Member


@dataclass
class Ended:
    """How one command ended and what it printed, without the breaks of lines."""

    code: int
    out: str
    err: str


def squeezed(text: str) -> str:
    """A text without white space, so that where a line was broken does not matter."""
    return "".join(text.split())


@dataclass
class CommandLine:
    """Commands, each called for one member with that member's token."""

    site: FastAPI
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, member: Member, *words: str) -> Ended:
        """Run one command as `member`."""

        def of(_settings: object) -> Client:
            made = Client("http://testserver", member.token)
            made._http = TestClient(  # type: ignore[assignment]
                self.site,
                base_url="http://testserver/api/v1",
                headers=member.bearer,
                backend="asyncio",
            )
            return made

        self.patch.setattr(Client, "of", of)
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        said = self.capsys.readouterr()
        return Ended(int(ended.value.code or 0), squeezed(said.out), squeezed(said.err))
