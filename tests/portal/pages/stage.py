"""A site on which every form stands on some page: filings at every point, work, links, keys."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from filing import (
    dossier,
    formal_grounds,
    handling,
    numbers,
    previews,
    receiving,
    regrading,
    review,
)
from filing.concern_steps import Action as ConcernAction
from filing.dossier import Filing
from filing.forms import current
from filing.handling import Taken
from filing.lifecycle import Action
from filing.receiving import Given
from filing.recommended import keeping
from filing.recommended.applying import OFFERED
from filing.recommended.criteria import IDS
from filing.recommended.keeping import Opening
from filing.recommended.records import RecommendedApplication
from filing.recommended.steps import Status as RecommendedStatus
from filing.risk import Level
from filing.routes import Route
from portal.app import create_app
from portal.web.access import Access
from registry import (
    engagements,
    evaluations,
    invitations,
    legal_day,
    organisations,
    passwords,
    worklist,
)
from registry.database import now, transaction
from registry.datasets import Use
from registry.explanations import Explanation
from registry.organisations import Kind, Organisation, Person, Role
from registry.reidentification import ReidentificationCheck
from registry.reports import Report
from registry.settings import Settings
from registry.submission import Version
from registry.worklist import State
from tests import cast, tables
from tests.filing import papers
from tests.portal.pages import every_form
from tests.portal.pages.every_form import Form
from tests.portal.pages.shelf import Shelf
from tests.portal.world import HASH, Member, World

UNTOLD = frozenset({"guess", "wrong_password", "sign_in", "seal", "outbox_effect", "form_key"})
"""Tables that may change though a form is refused: they count tries, not records."""


@dataclass
class Stage:
    """The site, its people and records, and a copy of its database to return to.

    Args:
        site: the application.
        world: people of every kind.
        known: parameter of an address → the values that name a record.
        asked: addresses with a query, below the language.
        points: where a filing stands → its identifier.
    """

    site: FastAPI
    world: World
    known: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    points: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._versions = 0
        self.shelf = Shelf(self.site, self.world)
        with transaction(self.site.state.factory) as session:
            # A report as a worker makes it, before the tester has signed it.
            session.get_one(Report, self.shelf.made["report"]).countersigned = None
            self._know("report_id", self.shelf.made["report"])
            self._credentials(session)
            self._testing(session)
            self._filings(session)
        self._copy()

    @property
    def data(self) -> Path:
        """The data directory."""
        found: Path = self.site.state.settings.data
        return found

    def _copy(self) -> None:
        self.site.state.engine.dispose()
        shutil.copy(self.data / "mingsuan.db", self.data / "copy.db")

    def restore(self) -> None:
        """Put the database back as it was."""
        self.site.state.engine.dispose()
        for name in ("mingsuan.db-wal", "mingsuan.db-shm"):
            (self.data / name).unlink(missing_ok=True)
        shutil.copy(self.data / "copy.db", self.data / "mingsuan.db")

    def rows(self) -> dict[str, list[Any]]:
        """Every row of every table that holds records: table → rows."""
        with closing(sqlite3.connect(self.data / "mingsuan.db")) as reading:
            names = reading.execute(
                "SELECT name FROM sqlite_master WHERE type='table' ORDER BY name"
            ).fetchall()
            return {
                name: reading.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
                for (name,) in names
                if name not in UNTOLD
            }

    def member(self, kind: Kind, role: Role, place: str = "own") -> Member:
        """Somebody of an organisation of a kind."""
        return self.world.member(f"{kind}-{place}", role)

    def forms(self, language: str) -> list[Form]:
        """Every form that posts, on every page, as everyone sees it; one of each for each sender."""
        found: dict[Any, Form] = {}
        everyone: list[Member | None] = [None, *self.world.members.values()]
        public = [None, *(each for (at, _), each in self.world.members.items() if "own" in at)]
        opened = every_form.addresses(self.site, language, self.known)
        opened += [(f"/{language}/{each}", Access()) for each in self.asked]
        with TestClient(self.site, follow_redirects=False) as client:
            for address, access in opened:
                readers = public if access.anyone else everyone
                for member in readers:
                    if not access.admits(member.actor if member else None, method="GET"):
                        continue
                    text = self.read(client, address, member)
                    for form in every_form.on_page(self.site, address, text, member):
                        who = member.person.id if member else ""
                        found.setdefault((form.route, form.step, who), form)
        return list(found.values())

    def read(self, client: TestClient, address: str, member: Member | None) -> str:
        """A page as somebody sees it; empty where they may not."""
        headers = {"Accept": "text/html"}
        if member is not None:
            headers["Cookie"] = member.browser["Cookie"]
        answer = client.get(address, headers=headers)
        assert answer.status_code < 500, (address, answer.text)
        return answer.text if answer.status_code == 200 else ""

    def _know(self, parameter: str, value: str) -> None:
        self.known.setdefault(parameter, []).append(value)

    def _credentials(self, session: Session) -> None:
        chief = self.member(Kind.TESTER, Role.ADMINISTRATOR)
        cast.own_key(session, chief.actor)
        invited = invitations.invite(
            session,
            organisation_id=chief.organisation.id,
            email="new@example.org",
            role=Role.TESTER,
            by=chief.actor,
        )
        there = self.member(Kind.TESTER, Role.ADMINISTRATOR, "other")
        forgetful = Person(email="f@example.org", name="忘", password_hash=HASH)
        session.add(forgetful)
        session.flush()
        tester = session.get_one(Organisation, there.organisation.id)
        organisations.give_role(
            session, person_id=forgetful.id, organisation=tester, role=Role.TESTER, by=None
        )
        reset = passwords.start_reset(session, by=there.actor, person_id=forgetful.id)
        organisations.give_role(
            session,
            person_id=there.person.id,
            organisation=session.get_one(Organisation, chief.organisation.id),
            role=Role.ADMINISTRATOR,
            by=None,
        )
        self.asked += [f"invitation?token={invited.secret}", f"password?token={reset.secret}"]

    def _version(self, session: Session, name: str = "") -> Version:
        self._versions += 1
        filer = self.member(Kind.ENTERPRISE, Role.FILER).actor
        made = cast.version(session, filer, name=name or f"staged-{self._versions}")
        self._know("version_id", made.id)
        return made

    def _testing(self, session: Session) -> None:
        filer = self.member(Kind.ENTERPRISE, Role.FILER).actor
        tester = self.member(Kind.TESTER, Role.TESTER).actor
        version = self._version(session)
        offered = engagements.grant(
            session,
            by=filer,
            version_id=version.id,
            tester_id=tester.organisation_id,
            query_budget=1000,
            conflict_filer="无",
        )
        taken = cast.engaged(session, self._version(session), filer=filer, tester=tester)
        self.known["engagement_id"] = [offered.id, taken.id]
        dataset = cast.dataset(session, tester)
        self.known["dataset_id"] = [dataset.id]
        unchecked = cast.dataset(session, tester)
        session.query(ReidentificationCheck).filter_by(dataset_id=unchecked.id).delete()
        self._know("dataset_id", unchecked.id)
        for state in (State.QUEUED, State.PARKED):
            made = evaluations.register_plan(
                session,
                by=tester,
                version_id=taken.version_id,
                dataset_id=dataset.id,
                plan={"title": state},
                predictions=1,
                engagement_id=taken.id,
            )
            self._know("evaluation_id", made.id)
            worklist.get(session, str(made.work_id)).state = state
        self.asked.append(
            f"evaluations/new?version={taken.version_id}&dataset={dataset.id}&engagement={taken.id}"
        )
        self._know("dataset_id", cast.dataset(session, filer, use=Use.EXPLANATION).id)
        unread = papers.explanation(session, version, filer)
        unread.approved = None
        unread.content = session.get_one(Explanation, self.shelf.made["explanation"]).content
        self._know("explanation_id", unread.id)

    def filing(self, session: Session, *actions: Action, point: str) -> Filing:
        """A filing of its own, with every answer and a report, some steps on."""
        filer = self.member(Kind.ENTERPRISE, Role.FILER).actor
        version = self._version(session)
        made = dossier.open_filing(session, by=filer, version_id=version.id)
        tester = self.member(Kind.TESTER, Role.TESTER).actor
        told = papers.report(session, version, tester, run=())
        dossier.fill(
            session,
            by=filer,
            filing_id=made.id,
            revision=made.revision,
            answers=papers.answers(G1=papers.LOW),
        )
        dossier.attach(
            session, by=filer, filing_id=made.id, revision=made.revision, report_id=told.id
        )
        for action in actions:
            self.take(session, made, action)
        self._know("filing_id", made.id)
        self.points[point] = made.id
        return made

    def take(self, session: Session, filing: Filing, action: Action) -> None:
        """One step, by the one whose step it is."""
        place = "other" if action is Action.PUBLISH else "own"
        mine = action in (Action.CHECK, Action.SUBMIT, Action.AMEND)
        by = (
            self.member(Kind.ENTERPRISE, Role.FILER)
            if mine
            else self.member(Kind.AUTHORITY, Role.REVIEWER, place)
        )
        review.take(
            session,
            by=by.actor,
            filing_id=filing.id,
            revision=filing.revision,
            action=action,
            reason={"zh": "改了门槛"},
            remarks=[{"code": "B1", "zh": "请写全名"}] if action is Action.RETURN else [],
            ground="incomplete" if action in formal_grounds.NAMED_BY else None,
        )

    def _concerns(self, session: Session, filing: Filing) -> None:
        """An appeal for the filer, a report and a question of the authority's."""
        number = str(filing.number)
        self._know("number", numbers.parse(number).slug)
        words = "结果不对，请派人重新看一看。"
        for route in (Route.APPEAL, Route.REPORT, Route.COMPLAINT):
            given = Given(route, "other", words)
            sent = receiving.receive(session, number=number, given=given, address="stage").concern
            self._know("concern_number", sent.number)
        asking = self.member(Kind.AUTHORITY, Role.REVIEWER, "other").actor
        asked = Taken(ConcernAction.PUT, sent.revision, "请说明怎样使用这些信息。")
        handling.take(session, by=asking, number=sent.number, taken=asked)

    def _recommending(self, session: Session, filing: Filing) -> None:
        """A catalogue, and an application at every point from which somebody takes a step."""
        body = self.member(Kind.INDUSTRY_BODY, Role.ADMINISTRATOR).actor
        filer = self.member(Kind.ENTERPRISE, Role.FILER).actor
        opening = Opening("example", "shanghai", {"zh": "按意见"})
        kept = keeping.open_catalogue(session, by=body, opening=opening)
        kept.proposal = {
            "weights": dict.fromkeys(IDS, 30),
            "reason": {"zh": "看过"},
            "ties": {"zh": "没有"},
            "by": None,  # as of the proposals below, nobody: the body has one person
        }
        self._know("slug", kept.slug)
        said: dict[str, Any] = {"zh": "看过"}
        for status in (
            RecommendedStatus.SUBMITTED,
            RecommendedStatus.ENTRY_PROPOSED,
            RecommendedStatus.REFUSED,
            RecommendedStatus.ENTERED,
        ):
            made = RecommendedApplication(
                catalogue_id=kept.id,
                filing_id=filing.id,
                filer_id=filer.organisation_id,
                applied_by=filer.person_id,
                status=status,
                offer=dict.fromkeys(OFFERED, said),
                proposal={
                    "words": said,
                    "ties": said,
                    "until": legal_day.today().isoformat(),
                    "edition": 1,
                },
                said=said,
                ties=[said, said],
                decided=now(),
                until=legal_day.today(),
                model_digest=session.get_one(Version, filing.version_id).digest,
                evaluated=now(),
            )
            session.add(made)
            session.flush()
            self._know("application_id", made.id)

    def _filings(self, session: Session) -> None:
        a = Action
        submitted = (a.CHECK, a.SUBMIT)
        published = (*submitted, a.ACCEPT, a.FILE, a.PUBLISH)
        draft = self.filing(session, point="draft")
        filer = self.member(Kind.ENTERPRISE, Role.FILER).actor
        self.asked += [f"filings/{draft.id}?group={each.id}" for each in current().groups]
        shared = previews.make(session, by=filer, filing_id=draft.id)
        self.asked.append(f"preview?token={shared.secret}")
        version = session.get_one(Version, draft.version_id)
        papers.report(session, version, filer, run=())
        papers.explanation(session, version, filer)
        cast.version(session, filer, name=f"staged-{self._versions}")
        self.filing(session, a.CHECK, point="checked")
        self.filing(session, *submitted, point="submitted")
        self.filing(session, *submitted, a.RETURN, point="returned")
        proposed = self.filing(session, *submitted, point="proposed")
        regrading.propose(
            session,
            by=self.member(Kind.AUTHORITY, Role.REVIEWER).actor,
            filing_id=proposed.id,
            revision=proposed.revision,
            level=Level.HIGH,
            reason={"zh": "看过问卷和测评报告，影响的人数比填写的多，应当从严。"},
        )
        self.filing(session, *submitted, a.ACCEPT, point="accepted")
        self.filing(session, *submitted, a.DECLINE, point="declined")
        self.filing(session, *submitted, a.ACCEPT, a.FILE, point="filed")
        shown = self.filing(session, *published, point="published")
        self._concerns(session, shown)
        self._recommending(session, shown)
        self.filing(session, *published, a.AMEND, point="amended")
        self.filing(session, *published, a.AMEND, a.SUBMIT, point="resubmitted")


def staged(folder: Path) -> Iterator[Stage]:
    """A stage in a folder of its own, taken down afterwards."""
    app = create_app(Settings(data=folder / "data", sandbox_tier="none", log_level="ERROR"))
    tables.make(app.state.engine)
    yield Stage(app, World(app))
    app.state.engine.dispose()
