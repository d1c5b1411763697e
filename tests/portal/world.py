"""People and organisations of every kind, as the tests of the portal need them."""

import io
import pickle
import sqlite3
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from registry import credentials, organisations, tokens
from registry.database import new_id, transaction
from registry.organisations import ROLES_OF, Actor, Kind, Organisation, Person, Role
from registry.tokens import Scope
from tests import cast, tables

PASSWORD = "correct horse battery"
HASH = credentials.hash_password(PASSWORD, email="nobody@example.org")


@dataclass(frozen=True)
class Member:
    """One person in one organisation, who holds one role there."""

    organisation: Organisation
    person: Person
    actor: Actor
    token: str
    cookie: str
    csrf: str

    @property
    def browser(self) -> dict[str, str]:
        """The headers that a browser sends from a page of ours, signed in as this person."""
        return {"Cookie": f"mingsuan={self.cookie}", "X-CSRF-Token": self.csrf}

    @property
    def bearer(self) -> dict[str, str]:
        """The header that speaks for this person."""
        return {"Authorization": f"Bearer {self.token}"}


_SETTLED: dict[frozenset[str], tuple[sqlite3.Connection, bytes]] = {}
"""What a world has put into an empty database with these tables, and its members: settled once."""


def _key(site: FastAPI) -> frozenset[str]:
    """The tables of a site on SQLite in which nothing stands; none for any other."""
    engine = site.state.engine
    if engine.dialect.name != "sqlite":
        return frozenset()
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        held = [connection.exec_driver_sql(f"SELECT 1 FROM {name} LIMIT 1") for name in names]
        return frozenset() if any(rows.first() for rows in held) else frozenset(names)


@dataclass
class World:
    """Two organisations of each kind; in each, one person for each of its roles."""

    site: FastAPI
    members: dict[tuple[str, Role], Member] = field(default_factory=dict)
    sealed: str = ""

    def __post_init__(self) -> None:
        self.sealed = self.site.state.store.put(io.BytesIO(b"{}"))
        key = _key(self.site)
        if key in _SETTLED:
            copied, members = _SETTLED[key]
            tables.restore(self.site.state.engine, copied)
            self.members = pickle.loads(members)
            return
        for kind in Kind:
            for place in ("own", "other"):
                self._settle(f"{kind.value}-{place}", kind)
        if key:
            _SETTLED[key] = tables.copy(self.site.state.engine), pickle.dumps(self.members)

    def member(self, name: str, role: Role) -> Member:
        """The person in the organisation called `name`, such as `enterprise-own`."""
        return self.members[name, role]

    def browser(self, member: Member) -> tuple[TestClient, str]:
        """A client signed in as `member`, and its CSRF token."""
        with transaction(self.site.state.factory) as session:
            attempted = credentials.attempt(session, email=member.person.email, address="test")
            opened, secret = credentials.sign_in(session, attempted, hours=1)
        client = TestClient(
            self.site,
            cookies={"mingsuan": secret},
            raise_server_exceptions=False,
            follow_redirects=False,
        )
        return client, opened.csrf

    def _settle(self, name: str, kind: Kind) -> None:
        with transaction(self.site.state.factory) as session:
            organisation = organisations.found(
                session,
                kind=kind,
                name_zh=f"单位{name}",
                name_en=name,
                credit_code=cast.credit_code(new_id()[-8:]),
                district="黄浦区",
            )
            if kind is not Kind.INDUSTRY_BODY:  # it files nothing, and is yet to be verified
                cast.verify(session, organisation)
            for role in sorted(ROLES_OF[kind]):
                self.members[name, role] = self._join(
                    session, organisation, role, f"{role}@{name}"
                )

    def colleague(self, name: str, role: Role) -> Member:
        """One person more with a role in the organisation called `name`."""
        with transaction(self.site.state.factory) as session:
            organisation = session.get_one(Organisation, self.member(name, role).organisation.id)
            return self._join(session, organisation, role, f"{role}.2@{name}")

    def _join(
        self, session: Session, organisation: Organisation, role: Role, address: str
    ) -> Member:
        person = Person(email=f"{address}.example", name=address, password_hash=HASH)
        session.add(person)
        session.flush()
        organisations.give_role(
            session, person_id=person.id, organisation=organisation, role=role, by=None
        )
        actor = organisations.acting(session, person.id, organisation.id)
        issued = tokens.issue(
            session, by=actor, label="test", scopes=[s.value for s in Scope], days=1
        )
        attempted = credentials.attempt(session, email=person.email, address=address)
        opened, cookie = credentials.sign_in(session, attempted, hours=24)
        return Member(organisation, person, actor, issued.secret, cookie, opened.csrf)
