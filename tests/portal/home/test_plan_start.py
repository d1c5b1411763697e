"""statistics/14: a drafted plan never clears anyone by construction."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from evaluators.plan import PlanInvalid
from evaluators.running import engine, planning
from evaluators.running.data import DataUnfit
from evaluators.running.files import open_source
from portal.home import plan_start
from registry.findings import Finding, Verdict
from tests.evaluators.decision_data import Reading, column

CLEARED = ("已证明", "shown to be small")


def people(folder: Path, score: object, **more: object) -> Path:
    rows = 900
    table = pa.table({
        "sex": ["f", "m"] * (rows // 2), "score": pa.array(score),
        "repaid": np.arange(rows) // 2 % 2, **more,
    })  # fmt: skip
    path = folder / "people.csv"
    pyarrow.csv.write_csv(table, path)
    return path


def run(path: Path, draft: str) -> list[Finding]:
    table = pyarrow.csv.read_csv(path)
    plan = planning.parse(tomllib.loads(draft))
    return engine.measure(plan, table, scorer=None, nonce="n")


@pytest.mark.parametrize(
    ("score", "span"),
    [
        (np.arange(900) % 10 + 1, "1 … 10"), (np.arange(900) % 101, "0 … 100"),
        (300 + np.arange(900) % 550, "300 … 849"), (np.full(900, 0.7), "0.7 … 0.7"),
        (0.6 + np.arange(900) % 10 / 100, "0.6 … 0.69"), (-(np.arange(900) % 7) - 1.0, "-7 … -1"),
    ],
)  # fmt: skip
def test_no_cut_is_drafted_that_favours_everyone_or_nobody(
    tmp_path: Path, score: object, span: str
) -> None:
    path = people(tmp_path, score)
    draft = plan_start.draft(path)
    assert "cut" not in tomllib.loads(draft)["columns"]
    assert span in draft
    assert "请填写实际决定用的分数线" in draft
    assert "fill in the score" in draft
    with pytest.raises(DataUnfit) as refused:
        run(path, draft)
    assert "columns.cut" in {reason.item for reason in refused.value.reasons}


def test_a_probability_is_cut_at_one_half(tmp_path: Path) -> None:
    path = people(tmp_path, np.linspace(0, 1, 900))
    draft = plan_start.draft(path)
    assert tomllib.loads(draft)["columns"]["cut"] == 0.5
    found = run(path, draft)
    assert {f.verdict for f in found} > {Verdict.NOT_EVALUABLE} or all(
        f.verdict is not Verdict.NOT_EVALUABLE for f in found
    )


@pytest.mark.parametrize("value", [0, 1])
def test_a_decision_of_one_value_clears_nobody(tmp_path: Path, value: int) -> None:
    path = people(tmp_path, np.linspace(0, 1, 900), approved=[value] * 900)
    draft = plan_start.draft(path)
    assert "人人相同的决定无法评估" in draft
    columns = {"sensitive": ["sex"], "prediction": "approved", "favourable": 1}
    plan = planning.parse(
        {"title": "t", "columns": columns, "probes": [{"id": "selection_parity"}]}
    )
    found = engine.measure(plan, pyarrow.csv.read_csv(path), scorer=None, nonce="n")
    assert {f.verdict for f in found} == {Verdict.NOT_EVALUABLE}
    for finding in found:
        said = finding.reading["zh"] + finding.reading["en"]
        assert not any(words in said for words in CLEARED)
        assert "cut" in said


def test_a_cut_that_everyone_passes_is_named_whatever_the_draft_was(tmp_path: Path) -> None:
    path = people(tmp_path, np.arange(900) % 10 + 1)
    draft = plan_start.draft(path).replace("# cut = …", "cut = 0.5")
    for finding in run(path, draft):
        said = finding.reading["zh"] + finding.reading["en"]
        if finding.probe in {"selection_parity", "error_parity"}:
            assert finding.verdict is Verdict.NOT_EVALUABLE
            assert "全部得到有利结果" in said


def test_a_decision_of_three_words_is_drafted_as_a_question(tmp_path: Path) -> None:
    """statistics/23: which words are refusals, the draft leaves to be said; NA is none of them."""
    words = ["approved"] * 60 + ["denied"] * 70 + ["pending"] * 40 + ["NA"] * 30
    table = pa.table({"sex": ["f", "m"] * 100, "decision": words})
    pq.write_table(table, tmp_path / "rows.parquet")

    drafted = plan_start.draft(tmp_path / "rows.parquet")

    columns = tomllib.loads(drafted)["columns"]
    assert (columns["prediction"], columns["favourable"]) == ("decision", "approved")
    assert '\n# unfavourable = ["denied", "pending"]\n' in drafted
    assert "decision (string): denied, approved, pending，空 30 / 30 missing" in drafted
    with pytest.raises(DataUnfit) as said:
        engine.run(
            planning.parse(tomllib.loads(drafted)), open_source(tmp_path / "rows.parquet"),
            scorer=None, nonce="n",
        )  # fmt: skip
    assert [reason.item for reason in said.value.reasons] == ["columns.unfavourable"]
    said_so = drafted.replace(
        '# unfavourable = ["denied", "pending"]', 'unfavourable = ["denied"]'
    )
    made = engine.run(
        planning.parse(tomllib.loads(said_so)), open_source(tmp_path / "rows.parquet"),
        scorer=None, nonce="n",
    )  # fmt: skip
    assert {each["rows"] for each in made.left_out["without"]} == {30, 40}


@pytest.mark.parametrize(
    ("column", "values", "favourable"),
    [
        ("decision", ["approved", "denied"], "approved"), ("decision", ["accepted", "rejected"], "accepted"),
        ("decision", ["hired", "not hired"], "hired"), ("decision", ["Yes", "No"], "Yes"),
        ("决定", ["通过", "不通过"], "通过"), ("decision", ["approved", "disapproved"], "approved"),
        ("rejected", ["yes", "no"], "no"), ("rejected", [0, 1], 0), ("拒绝", ["是", "否"], "否"),
        ("default", [1, 0], 0), ("违约", [True, False], False), ("repaid", [1, 0], 1),
        ("approved", [True, False], True),
        ("decision", ["granted", "offered"], None), ("outcome", [1, 2], None),
        ("outcome", ["good", "bad"], None), ("decision", ["priced", "denied", "pending"], None),
        ("default", ["paid", "late"], None),
    ],
)  # fmt: skip
def test_the_value_that_is_good_for_the_person_is_told_by_words_or_left_to_be_filled_in(
    tmp_path: Path, column: str, values: list[object], favourable: object
) -> None:
    """statistics/14, statistics/1: a draft never takes a refusal for the favourable result."""
    sex = ["f", "m"] * (30 * len(values))
    table = pa.table({"sex": sex, column: [each for each in values for _ in range(60)]})
    pq.write_table(table, tmp_path / "rows.parquet")

    drafted = plan_start.draft(tmp_path / "rows.parquet")

    columns = tomllib.loads(drafted)["columns"]
    assert columns.get("favourable") == favourable
    if favourable is None:
        assert "看不出哪个值对本人有利" in drafted
        assert "no word says which value is good for the person" in drafted
        with pytest.raises(DataUnfit):
            engine.run(
                planning.parse(tomllib.loads(drafted)), open_source(tmp_path / "rows.parquet"),
                scorer=None, nonce="n",
            )  # fmt: skip


def test_a_score_beside_what_is_bad_gets_no_cut_and_says_which_way_it_must_rise(
    tmp_path: Path,
) -> None:
    """statistics/2, statistics/18: with 0 favourable a score counts as a risk; the draft says so."""
    table = pa.table({
        "sex": ["f", "m"] * 450, "score": np.linspace(0, 1, 900), "default": np.arange(900) // 2 % 2,
    })  # fmt: skip
    pq.write_table(table, tmp_path / "rows.parquet")
    drafted = plan_start.draft(tmp_path / "rows.parquet")
    columns = tomllib.loads(drafted)["columns"]
    assert columns["favourable"] == 0
    assert "cut" not in columns
    assert "# cut = …             # 低于多少算有利 / favourable below this score" in drafted
    assert "must be worse for the person" in drafted
    filled = drafted.replace("# cut = …", "cut = 0.5")
    plan = planning.parse(tomllib.loads(filled))
    made = engine.run(plan, open_source(tmp_path / "rows.parquet"), scorer=None, nonce="n")
    (rate,) = [f for f in made.findings if f.probe == "selection_parity"]
    assert rate.estimate == pytest.approx(0.5, abs=0.01)


def loans(folder: Path) -> Path:
    rows = 900
    decision = ["approve"] * 5 + ["decline"] * 3 + ["pending", ""]
    table = pa.table({
        "sex": ["f"] * 450 + ["m"] * 450, "score": 500 + np.arange(rows) % 200,
        "decision": decision * (rows // 10), "repaid": ["yes", "no", "yes"] * (rows // 3),
    })  # fmt: skip
    pyarrow.csv.write_csv(table, folder / "loans.csv")
    return folder / "loans.csv"


def test_a_score_beside_recorded_decisions_is_not_drafted_into_a_plan_that_tests_both(
    tmp_path: Path,
) -> None:
    path = loans(tmp_path)
    drafted = plan_start.draft(path)
    assert "不填就不能运行" not in drafted
    assert "the plan does not run" not in drafted
    assert "# score_favourable = …" in drafted
    assert "tested are the decisions recorded in decision" in drafted
    assert "检验的是“decision”里记录的决定" in drafted

    filled = _uncommented(drafted, score_favourable="1", cut="590")
    with pytest.raises(PlanInvalid) as refused:
        planning.parse(tomllib.loads(filled))
    assert [reason.item for reason in refused.value.reasons] == ["columns.cut"]
    scored = filled.replace('\nprediction = "decision"\nprediction', "\n").splitlines()
    kept = [line for line in scored if not line.startswith("prediction")]
    made = engine.run(
        planning.parse(tomllib.loads("\n".join(kept))), open_source(path), scorer=None, nonce="n"
    )
    (rate,) = [f for f in made.findings if f.probe == "selection_parity"]
    assert "at or above 590 is favourable" in rate.reading["en"]


def test_outcomes_and_decisions_in_different_words_are_drafted_each_with_its_own(
    tmp_path: Path,
) -> None:
    path = loans(tmp_path)
    drafted = plan_start.draft(path)
    columns = tomllib.loads(drafted)["columns"]
    assert (columns["target"], columns["favourable"]) == ("repaid", "yes")
    assert (columns["prediction"], columns["prediction_favourable"]) == ("decision", "approve")
    line = '# unfavourable = ["no", "decline", "pending"]'
    assert f"\n{line}\n" in drafted

    said = drafted.replace(line, 'unfavourable = ["no", "decline"]')
    made = engine.run(
        planning.parse(tomllib.loads(said)), open_source(path), scorer=None, nonce="n"
    )
    (rate,) = [f for f in made.findings if f.probe == "selection_parity"]
    assert rate.reading["en"].startswith("The decisions recorded in the data:")
    assert rate.estimate == pytest.approx(5 / 8)


def deposits(folder: Path, **more: object) -> Path:
    rows = 600
    table = pa.table({
        "sex": ["女", "男"] * (rows // 2), "income": np.arange(rows) % 50 * 100.0,
        "outcome": ["归还", "归还", "未归还"] * (rows // 3), **more,
    })  # fmt: skip
    pyarrow.csv.write_csv(table, folder / "deposits.csv")
    return folder / "deposits.csv"


def _uncommented(drafted: str, **values: str) -> str:
    for name, value in values.items():
        assert f"# {name} = …" in drafted
        drafted = drafted.replace(f"# {name} = …", f"{name} = {value}")
    return drafted


@pytest.mark.parametrize("scored", [True, False])
def test_where_outcomes_are_words_the_draft_asks_which_of_them_a_high_score_means(
    tmp_path: Path, scored: bool
) -> None:
    """F-n7/1: with `favourable` filled in, the draft ran, and took a risk for merit."""
    path = deposits(tmp_path, **({} if scored else {"score": np.arange(600) / 600}))
    inputs = [{"name": "income", "type": "double"}] if scored else []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plan_start, "_inputs", lambda _: inputs)
        drafted = plan_start.draft(path)
    assert "favourable at or above this score (below it with score_favourable = 0)" in drafted
    assert "不填就不能运行" in drafted
    assert ('# classes = ["归还", "未归还"]' in drafted) is scored
    half = planning.parse(tomllib.loads(_uncommented(drafted, favourable='"归还"')))
    model = Reading(lambda frame: column(frame, "income") / 5000) if scored else None
    with pytest.raises(DataUnfit) as refused:
        engine.run(half, open_source(path), scorer=model, nonce="n")
    assert [reason.item for reason in refused.value.reasons] == ["columns.score_favourable"]
    whole = _uncommented(drafted, favourable='"归还"', score_favourable="0")
    made = engine.run(
        planning.parse(tomllib.loads(whole)), open_source(path), scorer=model, nonce="n"
    )
    (rate,) = [f for f in made.findings if f.probe == "selection_parity"]
    assert "低于 0.5 算有利" in rate.reading["zh"]


def test_where_outcomes_are_0_and_1_the_draft_asks_nothing_of_the_score(tmp_path: Path) -> None:
    assert "score_favourable" not in plan_start.draft(people(tmp_path, np.linspace(0, 1, 900)))


def test_a_score_alone_is_drafted_without_a_side_and_without_a_cut(tmp_path: Path) -> None:
    """F7a/8: `favourable = 1` and `cut = 0.5` were written of a risk score, and the draft ran."""
    rows = 600
    table = pa.table({"race": ["A", "B"] * (rows // 2), "risk_score": np.linspace(0.02, 1, rows)})
    pyarrow.csv.write_csv(table, tmp_path / "risks.csv")
    drafted = plan_start.draft(tmp_path / "risks.csv")
    columns = tomllib.loads(drafted)["columns"]
    assert not {"favourable", "score_favourable", "cut"} & set(columns)
    path = tmp_path / "risks.csv"
    with pytest.raises(DataUnfit):
        engine.run(
            planning.parse(tomllib.loads(drafted)), open_source(path), scorer=None, nonce="n"
        )
    filled = _uncommented(drafted, score_favourable="0", cut="0.5")
    made = engine.run(
        planning.parse(tomllib.loads(filled)), open_source(path), scorer=None, nonce="n"
    )
    (rate,) = [f for f in made.findings if f.probe == "selection_parity"]
    assert "below 0.5 is favourable" in rate.reading["en"]


@pytest.mark.parametrize(
    ("column", "said"), [("label", None), ("flagged", None), ("default", 0), ("granted", 1)]
)
def test_of_0_and_1_the_good_one_is_drafted_only_where_the_column_says_it(
    tmp_path: Path, column: str, said: int | None
) -> None:
    """statistics/14, 18: a flag of arrears was drafted as what people wish for, and the plan ran."""
    table = pa.table(
        {"sex": ["f", "m"] * 450, column: np.arange(900) // 2 % 2, "score": np.linspace(0, 1, 900)}
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    drafted = plan_start.draft(tmp_path / "rows.parquet")
    columns = tomllib.loads(drafted)["columns"]
    assert columns.get("favourable") == said
    assert ("cut" in columns) == (said == 1)
    if said is None and column in columns.values():
        plan, rows = planning.parse(tomllib.loads(drafted)), open_source(tmp_path / "rows.parquet")
        with pytest.raises(DataUnfit, match="favourable"):
            engine.run(plan, rows, scorer=None, nonce="n")


@pytest.mark.parametrize(
    ("outcome", "decision", "favourable", "own"),
    [
        ("default", "approved", 0, 1), ("repaid", "rejected", 1, 0), ("违约", "批准", 0, 1),
        ("default", "decision", 0, "?"), ("default", "predicted", 0, ...), ("repaid", "granted", 1, ...),
        ("label", "approved", None, 1),
    ],
)  # fmt: skip
def test_a_decision_whose_good_side_is_not_the_outcomes_has_a_line_of_its_own(
    tmp_path: Path, outcome: str, decision: str, favourable: int | None, own: Any
) -> None:
    """Beside arrears, 0 was what people wish for, and so were the refusals of “approved”."""
    rows = np.arange(900)
    table = pa.table({"sex": ["f", "m"] * 450, decision: rows // 2 % 2, outcome: rows // 4 % 2})
    pq.write_table(table, tmp_path / "rows.parquet")
    drafted = plan_start.draft(tmp_path / "rows.parquet")
    columns = tomllib.loads(drafted)["columns"]
    if decision in columns.values():
        assert columns.get("favourable") == favourable
        assert columns.get("prediction_favourable", ...) == own
    if own == "?":
        plan, source = (
            planning.parse(tomllib.loads(drafted)),
            open_source(tmp_path / "rows.parquet"),
        )
        with pytest.raises(DataUnfit, match="prediction_favourable"):
            engine.run(plan, source, scorer=None, nonce="n")


def test_of_a_score_named_for_a_risk_the_draft_asks_its_side(tmp_path: Path) -> None:
    """“approved” beside “risk_score” was drafted as if high risks were approved."""
    table = pa.table({
        "sex": ["f", "m"] * 450, "approved": np.arange(900) // 2 % 2, "risk_score": np.linspace(0, 1, 900),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "rows.parquet")
    drafted = plan_start.draft(tmp_path / "rows.parquet")
    assert "cut" not in tomllib.loads(drafted)["columns"]
    assert "score_favourable = 0" in drafted
