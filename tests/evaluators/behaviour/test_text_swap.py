"""Exchanged words: exact shares, what is not tried, and a real text model in the sandbox."""

import warnings
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models import infer_signature
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from evaluators.behaviour import text_swap_readings, wording
from evaluators.behaviour.alterations import Counts
from evaluators.behaviour.text_swap import TextSwap
from evaluators.designs.answer_nulls import DicedReader
from evaluators.plan import PlanInvalid
from evaluators.probe import Scorer
from evaluators.running import conformance, engine, planning
from evaluators.running.recompute import recompute
from evaluators.statistics.intervals import Interval
from registry import screening
from registry.findings import Finding, Verdict
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from registry.scoring import SandboxScorer
from registry.settings import Settings
from tests.evaluators.decision_data import Reading, Served, column

ROWS = 200
TEXTS = (
    [f"他有稳定收入，编号 {i}" for i in range(80)]
    + [f"她有稳定收入，编号 {i}" for i in range(80)]
    + [f"申请人有稳定收入，编号 {i}" for i in range(40)]
)
TABLE = pa.table({"text": TEXTS, "age": np.arange(ROWS) % 7, "who": np.arange(ROWS) // 2})
MEN = Reading(lambda f: [0.9 if "他" in text else 0.4 for text in column(f, "text")])
AGES = Reading(lambda f: (column(f, "age") > 3) * 0.8)


def _plan(options: dict[str, Any] | None = None, **columns: Any) -> dict[str, Any]:
    usual = {"inputs": ["text", "age"], "cut": 0.5, "favourable": 1}
    return {
        "title": "t",
        "columns": usual | columns,
        "probes": [{"id": "text_swap", **(options or {})}],
    }


def _run(
    model: Scorer | None, options: dict[str, Any] | None = None, **columns: Any
) -> list[Finding]:
    return engine.measure(
        planning.parse(_plan(options, **columns)), TABLE, scorer=model, nonce="n"
    )


def test_the_share_is_exact_and_the_shift_is_told_by_direction() -> None:
    gender, names, regions = _run(MEN)
    assert (gender.n, gender.estimate, gender.p_value) == (160, 1.0, None)
    assert gender.verdict is Verdict.DISPARITY
    assert gender.details["mean_shift"] == {
        "male→female": pytest.approx(-0.5),
        "female→male": pytest.approx(0.5),
    }
    assert (gender.details["to_favourable"], gender.details["without"]) == (80, 40)
    assert "40 行" in gender.reading["zh"]
    assert "40 rows" in gender.reading["en"]
    assert {f.verdict for f in (names, regions)} == {Verdict.NOT_EVALUABLE}
    assert "No text holds" in names.reading["en"]


def test_a_model_that_reads_no_words_is_shown_not_to() -> None:
    found = _run(AGES, {"lists": ["gender"]})
    assert [(f.estimate, f.verdict) for f in found] == [(0.0, Verdict.INCONCLUSIVE)]
    assert "up to 2.3% of such people cannot be ruled out" in found[0].reading["en"]
    assert "会变的仍可能多到 2.3%" in found[0].reading["zh"]
    assert found[0].details["bound"] == pytest.approx(1 - 0.05 ** (1 / 160))


def test_words_that_a_service_ignored_are_tested_as_those_of_a_service() -> None:
    """Stranger, issue 7/9: what a service answers twice alike is no fact about a file."""
    found = _run(Served(AGES.formula), {"lists": ["gender"]})
    assert [(f.metric, f.verdict) for f in found] == [
        ("text_swap_share_beyond_twin", Verdict.INCONCLUSIVE)
    ]


def test_people_are_the_trials() -> None:
    (found,) = _run(MEN, {"lists": ["gender"]}, unit="who")
    assert (found.n, found.details["tests"]) == (80, 160)


def test_a_plan_can_bring_its_own_words() -> None:
    (found,) = _run(
        Reading(lambda f: [0.9 if "稳定" in t else 0.1 for t in column(f, "text")]),
        {"lists": [], "pairs": {"income": [["稳定", "不稳"]]}},
    )
    assert (found.slice, found.n, found.estimate) == ({"words": "income"}, ROWS, 1.0)
    with pytest.raises(PlanInvalid):
        _run(MEN, {"pairs": {"income": [["a", "b"], ["b", "c"]]}})


@pytest.mark.parametrize(
    ("model", "columns", "said"),
    [
        (None, {"score": "age"}, "this run has none"),
        (AGES, {"inputs": ["age"]}, "No input of the model is a text"),
        (AGES, {"cut": None, "prediction": "age"}, "neither a cut nor classes"),
    ],
)
def test_what_cant_be_tried_is_said(model: Any, columns: dict[str, Any], said: str) -> None:
    for found in _run(model, **columns):
        assert found.verdict is Verdict.NOT_EVALUABLE
        assert said in found.reading["en"]


def test_too_few_texts_are_no_verdict() -> None:
    short = TABLE.slice(0, 20)
    (found,) = engine.measure(
        planning.parse(_plan({"lists": ["gender"]})), short, scorer=MEN, nonce="n"
    )
    assert (found.verdict, found.estimate) == (Verdict.NOT_EVALUABLE, None)


def test_a_randomised_service_is_held_against_its_twin_and_a_planted_effect_is_found() -> None:
    rng = np.random.default_rng(1)
    texts = [t[:-1] + str(i % 10) for i, t in enumerate(TEXTS)]
    table = TABLE.set_column(0, "text", pa.array(texts))
    plan = planning.parse(_plan({"lists": ["gender"]}, inputs=["text"]))
    found = engine.measure(plan, table, scorer=DicedReader(rng), nonce="n")[0]
    assert found.metric == "text_swap_share_beyond_twin"
    assert found.details["changed"] > 30, "a naive share would accuse it"

    def planted(frame: pa.Table) -> Any:
        words = column(frame, "text")
        return (
            np.array(["他" in w for w in words]) * 0.15
            + 0.4
            + 0.05 * rng.standard_normal(len(words))
        )

    hits = [
        engine.measure(plan, table, scorer=Reading(planted), nonce=str(i))[0].verdict
        for i in range(5)
    ]
    assert hits == [Verdict.DISPARITY] * 5


def test_the_findings_follow_from_the_public_table() -> None:
    plan = planning.parse(_plan())
    made = engine.run(plan, TABLE, scorer=MEN, nonce="n")
    assert made.public_evidence["tables"]["text_swap"][0]["rows"][0] == [
        ["gender"], [160, 160, 160, 0, 0, 1]
    ]  # fmt: skip
    done = recompute({
        "plan": {"content": plan.as_json()}, "nonce": "n",
        "findings": [f.as_json() for f in made.findings],
        "evidence": {"public": {"content": made.public_evidence}},
    })  # fmt: skip
    assert not done.mismatched
    assert {n for row in done.recomputed for n in row["numbers"]} >= {
        "estimate",
        "ci.low",
        "verdict",
    }


def test_it_conforms() -> None:
    conformance.check(TextSwap, _plan({"lists": ["gender"]}, sensitive=["age"]), TABLE, scorer=MEN)


def test_a_real_text_model_is_tried_in_the_sandbox(tmp_path: Path) -> None:
    texts, due = pd.DataFrame({"text": TEXTS[:160]}), np.repeat([1, 0], 80)
    model = make_pipeline(TfidfVectorizer(analyzer="char"), LogisticRegression(C=100.0))
    model.fit(texts["text"], due)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.sklearn.save_model(
            model, tmp_path / "m", signature=infer_signature(texts, np.zeros(160)),
            serialization_format="skops", pyfunc_predict_fn="predict_proba",
            pip_requirements=["scikit-learn"], skops_trusted_types=list(SKOPS_TYPES),
        )  # fmt: skip
    inputs = screening.screen(tmp_path / "m").inputs
    with SandboxScorer(tmp_path / "m", inputs=inputs, settings=Settings()) as scorer:
        (found,) = _run(scorer, {"lists": ["gender"]}, inputs=["text"])
    assert (found.n, found.estimate, found.verdict) == (160, 1.0, Verdict.DISPARITY)


def test_a_bound_that_just_misses_the_line_does_not_read_as_the_line() -> None:
    """Stranger F7e/m2: 0 of 3,000 answers changed: "up to 0.1 %; small up to 0.1 %"."""
    plan = planning.parse(_plan())
    one = text_swap_readings.reading(
        wording.LISTS["gender"], Counts(people=2400, changed=0, wins=0, losses=0, silent=0),
        Verdict.INCONCLUSIVE, plan, Interval(0.0, 0.00104, 0.95, "clopper_pearson"),
    )  # fmt: skip
    for said in (one.zh, one.en):
        assert said.count("0.10%") == 2
        assert "0.1%" in said  # the margin


@pytest.mark.parametrize("probe", ["text_swap", "robustness", "stability"])
def test_where_everybody_is_favoured_the_reason_is_not_one_about_groups(probe: str) -> None:
    """Stranger F7e/m3: of a noise test it "does not show how groups are treated"."""
    plan = _plan() | {"probes": [{"id": probe}]}
    found = engine.measure(
        planning.parse(plan), TABLE, scorer=Reading(lambda f: np.full(f.num_rows, 0.9)), nonce="n"
    )
    told = [f for f in found if "for everyone" in f.reading["en"]]
    assert told
    for each in told:
        assert "groups are treated" not in each.reading["en"]
        assert "各组" not in each.reading["zh"]
        assert "whether an answer turns" in each.reading["en"]
        assert "结果会不会" in each.reading["zh"]
