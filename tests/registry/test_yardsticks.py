"""public/B2: cut, favourable side and sensitive attributes are the report's, not the filer's."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from registry import attestation, evaluations, explanations, reports, worklist, yardsticks
from registry.database import now
from registry.datasets import Use
from registry.explanations import Explanation, NotDeidentified, OtherYardstick
from registry.language import Text
from registry.organisations import Actor, Kind
from registry.reports import Report
from registry.settings import settings
from registry.submission import Version
from tests import cast

COLUMNS = [
    {"name": "income", "plain": {"zh": "收入", "en": "income"}},
    {"name": "sex", "plain": {"zh": "性别", "en": "sex"}},
    {"name": "married", "plain": {"zh": "婚姻", "en": "marriage"}},
]
REPORTED: dict[str, Any] = {
    "title": "t",
    "columns": {"cut": 0.8, "favourable": 1, "sensitive": ["race", "sex"]},
    "probes": [{"id": "selection_parity"}, {"id": "counterfactual_flip", "change": ["married"]}],
    "names": {"race": {"plain": {"zh": "种族", "en": "race"}, "levels": {}}},
    "target_kind": "human_decision",
}


class Case:
    """A version with its filer, and reports on it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.platform: Ed25519PrivateKey = cast.platform_key(session)
        self.filer = cast.actor(session)
        self.version: Version = cast.version(session, self.filer)
        self.version.inputs = [{"name": c["name"], "type": "double"} for c in COLUMNS]
        session.flush()

    def report(self, plan: dict[str, Any] = REPORTED, *, by: Actor | None = None) -> Report:
        """A countersigned report on the version, by another organisation or by the owner."""
        session, tester = self.session, by or cast.actor(self.session, Kind.TESTER)
        engagement = None
        if by is None:
            engagement = cast.engaged(session, self.version, filer=self.filer, tester=tester)
        made = evaluations.register_plan(
            session,
            by=tester,
            version_id=self.version.id,
            dataset_id=cast.dataset(session, tester).id,
            plan=plan,
            engagement_id=engagement.id if engagement else None,
        )
        while True:  # explanations may wait before it
            held = worklist.claim(session, worker="w", lease=60)
            assert held is not None
            if worklist.get(session, held.work_id).subject_id == made.id:
                break
        evaluations.issue_nonce(session, made.id)
        sealed = attestation.sign(cast.report_statement(session, made), self.platform)
        text = attestation.encode(sealed)
        report = reports.hand_in(session, held=held, envelope_text=text)
        signed = attestation.add_signature(attestation.decode(text), cast.own_key(session, tester))
        return reports.countersign(
            session, by=tester, report_id=report.id, envelope_text=attestation.encode(signed)
        )

    def ask(self, *, quoting: Report | None = None, **changed: Any) -> Explanation:
        """A request for an explanation, by what the filer chose."""
        data = cast.dataset(self.session, self.filer, use=Use.EXPLANATION)
        plan = {"task": "decision", "columns": COLUMNS, **changed}
        return explanations.request(
            self.session,
            by=self.filer,
            version_id=self.version.id,
            dataset_id=data.id,
            plan={name: value for name, value in plan.items() if value is not None},
            report_id=quoting.id if quoting else None,
        )

    def approve(self, made: Explanation) -> Explanation:
        """The filer's yes to a finished text."""
        made.content = made.content or {"questions": []}
        return explanations.approve(self.session, by=self.filer, explanation_id=made.id)


@pytest.fixture
def case(session: Session) -> Case:
    return Case(session)


def named(refused: pytest.ExceptionInfo[OtherYardstick]) -> dict[str, str]:
    return {reason.item: str(reason.said.zh + reason.said.en) for reason in refused.value.reasons}


def test_what_the_filer_left_open_comes_from_the_report(case: Case) -> None:
    report = case.report()
    made = case.ask()
    assert made.plan["cut"] == 0.8
    assert made.plan["favourable_above"] is True
    protected = {c["name"] for c in made.plan["columns"] if c.get("protected")}
    assert protected == {"sex", "married"}
    assert [each["name"] for each in made.plan["protected"]] == ["race"]
    assert made.plan["protected"][0]["plain"]["zh"] == "种族"
    assert made.report_id == report.id
    assert case.approve(made).approved


WORDED: dict[str, Any] = {
    **REPORTED,
    "columns": {
        **REPORTED["columns"],
        "classes": ["bad", "good", "fair"],
        "favourable": "good",
    },
}


def test_the_classes_are_those_of_the_report(case: Case) -> None:
    case.report(WORDED)
    made = case.ask()
    assert made.plan["classes"] == ["bad", "good", "fair"]
    assert made.plan["favourable"] == "good"
    assert case.ask(classes=["good", "fair", "bad"], favourable="good").plan["cut"] == 0.8
    with pytest.raises(OtherYardstick) as refused:
        case.ask(classes=["bad", "good", "fair"], favourable="bad")
    assert set(named(refused)) == {"classes"}
    assert all(name in named(refused)["classes"] for name in ("bad", "good", "fair"))


def test_classes_that_the_report_does_not_name_are_another_yardstick(case: Case) -> None:
    case.report()
    with pytest.raises(OtherYardstick) as refused:
        case.ask(classes=["good", "bad"], favourable="good")
    assert set(named(refused)) == {"classes"}
    assert case.ask(classes=[0, 1], favourable=1).plan["cut"] == 0.8


def test_two_reports_that_ask_about_other_classes_differ_in_that(case: Case) -> None:
    worded, plain = (yardsticks.Yardstick.of(case.report(plan)) for plan in (WORDED, REPORTED))
    (said,) = plain.beside(worded)
    assert "good" in said.zh
    assert "good" in said.en


def test_another_cut_or_side_is_refused_with_both_values(case: Case) -> None:
    case.report()
    with pytest.raises(OtherYardstick) as refused:
        case.ask(cut=0.3)
    assert set(named(refused)) == {"cut"}
    assert all(value in named(refused)["cut"] for value in ("0.3", "0.8"))
    with pytest.raises(OtherYardstick) as refused:
        case.ask(cut=0.8, favourable_above=False)
    assert set(named(refused)) == {"favourable_above"}
    assert "低于分数线" in named(refused)["favourable_above"]
    with pytest.raises(OtherYardstick) as refused:
        case.ask(task="price")
    assert set(named(refused)) == {"cut"}


def test_a_report_that_arrives_later_stops_the_approval(case: Case) -> None:
    made = case.ask(cut=0.3)
    case.report()
    with pytest.raises(OtherYardstick) as refused:
        case.approve(made)
    found = named(refused)
    assert set(found) == {"cut", "race", "sex", "married"}
    assert all(value in found["cut"] for value in ("0.3", "0.8"))
    assert made.approved is None


def test_a_text_that_says_there_is_no_report_is_not_approved_once_there_is_one(case: Case) -> None:
    sides = [{**column, "protected": True} for column in COLUMNS]
    outside = [{"name": "race", "plain": {"zh": "种族", "en": "race"}}]
    made = case.ask(cut=0.8, columns=sides, protected=outside)
    report = case.report()
    with pytest.raises(OtherYardstick) as refused:
        case.approve(made)
    assert report.id in named(refused)["report"]


def test_the_filer_chooses_no_report_to_quote(case: Case) -> None:
    """public/B2: the page says that it goes by the newest; its findings are of that one, too."""
    older = case.report()
    made = case.ask()
    newest = case.report()
    with pytest.raises(OtherYardstick) as refused:
        case.ask(quoting=older)
    assert older.id in named(refused)["report"]
    assert newest.id in named(refused)["report"]
    with pytest.raises(OtherYardstick) as refused:
        case.approve(made)
    assert set(named(refused)) == {"report"}
    again = case.ask(quoting=newest)
    assert again.report_id == newest.id
    assert case.approve(again).approved


def test_an_approved_text_is_checked_again_when_it_is_attached_or_published(case: Case) -> None:
    made = case.approve(case.ask(cut=0.3))
    explanations.check_yardstick(case.session, made)
    case.report()
    with pytest.raises(OtherYardstick):
        explanations.check_yardstick(case.session, made)


def test_only_a_report_that_counts_at_the_gate_settles_anything(
    case: Case, session: Session
) -> None:
    case.report(by=case.filer)  # its own
    assert case.approve(case.ask(cut=0.3)).approved
    old = case.report()
    old.created = now() - timedelta(days=settings().evaluation_days)
    session.flush()
    assert case.ask(cut=0.4).report_id is None
    other = case.report()
    other.model_digest = "0" * 64
    session.flush()
    assert case.ask(cut=0.5).report_id is None


def test_the_newest_report_counts_and_what_differs_is_named(case: Case) -> None:
    case.report()
    case.report({**REPORTED, "columns": {"cut": 0.6, "favourable": 1, "sensitive": ["race"]}})
    newest, older = yardsticks.counting(case.session, case.version.id, case.version.digest)
    assert (newest.cut, older.cut) == (0.6, 0.8)
    parts = [part.zh for part in newest.beside(older)]
    assert parts == ["分数线是0.6和0.8", "只有较早的报告比较“sex”"]
    assert case.ask().plan["cut"] == 0.6


def test_what_only_one_report_compares_is_called_as_people_call_it(case: Case) -> None:
    """n7/13: the sentence had the name of the column."""
    columns = {"cut": 0.8, "favourable": 1, "sensitive": ["race", "town"]}
    names = {"town": {"plain": {"zh": "所在片区", "en": "district"}}}
    case.report({**REPORTED, "columns": columns, "names": names})
    case.report({**REPORTED, "columns": {**columns, "sensitive": ["race"]}})
    newest, older = yardsticks.counting(case.session, case.version.id, case.version.digest)
    (said,) = newest.beside(older)
    assert said == Text(
        "只有较早的报告比较“所在片区”", "only the older report compares “district”"
    )
    own = {"town": Text("住的镇", "home town")}
    (said,) = newest.beside(older, called=own)
    assert said == Text("只有较早的报告比较“住的镇”", "only the older report compares “home town”")
    found = older.differences({"cut": 0.8, "protected": [{"name": "race"}]})
    (reason,) = (each for each in found if each.item == "town")
    assert reason.said.zh.startswith("“所在片区”：")
    assert reason.said.en.startswith("“district”: ")


def test_where_low_scores_are_good_the_report_says_so(case: Case) -> None:
    case.report({**REPORTED, "columns": {"cut": 0.2, "favourable": 0, "sensitive": []}})
    assert case.ask().plan["favourable_above"] is False


def test_data_of_which_nothing_says_how_they_were_deidentified_are_not_explained(
    case: Case, session: Session
) -> None:
    """public/B1: data registered before it had to be said."""
    old = cast.dataset(session, case.filer, use=Use.EXPLANATION)
    old.deidentification = ""
    session.flush()
    with pytest.raises(NotDeidentified) as refused:
        explanations.request(
            session,
            by=case.filer,
            version_id=case.version.id,
            dataset_id=old.id,
            plan={"cut": 0.5, "columns": COLUMNS},
        )
    assert "再登记一次" in refused.value.said.zh
    assert "Register the same file again" in refused.value.said.en


@pytest.mark.parametrize(
    ("columns", "above"),
    [
        ({"favourable": "归还", "score_favourable": 0}, False),
        ({"favourable": "归还", "score_favourable": 1}, True),
        ({"favourable": 0, "score_favourable": 1}, True),
        ({"favourable": 1, "score_favourable": 0}, False),
        ({"favourable": 0}, False),
    ],
)
def test_the_side_of_the_cut_is_the_one_that_the_report_judged_by(
    case: Case, columns: dict[str, Any], above: bool
) -> None:
    """F-n7/1: a report in words turned the explanation of a risk model round."""
    case.report({**REPORTED, "columns": {**REPORTED["columns"], **columns}})
    assert case.ask().plan["favourable_above"] is above


def test_the_class_asked_about_is_the_models_where_the_data_have_another_word(case: Case) -> None:
    columns = {"classes": ["bad", "good"], "favourable": "归还", "score_favourable": "good"}
    case.report({**REPORTED, "columns": {**REPORTED["columns"], **columns}})
    made = case.ask()
    assert (made.plan["classes"], made.plan["favourable"]) == (["bad", "good"], "good")
    assert made.plan["favourable_above"] is True


TWO: dict[str, Any] = {
    **REPORTED,
    "columns": {"classes": ["no", "yes"], "favourable": "yes", "sensitive": ["sex"]},
    "probes": [{"id": "selection_parity"}],
}


def _by(columns: dict[str, Any]) -> yardsticks.Yardstick:
    return yardsticks.Yardstick.by("r", {**TWO, "columns": {**TWO["columns"], **columns}})


def test_a_report_by_two_classes_binds_the_cut_to_one_half() -> None:
    """Issue 7, b7/F4: a report that judged by the likelier class let any cut stand."""
    report = _by({})
    asked = {"classes": ["no", "yes"], "favourable": "yes", "columns": [], "protected": [{"name": "sex"}]}  # fmt: skip
    assert report.line == 0.5
    (found,) = report.differences({**asked, "cut": 0.05})
    assert found.item == "cut"
    assert "0.5" in found.said.zh
    assert "likelier" in found.said.en
    assert report.differences({**asked, "cut": 0.5}) == []
    assert report.applied({"columns": []}, [])["cut"] == 0.5
    (below,) = report.differences({**asked, "cut": 0.5, "favourable_above": False})
    assert below.item == "favourable_above"


def test_of_more_classes_no_cut_is_made_up_and_the_class_is_still_the_reports() -> None:
    report = _by({"classes": ["no", "maybe", "yes"]})
    assert report.line is None
    asked = {"classes": ["no", "maybe", "yes"], "favourable": "no", "cut": 0.4, "columns": [], "protected": [{"name": "sex"}]}  # fmt: skip
    assert [each.item for each in report.differences(asked)] == ["classes"]


def test_reports_that_differ_are_told_by_the_plain_names_of_columns() -> None:
    """n7/13: a raw column name stood where the plan has a plain one."""
    named = yardsticks.Yardstick.by("a", REPORTED)
    said = [each.zh for each in _by({"sensitive": []}).beside(named)]
    assert any("“种族”" in each for each in said)
    assert any(each.startswith("分数线是0.5") for each in said)


def test_no_sensitive_feature_is_named_as_what_a_person_can_change(case: Case) -> None:
    """Whether the plan says that it is sensitive, or a report that counts does."""
    income, sex, married = COLUMNS
    asked = [income | {"actionable": 1}, sex | {"protected": True, "actionable": "any"}, married]
    with pytest.raises(explanations.SensitiveAdvised) as refused:
        case.ask(columns=asked, cut=0.8)
    assert [each.item for each in refused.value.reasons] == ["columns.sex.actionable"]
    case.report()
    with pytest.raises(explanations.SensitiveAdvised) as refused:
        case.ask(columns=[income, sex, married | {"actionable": 1}])
    assert [each.item for each in refused.value.reasons] == ["columns.married.actionable"]
    assert case.ask(columns=[income | {"actionable": 1}, sex, married])


def test_groups_bear_the_names_of_the_report(case: Case) -> None:
    """X12e/P8: race was exchanged in a text that quoted the report's finding on race."""
    white, other = {"zh": "白人", "en": "white"}, {"zh": "其他种族", "en": "another race"}
    race = {"plain": {"zh": "种族", "en": "race"}, "levels": {"w": white, "o": other}}
    case.report(REPORTED | {"names": {"race": race}})
    right = {"name": "race", "plain": race["plain"], "values": {"w": white, "o": other}}
    assert case.ask(protected=[right])
    with pytest.raises(OtherYardstick) as refused:
        case.ask(protected=[right | {"values": {"w": other, "o": white}}])
    assert list(named(refused)) == [
        f"protected.race.values.{group}.{language}" for group in "wo" for language in ("zh", "en")
    ]
