"""What groups B, D, H and I declare is held against the attached explanation, and kept with a reason only."""

from datetime import timedelta
from typing import Any

import pytest

from filing import declared, dossier, editions
from filing.dossier import Filing
from filing.fields import Answers
from filing.forms import current, schema
from filing.lifecycle import Guard, Status
from filing.review import NotReady
from registry.approval import NoSuchContradiction, ReasonUnfit
from registry.contradictions import Kind
from registry.language import Text
from tests.filing import papers
from tests.filing.papers import Scene

COLUMNS: list[dict[str, Any]] = [
    {"name": "income", "plain": {"zh": "收入", "en": "income"}, "direction": {"zh": ["高", "低"], "en": ["higher", "lower"]}},
    {"name": "debt", "plain": {"zh": "债务", "en": "debt"}, "direction": {"zh": ["多", "少"], "en": ["more", "less"]}},
    {"name": "debt2", "plain": {"zh": "债务记录", "en": "record of debts"}},
    {"name": "sex", "plain": {"zh": "性别", "en": "sex"}},
]  # fmt: skip


def fact(name: str, acts: str, up: int, down: int, changed: int, share: float) -> dict[str, Any]:
    swapped = {"n": 900, "changed": int(9 * share), "low": share - 1, "high": share + 1}
    counted = {"n": 900, "up": up, "down": down, "changed": changed}
    return {"columns": [name], "acts": acts, "swapped": swapped, **counted}


CONTENT: dict[str, Any] = {
    "task": "decision",
    "questions": [{"id": "information", "items": COLUMNS}],
    "measured": [
        fact("income", "up", 900, 0, 300, 30),
        fact("debt", "down", 0, 900, 500, 50),
        fact("debt2", "little", 3, 2, 0, 0),
        fact("sex", "changes", 40, 0, 40, 9),
    ],
}
REASON = Text("写的是单位制度的本意，模型还没有照着改好。", "")


def zh(said: str) -> dict[str, str]:
    return {"zh": said, "en": said}


def found(content: dict[str, Any] | None = CONTENT, /, **values: Any) -> list[tuple[str, str]]:
    answers = {code: {"value": value} for code, value in values.items()}
    return [
        (each.kind.value, each.place)
        for each in declared.found(Answers(current(), answers), content)
    ]


WITH = {
    "0": {"zh": "没有破产过的人", "en": "people without a past bankruptcy"},
    "1": {"zh": "破产过的人", "en": "people with a past bankruptcy"},
}


@pytest.mark.parametrize("commoner", ["0", "1"])
@pytest.mark.parametrize(
    ("what", "effect", "differing"),
    [
        (zh("破产过的人"), "better", True),
        (zh("破产过的人"), "worse", False),
        (zh("破产过"), "better", True),
        (zh("没有破产过的人"), "better", False),
        (zh("没有破产过"), "worse", True),
        ({"zh": "没有不良的记录", "en": "No past bankruptcy"}, "worse", False),  # not by its name
        ({"zh": "有过这种事", "en": "A past bankruptcy"}, "better", True),
        ({"zh": "好记录", "en": "Without a past bankruptcy"}, "worse", True),
        (zh("是否破产过"), "better", False),  # which of the two is not said
        (zh("是否破产过：有"), "better", True),  # the level in the explanation's own words
        ({"zh": "是否破产过是“没有”", "en": "a past bankruptcy: no"}, "worse", True),
        (zh("没有"), "worse", False),  # any row may begin so
    ],
)
def test_a_row_about_a_level_is_held_against_the_change_to_it(
    what: dict[str, str], effect: str, differing: bool, commoner: str
) -> None:
    """X12/12: “破产过的人: better” beside 965 of 972 tests that made it worse, and not a word."""
    column = {
        "name": "pubrec",
        "plain": {"zh": "是否破产过", "en": "a past bankruptcy"},
        "values": {"0": {"zh": "没有", "en": "no"}, "1": {"zh": "有", "en": "yes"}},
        "phrases": WITH,
    }
    rarer = "1" if commoner == "0" else "0"
    worse = rarer == "1"
    counted = {"n": 972, "up": 5 if worse else 965, "down": 965 if worse else 5, "changed": 400}
    acts = "down" if worse else "up"
    measured = {"columns": ["pubrec"], "acts": acts, **counted}
    measured |= {"between": [WITH[commoner], WITH[rarer]]}
    content = {
        "task": "decision",
        "questions": [{"id": "information", "items": [column]}],
        "measured": [measured],
    }
    said = found(content, H5=[{"what": what, "effect": effect}])
    assert said == [("direction", "H5.1")] * differing


@pytest.mark.parametrize(
    ("what", "effect", "kind"),
    [
        ("收入", "none", "matters"),
        ("收入更高", "better", ""),
        ("债务过多", "better", "direction"),
        ("收入越高", "worse", "direction"),
        ("收入减少", "better", "direction"),
        ("收入减少", "worse", ""),
        ("债务减少", "better", ""),
        ("债务更多", "better", "direction"),
        ("债务", "better", ""),  # of which side of it is not said
        ("债务记录", "worse", "matters"),  # the longer name, which does nothing
        ("债务记录", "none", ""),
        ("收入和债务", "none", ""),  # about two things at once
        ("没有债务的人", "none", ""),  # a guess would be needed
        ("住址", "better", ""),
    ],
)
def test_a_row_of_h5_beside_what_was_measured(what: str, effect: str, kind: str) -> None:
    said = found(H5=[{"what": zh(what), "effect": effect}])
    assert said == ([(kind, "H5.1")] if kind else [])


def test_the_order_of_the_main_factors_is_held_against_the_intervals() -> None:
    rows = [
        {"factor": zh("收入"), "influence": "strong"},
        {"factor": zh("债务"), "influence": "strong"},
        {"factor": zh("债务记录"), "influence": "strong"},
    ]
    assert found(D5=rows) == [("importance", "D5.3"), ("importance", "D5.1>D5.2")]
    assert found(D5=[rows[1], rows[0]]) == []


@pytest.mark.parametrize(
    ("said", "contradicted"),
    [
        ("收入、债务；不用性别和民族。", True),
        ("收入、债务，不使用种族、性别。", True),
        ("不用民族。性别会用到。", False),
        ("不用性别以外的个人特征。", False),
        ("收入、债务和性别。", False),
    ],
)
def test_what_is_said_not_to_be_used_is_not_what_changes_the_result(
    said: str, contradicted: bool
) -> None:
    assert found(H3=zh(said)) == [("not_used", "H3.1")] * contradicted


def test_what_is_listed_as_left_out_is_not_what_changes_the_result() -> None:
    rows = [{"factor": zh(each), "why": zh("法律不许。")} for each in ("民族", "性别", "债务记录")]
    assert found(D6=rows) == [("not_used", "D6.2")]


def test_what_is_withheld_is_compared_with_nothing() -> None:
    """What the public does not read stands in no contradiction that it reads."""
    rule = [{"rule": zh("不看收入"), "effect": zh("没有影响")}]
    answers = {"D7": {"value": rule}}
    assert declared.found(Answers(current(), answers), CONTENT)
    sealed = {"D7": answers["D7"] | {"sealed": {"reason": zh("商业秘密")}}}
    assert declared.found(Answers(current(), sealed), CONTENT) == []


def test_the_same_said_in_two_languages_is_one_contradiction() -> None:
    said = {"zh": "不看收入。", "en": "It does not look at income."}
    assert found(H4=said) == [("not_used", "H4.1")]
    assert found(H4={"zh": "看收入。", "en": "It ignores income."}) == [("not_used", "H4.1")]


def test_the_words_of_the_explanation_s_plan_are_held_against_it_as_well() -> None:
    said = {"decided": {"zh": "给申请打分，不看收入。", "en": "It scores applications."}}
    told = declared.found(Answers(current(), {}), CONTENT, said)
    assert [each.id for each in told] == ["not_used:declared.decided.1"]


def test_what_is_compared_with_nothing_is_left_to_the_reader_beside_the_counts() -> None:
    answers = {"H4": {"value": zh("不看收入。收入和债务怎么算，另有说明。和别的无关。")}}
    read = declared.reading(Answers(current(), answers), CONTENT)
    assert read.compared == {"zh": 1, "en": 0}
    (left,) = [each for each in read.beside if each.language == "zh"]
    assert (left.said, left.where.zh) == ("收入和债务怎么算，另有说明。", "H4（它怎样得出结果）")
    assert [(plain.zh, measured.zh[:6]) for plain, measured in left.measured] == [
        ("收入", "试了900次"),
        ("债务", "试了900次"),
    ]
    assert read.as_json()["left"][0]["measured"][0]["plain"] == zh("收入") | {"en": "income"}
    assert declared.reading(Answers(current(), answers), None).beside == ()


@pytest.mark.parametrize(
    ("human", "said", "differing"),
    [
        ("never", "信贷员看过建议再决定。", True),
        ("request", "由人工逐笔审批决定。", True),
        ("never", "没有人看，结果自动生效。", False),
        ("request", "您要求时，可以请客服重新看。", False),
        ("never", "不由人工决定。", False),
        ("follows", "信贷员看过建议再决定，一般照建议办。", False),
        ("always", "由程序直接决定，没有人看。", True),
        ("follows", "结果自动生效，不经人审核。", True),
        ("always", "没有工作人员看漏的申请。", False),
        ("follows", "只在投诉时看。", True),
    ],
)
def test_a_person_who_decides_is_told_of_in_one_way(
    human: str, said: str, differing: bool
) -> None:
    """public/S14: “a loan officer reads the advice and decides” beside “decides”, nobody looking."""
    scene = {"G1": {"value": {"scene_human": {"answer": human}}}}
    answers = Answers(current(), scene)
    told = declared.found(answers, None, {"decider": zh(said)})
    assert [each.kind for each in told] == [Kind.DECIDER] * differing, said
    assert found(G1={"scene_human": {"answer": human}}, H6=zh(said)) == (
        [("decider", "H6")] if differing else []
    )


def test_who_decides_is_quoted_to_each_reader_in_their_language() -> None:
    scene = {"G1": {"value": {"scene_human": {"answer": "always"}}}}
    both = {"zh": "没有人参与，由程序自动决定。", "en": "It decides; nobody takes part; so it is."}
    (told,) = declared.found(Answers(current(), scene), None, {"decider": both})
    assert told.declared == Text(
        "没有人参与", "没有人参与 (in Chinese; the same answer has English)"
    )
    both["en"] = "Nobody takes part and the program decides"
    (told,) = declared.found(Answers(current(), scene), None, {"decider": both})
    assert told.declared == Text("没有人参与", "program decides")


def test_purpose_and_days_that_are_told_in_two_ways() -> None:
    assert found(B14="prices") == [("purpose", "B14")]
    assert found(B14="decides") == found(B14="informs") == []
    for days, differing in ((30, [("dates", "H9")]), (15, [])):
        rows = {"I2": {"value": {"days": 15}}, "H9": {"value": {"days": days}}}
        told = declared.found(Answers(schema("1"), rows), None)
        assert [(each.kind, each.place) for each in told] == differing, (
            "the last form that asks both"
        )
    answers = {"I2": {"value": {"days": 15}}}
    for said, days in (
        ("30天内答复您。", True),
        ("收到结果后三十天内申诉，15天内答复。", False),
        ("10个工作日内答复", False),
        ("打电话，请人重新看。三天内答复。", True),
    ):
        told = declared.found(Answers(current(), answers), None, {"object": zh(said)})
        assert [each.kind for each in told] == [Kind.DATES] * days, said


def test_no_two_answer_times_stand_on_one_page() -> None:
    """In words of how to object, of the steps of an appeal, of the explanation, in either language."""
    appeal = {
        "days": 15,
        "steps": {"zh": "写信", "en": "Write; you get an answer within ten days."},
    }
    assert found(None, I2=appeal) == [("dates", "I2.words")]
    assert found(None, I2={"days": 15}, H9={"how": {"zh": "打电话，一周内答复"}}) == [
        ("dates", "H9.words")
    ]
    said = {"object": {"zh": "打电话。十五天内答复。", "en": "You get an answer within 20 days."}}
    told = declared.found(Answers(current(), {"I2": {"value": {"days": 15}}}), None, said)
    assert [(each.kind, each.place) for each in told] == [(Kind.DATES, "declared.object")]


def test_an_explanation_of_an_earlier_release_contradicts_nothing() -> None:
    older = {name: each for name, each in CONTENT.items() if name != "measured"}
    assert found(older, H5=[{"what": zh("收入越高"), "effect": "worse"}]) == []


def contradictory(scene: Scene) -> Filing:
    filing = scene.evaluated(H5=[{"what": zh("收入越高"), "effect": "worse"}])
    made = papers.explanation(scene.session, scene.version, scene.filer)
    made.content = CONTENT
    scene.session.flush()
    dossier.attach(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        explanation_id=made.id,
    )
    return filing


ID = "direction:H5.1"


def test_a_filing_is_submitted_with_a_reason_for_each_which_the_edition_carries(
    scene: Scene,
) -> None:
    filing = scene.file(contradictory(scene), "check")
    with pytest.raises(NotReady) as refused:
        scene.file(filing, "submit", reason="这是变更说明，不是这一处的理由。")
    assert [each.item for each in refused.value.reasons] == [ID]
    assert "试了900次" in refused.value.reasons[0].said.zh
    with pytest.raises(ReasonUnfit):
        scene.file(filing, "submit", differing={ID: Text("因为", "")})
    with pytest.raises(NoSuchContradiction):
        scene.file(filing, "submit", differing={ID: REASON, "direction:H5.9": REASON})
    assert filing.status == Status.SELF_CHECKED
    scene.file(filing, "submit", differing={ID: REASON})
    scene.rule(filing, "accept", "file", "publish")
    edition = editions.newest(scene.session, filing.id)
    assert edition is not None
    (kept,) = edition.read()["contradictions"]
    assert (kept["id"], kept["n"], kept["reason"]["zh"]) == (ID, 900, REASON.zh)


def test_a_reason_without_a_contradiction_goes_with_no_step(scene: Scene) -> None:
    filing = scene.file(scene.evaluated(), "check")
    with pytest.raises(NoSuchContradiction):
        scene.file(filing, "submit", differing={ID: REASON})
    scene.file(filing, "submit")
    assert declared.published(scene.session, filing) == []


def test_what_stands_in_the_way_of_a_submission_is_said_with_the_step(scene: Scene) -> None:
    """The step is offered, since the reason is given with it."""
    from filing import review

    filing = scene.file(contradictory(scene), "check")
    offered = review.choices(scene.session, by=scene.filer, filing=filing)
    assert next(each for each in offered if each.action == "submit").ready
    assert Guard.CONTRADICTIONS in review.SAID_WITH_THE_STEP


UNLIKE: dict[str, Any] = {
    "probe": "selection_parity", "metric": "selection_rate_ratio", "slice": {"sex": "f"}, "verdict": "disparity",
    "reading": {"zh": "女性每100人约31人通过。", "en": "About 31 of 100 women are approved."},
    "p_adjusted": 0.001, "suppressed": False, "n": 480,
}  # fmt: skip


@pytest.mark.parametrize(
    ("of", "signed", "age", "attached", "contradicted"),
    [
        ("tester", True, 0, True, True),
        ("tester", True, 0, False, True),
        ("tester", False, 0, True, False),
        ("tester", True, 400, True, False),
        ("filer", False, 0, True, True),
        ("filer", True, 0, False, False),
    ],
)
def test_words_are_held_against_the_reports_of_this_version_that_count(
    scene: Scene, of: str, age: int, *, signed: bool, attached: bool, contradicted: bool
) -> None:
    filing = scene.opened(H4=zh("对所有人一视同仁。"))
    made = papers.report(
        scene.session, scene.version, getattr(scene, of), signed=signed, age=timedelta(days=age), findings=[UNLIKE],
    )  # fmt: skip
    if attached:
        filing.report_ids = [made.id]
    ids = [each.id for each in declared.of(scene.session, filing)]
    assert ("alike:H4.0" in ids) is contradicted
    assert declared.read(scene.session, filing).compared["zh"] == contradicted


def test_a_report_on_another_version_says_nothing_of_this_one(scene: Scene) -> None:
    filing = scene.opened(H4=zh("对所有人一视同仁。"))
    made = papers.report(scene.session, scene.version, scene.tester, findings=[UNLIKE])
    made.model_digest = "0" * 64
    filing.report_ids = [made.id]
    assert declared.of(scene.session, filing) == []


@pytest.mark.parametrize(
    ("differs", "said", "contradicted"),
    [
        ("yes", {"zh": "价格按门店定，不因人而异。"}, True),
        ("yes", {"zh": "人人同价。"}, True),
        ("yes", {"en": "Prices go by restaurant, not by person."}, True),
        ("yes", {"en": "The price does not differ between people."}, True),
        ("yes", {"en": "It is the same price for everyone."}, True),
        ("yes", {"zh": "价格因人而异。", "en": "Prices differ between people."}, False),
        (
            "yes",
            {"zh": "同一门店的价格一样。", "en": "Within one restaurant it is the same."},
            False,
        ),
        ("no", {"zh": "价格按门店定，不因人而异。"}, False),
    ],
)
@pytest.mark.parametrize("held", ["value", "not_applicable"])
def test_prices_that_are_declared_to_differ_are_not_said_to_be_the_same_for_all(
    differs: str, said: dict[str, str], held: str, *, contradicted: bool
) -> None:
    """N12/F10: D10 says that prices can differ between people, and H8 that they do not."""
    given = {"how": said} if held == "value" else said
    answers: dict[str, Any] = {"D10": {"value": {"differs": differs}}, "H8": {held: given}}
    told = [each.id for each in declared.found(Answers(current(), answers), None)]
    assert told == (["terms:H8"] if contradicted else [])
