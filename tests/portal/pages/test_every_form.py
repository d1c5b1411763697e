"""filing/B1 for every form of every page, read off the pages: none is listed here by hand.

The first test holds the list to the routes of the site, so that a new form is walked as soon as a
route takes it.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from filing import applicability, dossier, follow_codes, formal_grounds
from filing.concern_steps import Side
from filing.concerns import Concern, ConcernMessage
from filing.dossier import Filing
from filing.lifecycle import STEPS
from filing.recommended.records import RecommendedApplication, RecommendedCatalogue
from portal.pages import item_words
from portal.web import kept, unrevised
from portal.web.unrevised import NEW, ONCE, OWN
from registry import legal_day
from registry.database import now, transaction
from registry.language import Language
from registry.organisations import Kind, Role
from tests import exhaustive
from tests.portal.pages import every_form
from tests.portal.pages.every_form import Form
from tests.portal.pages.stage import Stage
from tests.portal.world import Member

LANGUAGES = ("zh", "en")
LANGUAGE: Mapping[str, Language] = {"zh": "zh", "en": "en"}
HALVES = [
    exhaustive.case(language, half, kept=half == first)
    for first, language in enumerate(LANGUAGES)
    for half in (0, 1)
]
"""Every second form in Chinese, the others in English: one macro makes them in both."""
HOSTILE = {"bidi": "甲\u202e乙", "nul": "甲\0乙", "surrogate": "甲\ud800乙"}
TOO_LONG = "长" * 20_000
ENDLESS = frozenset({"roles", "plan", "protected", "proof", "public_pem", "disclosed"})
"""Fields that hold a document of many lines, which has rules of its own."""
LOOKED_UP_FIRST = frozenset({"/{language}/follow", "/{language}/datasets/{dataset_id}/check"})
"""Of their two forms the first makes nothing, and only the second, on the answer to it, has a key."""
FILE_FIRST = frozenset({"/{language}/submit", "/{language}/datasets/new"})


def revised(found: list[Form]) -> list[Form]:
    """The forms that change what others change too."""
    return [each for each in found if each.route not in unrevised.PAGES]


def once(found: list[Form]) -> list[Form]:
    """One form of each kind: of several people who see the same one, the first."""
    kinds: dict[tuple[str, str], Form] = {}
    for each in found:
        kinds.setdefault((each.route, each.step), each)
    return list(kinds.values())


def filled(form: Form, *, mark: str = "字") -> Form:
    """The form with its own word typed into every box for text."""
    typed = {name: f"{mark}{n}号" for n, name in enumerate(form.texts)}
    # What does not apply has a reason instead of a value: the boxes of a field exclude one another.
    return form.with_texts({name: word for name, word in typed.items() if not _excluded(name)})


def some(form: Form) -> list[str]:
    """The first and last boxes for text; those between are made by the same macro."""
    return list(dict.fromkeys(form.texts[:3] + form.texts[-2:]))


def _excluded(name: str) -> bool:
    return name.startswith(("na/", "seal/")) or "/na/" in name


SHOWN_LATER = {
    "/{language}/filings/{filing_id}/form",
    "/{language}/filings/{filing_id}/sets/{group}/{position}/drop",
}
"""Shown once a newer version of the form is declared (`test_newer_form`), or a set is to go (`test_sets`)."""

OF_THE_SCRIPT = {"/{language}/plain-words"}
"""Asked by the script of the filer's forms: `test_plain_words` and the enterprise's journey walk it."""


def test_every_route_that_takes_a_form_has_one_on_a_page(
    stage: Stage, forms: Mapping[str, list[Form]]
) -> None:
    found = forms["zh"]
    print(f"{len(found)} forms, {len(once(found))} kinds, by whoever sees each")
    assert {each.route for each in found} == set(
        every_form.posts(stage.site)
    ) - SHOWN_LATER - OF_THE_SCRIPT
    taken = {each.action.rpartition("/")[2] for each in found if "/steps/" in each.route}
    assert taken == {each.action.value for each in STEPS if each.role is not None}


def test_every_form_carries_its_sign_in_s_mark_and_its_revision_or_says_why_not(
    stage: Stage, forms: Mapping[str, list[Form]]
) -> None:
    assert set(unrevised.PAGES) <= set(every_form.posts(stage.site))
    for form in [*forms["zh"], *forms["en"]]:
        if form.sender is not None:
            assert form.values.get("csrf") == form.sender.csrf, form.page
        makes = unrevised.PAGES.get(form.route) == NEW and form.route not in LOOKED_UP_FIRST
        assert not makes or len(form.values.get("once", "")) == 43, (form.page, form.route)
        carried = form.values.get("revision", "").isdecimal()
        assert carried == (form.route not in unrevised.PAGES), (form.page, form.route)


@pytest.mark.parametrize(("language", "half"), HALVES)
def test_a_form_that_somebody_overtook_changes_nothing_and_keeps_every_word(
    stage: Stage, forms: Mapping[str, list[Form]], on_stage: TestClient, language: str, half: int
) -> None:
    for each in revised(once(forms[language]))[half::2]:
        form = filled(each)
        stage.restore()
        overtake(stage, form)
        before = stage.rows()
        answer = every_form.send(on_stage, form, member=form.sender)
        told = every_form.plain(answer)
        assert answer.status_code == 409, (form.action, answer.status_code, told)
        assert stage.rows() == before, form.action
        assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in told
        said = "又有了改动" if language == "zh" else "Changed since you opened it"
        assert said in told, form.action
        again = every_form.on_page(stage.site, form.page, told, form.sender)
        shown = {value for one in again for value in one.values.values()}
        for name in form.texts:
            assert form.values[name] in shown | {""}, (form.action, name)


def test_enter_in_a_box_never_presses_what_cannot_be_taken_back(
    forms: Mapping[str, list[Form]],
) -> None:
    """A browser presses the first button of a form for it; one that is disabled, it does not."""
    guarded = 0
    for form in forms["zh"]:
        if not any(each.kind not in ("hidden", "textarea", "select") for each in form.controls):
            continue
        graves = [each for each in form.buttons if "danger" in each.get("class", "").split()]
        if graves or len({each.get("formaction") for each in form.buttons}) > 1:
            assert "disabled" in form.buttons[0], (form.page, form.action)
            guarded += 1
    assert guarded > 5


def test_what_is_no_number_is_refused_as_wrong_and_not_taken_for_another(
    stage: Stage, forms: Mapping[str, list[Form]], on_stage: TestClient
) -> None:
    """A budget of letters was a conflict (409), and a token of "x" days was good for thirty."""
    walked, before = 0, stage.rows()
    for form in once(forms["zh"]):
        for name in [each.name for each in form.controls if each.kind == "number"]:
            for wrong in ("", "x", "-1", "1.5", "9" * 40):
                changed = sound(form) | {name: wrong}
                answer = every_form.send(on_stage, form, member=form.sender, changed=changed)
                assert answer.status_code == 422, (form.action, name, wrong, alert(answer))
                walked += 1
    assert walked >= 10
    assert stage.rows() == before


def test_whoever_is_not_signed_in_any_more_loses_no_typed_word(
    stage: Stage, forms: Mapping[str, list[Form]], on_stage: TestClient
) -> None:
    """G8: the page that asks for the sign-in carries what was typed, and no password."""
    walked, before = 0, stage.rows()
    for each in once(forms["zh"]):
        if each.access.anyone or not each.texts:
            continue
        form = filled(each)
        told = every_form.plain(every_form.send(on_stage, form, member=None))
        for name in form.texts:
            assert json.dumps([name, form.values[name]], ensure_ascii=False) in told, form.action
        walked += 1
    assert walked > 10
    assert stage.rows() == before


@pytest.mark.parametrize(("language", "half"), HALVES)
def test_whoever_is_refused_before_the_page_takes_the_form_loses_no_typed_word(
    stage: Stage, forms: Mapping[str, list[Form]], on_stage: TestClient, language: str, half: int
) -> None:
    """A mark of another sign-in, a text that nobody can see: the words are handed back, in words."""
    walked, before = 0, stage.rows()
    for each in [kind for kind in once(forms[language]) if kind.texts][half::2]:
        form = filled(each)
        wrongs: list[dict[str, str]] = [{"unseen": "\u202e"}]
        if form.sender is not None:
            wrongs.append({"csrf": "x" * 43})
        for changed in wrongs:
            answer = every_form.send(on_stage, form, member=form.sender, changed=changed)
            assert answer.status_code in (403, 422), (form.action, answer.status_code)
            told = every_form.plain(answer)
            for name in form.texts:
                if name in kept.UNTYPED or not form.values[name].strip():
                    continue
                assert f">{form.values[name]}</textarea>" in told, (form.action, name)
                item = item_words.of_box(name, LANGUAGE[language])
                assert item.code, f"a box of a form has no words: {name}"
                assert item.label in told, (form.action, name)
        walked += 1
    assert walked > 10
    assert stage.rows() == before


LOOKS = {"/{language}/concerns/{concern_number}/question"}
"""What shows what a change would come to, against the revision that was read, and saves nothing."""


def overtake(stage: Stage, form: Form) -> None:
    """Somebody else writes in the filing, case or application of a form, after its page was opened."""
    if "/concerns/" in form.action:
        with transaction(stage.site.state.factory) as session:
            concern = case_of(session, form)
            concern.since = now()
            for to in (
                Side.HANDLER,
                Side.FILER,
            ):  # a word to each, so that either has more to read
                side = Side.SENDER if to is Side.HANDLER else Side.HANDLER
                session.add(ConcernMessage(concern_id=concern.id, side=side, to=to, kept="再说"))
        return
    if "/recommending/" in form.action:
        with transaction(stage.site.state.factory) as session:
            if "/recommending/weights" in form.action:
                catalogue = session.scalars(select(RecommendedCatalogue)).one()
                catalogue.guidance = {"zh": "另一种意见"}
            else:
                made = session.get_one(RecommendedApplication, form.action.split("/")[-2])
                made.since = now()
                made.filer_revision += 1
        return
    filing_id = next(each for each in stage.points.values() if each in form.action)
    with transaction(stage.site.state.factory) as session:
        filing = session.get_one(Filing, filing_id)
        dossier.touch(session, filing)
        other = stage.member(Kind.AUTHORITY, Role.REVIEWER, "other").actor
        dossier.note(session, "filing:review:grade_dismissed", filing, other)


def case_of(session: Session, form: Form) -> Concern:
    """The case that a form's address names."""
    number = follow_codes.plain(form.action.split("/")[-2])
    return session.scalars(select(Concern).where(Concern.number == number)).one()


def test_a_form_of_somebody_else_s_changes_nothing(
    stage: Stage, forms: Mapping[str, list[Form]], on_stage: TestClient
) -> None:
    before, tried = stage.rows(), 0
    sides: dict[str, set[str]] = {}
    for form in forms["zh"]:
        if form.sender is not None:
            sides.setdefault(form.action, set()).add(form.sender.organisation.id)
        if "/concerns/" in form.action:  # of one side's forms of a kind only the first is kept
            with stage.site.state.factory() as session:
                concern = case_of(session, form)
                sides[form.action] |= {concern.filer_id, str(concern.watch_id)}
    for form in once(forms["zh"]):
        for member in [None, *stage.world.members.values()]:
            if form.access.anyone or (member is not None and may(form, member, sides)):
                continue
            own = form.with_texts({"csrf": member.csrf}) if member else form
            answer = every_form.send(on_stage, own, member=member)
            who = member.person.email if member else "nobody"
            assert answer.status_code in {303, 401, 403, 404}, (form.action, who, alert(answer))
            if answer.status_code == 303:
                assert "/sign-in" in answer.headers["location"]
            tried += 1
        if form.sender is not None and not form.access.anyone:
            unmarked = form.with_texts({"csrf": "0" * 32})
            answer = every_form.send(on_stage, unmarked, member=form.sender)
            assert answer.status_code == 403, form.action
            tried += 1
    assert stage.rows() == before
    print(f"{tried} refused posts")
    assert tried > 500


def may(form: Form, member: Member, sides: Mapping[str, set[str]]) -> bool:
    """Whether a member may send the form: the role, and a side of what it is about."""
    if not form.access.admits(member.actor, method="POST"):
        return False
    same = member.organisation.id in sides.get(form.action, ())
    bound = bool(form.access.own & member.actor.roles) and "{" in form.route.replace(
        "{language}", ""
    )
    return same or not bound


@pytest.mark.parametrize(("language", "half"), HALVES)
def test_text_that_nobody_can_see_is_refused_with_field_reason_and_remedy(
    stage: Stage, forms: Mapping[str, list[Form]], on_stage: TestClient, language: str, half: int
) -> None:
    before, tried = stage.rows(), 0
    for form in once(forms[language])[half::2]:
        for name in some(form):
            for kind, text in HOSTILE.items():
                answer = every_form.send(on_stage, form, member=form.sender, changed={name: text})
                said = alert(answer)
                assert answer.status_code == 422, (form.action, name, kind)
                assert name in said, (form.action, name, said)
                assert ("删去" if language == "zh" else "elete") in said, (form.action, said)
                tried += 1
    assert stage.rows() == before
    print(f"{tried} posts of hostile text")


def _set_aside(stage: Stage, form: Form, name: str) -> bool:
    """Whether a box of the dossier does not apply: what it holds is kept, and held against nothing."""
    if not form.route.endswith("/answers"):
        return False
    with transaction(stage.site.state.factory) as session:
        filing = session.get_one(Filing, form.action.split("/")[-2])
        place = ".".join(name.split("/")[1:])
        return any(place.startswith(each) for each in applicability.set_aside(filing.typed))


@pytest.mark.timeout(
    900
)  # every box of every form is posted: minutes on a machine with other work
@pytest.mark.parametrize(("language", "half"), HALVES)
def test_text_that_is_too_long_is_refused_and_never_cut(
    stage: Stage,
    forms: Mapping[str, list[Form]],
    on_stage: TestClient,
    language: str,
    half: int,
) -> None:
    holes, before = [], stage.rows()
    for form in once(forms[language])[half::2]:
        for name in some(form):
            if name in ENDLESS or form.route in FILE_FIRST or _excluded(name):
                continue
            changed = {**sound(form), name: TOO_LONG}
            answer = every_form.send(on_stage, form, member=form.sender, changed=changed)
            said, stored = alert(answer), stage.rows() != before
            changed_something = stored
            aside = _set_aside(stage, form, name)
            if form.route.endswith("/answers") and answer.status_code == 303:
                # A draft keeps what was typed, and says beside the field why it cannot be submitted.
                said, stored = stage.read(on_stage, form.page, form.sender), False
                said = "".join(re.findall(r'class="wrong">(.*?)</p>', said))
            if changed_something:
                stage.restore()
            told = re.search(
                "最多|上限|太长" if language == "zh" else r"at most|too long|takes \d+ characters",
                said,
            )
            named = {name, *name.split("/")[1:2]} & set(re.split(r"[^\w/]", said))
            if stored or not (told or named or aside):
                holes.append(
                    (form.action.rpartition("/")[2], name, answer.status_code, said[:200])
                )
    assert not holes, "\n".join(map(str, holes))


def alert(answer: Response) -> str:
    """What the page says went wrong."""
    found = re.search(r'role="alert">(.*?)</div>', every_form.plain(answer), flags=re.DOTALL)
    return found.group(1) if found else ""


SOUND: dict[str, dict[str, str]] = {
    "/{language}/versions/{version_id}/engagements": {"conflict": "无"},
    "/{language}/engagements/{engagement_id}/take-on": {"conflict": "无"},
    "/{language}/organisation/tokens": {"label": "甲", "scopes": "read"},
    "/{language}/organisation/invite": {"email": "another@example.org"},
    "/{language}/filings/{filing_id}/remarks/{remark_id}": {"reply": "已改"},
    "/{language}/f/{number}/concern": {
        "route": "appeal",
        "situation": "other",
        "words": "结果不对，请派人重新看一看。",
    },
    "/{language}/concerns/{concern_number}/question": {"words": "请说明用了哪些列。"},
    "/{language}/concerns/{concern_number}/steps": {"words": "查过了，答复写在这里。"},
    "/{language}/recommending/weights": {"reason_zh": "另有考虑", "ties_zh": "没有"},
    "/{language}/recommending/weights/decisions": {"agreed_ties_zh": "没有"},
    "/{language}/recommending/{application_id}/steps": {"words_zh": "理由写在这里"},
    "/{language}/recommending/{application_id}/decisions": {
        "words_zh": "理由写在这里",
        "ties_zh": "没有",
        "until": legal_day.today().isoformat(),
    },
    "/{language}/review/{filing_id}/grade": {
        "grade_reason": "看过问卷和测评报告，影响的人数比填写的多，应当从严。",
        "level": "high",
    },
}


GROUNDED = tuple(f"/{each}" for each in formal_grounds.NAMED_BY)


def sound(form: Form) -> dict[str, str]:
    """What a form needs to be taken, beyond what stands in it."""
    said = dict(SOUND.get(form.route, {}))
    if form.route.endswith("/answers") and form.texts:
        said[form.texts[0]] = "写得清楚"
    if form.route.endswith("/steps/{action}"):
        said |= {"reason": "理由写在这里"} if "reason" in form.values else {}
        said |= {"remark/B1": "请写全名"} if form.action.endswith("return") else {}
        said |= {"ground": "incomplete"} if form.action.endswith(GROUNDED) else {}
    return said


def test_of_one_form_sent_twice_at_once_one_wins(
    stage: Stage, forms: Mapping[str, list[Form]], on_stage: TestClient
) -> None:
    won = 0
    for form in once(forms["zh"]):
        if unrevised.PAGES.get(form.route) in (OWN, ONCE):
            continue
        stage.restore()
        before = stage.rows()
        send = partial(every_form.send, on_stage, form, member=form.sender, changed=sound(form))
        single = send()
        alone = grown(before, stage.rows())
        stage.restore()
        answers = at_once(send)
        statuses = sorted(each.status_code for each in answers)
        assert max(statuses) < 500, (form.action, statuses)
        if single.status_code >= 400:
            continue
        won += 1
        if "once" in form.values:
            assert answers[0].text == answers[1].text, form.action
            assert len({each.headers.get("location") for each in answers}) == 1, form.action
        if form.route in LOOKS:
            assert statuses == [200, 200], form.action
            assert stage.rows() == before, form.action
        elif form.route not in unrevised.PAGES:
            assert statuses == [303, 409], (form.action, statuses, [alert(a) for a in answers])
        assert grown(before, stage.rows()) == alone, form.action
    print(f"{won} forms sent twice at once")
    assert won > 20


def grown(before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]) -> dict[str, int]:
    """How many rows each table gained."""
    return {name: len(rows) - len(before[name]) for name, rows in after.items()}


def at_once(send: Callable[[], Response]) -> list[Response]:
    """The answers of two who send the same thing at the same moment."""
    ready, answers = threading.Barrier(2), list[Response]()

    def one() -> None:
        ready.wait()
        answers.append(send())

    threads = [threading.Thread(target=one) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return answers
