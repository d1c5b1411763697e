"""Numbers that textbooks and papers print, out of our probes."""

from typing import Any

import pyarrow as pa
import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from registry.findings import Finding, Verdict
from tests.evaluators import published


def _run(
    table: pa.Table, columns: dict[str, Any], probe: dict[str, Any], **more: Any
) -> list[Finding]:
    plan = Plan.parse({"title": "published", "columns": columns, "probes": [probe], **more})
    return engine.measure(plan, table, scorer=None, nonce="n")


def _model(found: list[Finding]) -> dict[str, Any]:
    return dict(found[-1].details["model"])


def test_berkeley_a_disparity_over_all_reversed_in_one_department_in_one_reading() -> None:
    found = _run(
        published.admissions(),
        {"sensitive": ["gender"], "control": ["dept"], "prediction": "admitted", "favourable": 1},
        {"id": "conditional_parity"}, reference={"gender": "Male"},
    )  # fmt: skip
    overall, pooled, *strata = found
    assert overall.verdict is Verdict.DISPARITY
    assert overall.estimate == pytest.approx(0.304, abs=5e-4)
    assert overall.reference_estimate == pytest.approx(0.445, abs=5e-4)
    by_dept = {f.slice["dept"]: f for f in strata}
    rates = {d: (f.reference_estimate, f.estimate) for d, f in by_dept.items()}
    for dept, men, women in [
        ("A", 62, 82),
        ("C", 37, 34),
        ("D", 33, 35),
        ("E", 28, 24),
        ("F", 6, 7),
    ]:
        assert [round(100 * (r or 0)) for r in rates[dept]] == [men, women]
    assert "B" not in by_dept, "25 women applied there: too few for a verdict"
    assert by_dept["A"].verdict is Verdict.DIFFERENCE
    assert (by_dept["A"].effect["value"] or 0) > 1
    assert {by_dept[d].verdict for d in "CDEF"} == {Verdict.INCONCLUSIVE}
    assert pooled.verdict is Verdict.NOT_EVALUABLE, "one ratio would hide the reversal"
    assert pooled.reading == overall.reading
    for said in (pooled.reading["en"], overall.reading["en"]):
        assert "0.68 times" in said
        assert "exceeds" in said
        assert "the other way round, more often: A" in said
        assert "no difference shown: C, D, E, F" in said
    assert "反而" in pooled.reading["zh"] or "方向相反" in pooled.reading["zh"]


def test_hmda_the_raw_gap_and_the_gap_given_the_payment_ratio() -> None:
    columns = {
        "sensitive": ["afam"],
        "control": ["pirat"],
        "prediction": "denied",
        "favourable": 0,
    }
    found = _run(
        published.mortgages(), columns,
        {"id": "conditional_parity", "edges": {"pirat": [0.25, 0.3, 0.35, 0.4]}, "model": {"kind": "ols", "outcome": "denied"}},
        reference={"afam": "no"},
    )  # fmt: skip
    overall, pooled = found[0], found[1]
    assert 1 - (overall.estimate or 0) == pytest.approx(0.283, abs=5e-4)
    assert 1 - (overall.reference_estimate or 0) == pytest.approx(0.093, abs=5e-4)
    assert pooled.metric == "conditional_rate_ratio"
    assert pooled.details["overall_ratio"] == overall.effect["value"]
    model = _model(found)
    assert model["coefficient"] == pytest.approx(0.177, abs=5e-4)
    assert model["others"]["pirat"] == pytest.approx(0.559, abs=5e-4)
    logit = _model(_run(
        published.mortgages(), columns,
        {"id": "conditional_parity", "model": {"kind": "logit", "outcome": "denied"}}, reference={"afam": "no"},
    ))  # fmt: skip
    assert logit["intercept"] == pytest.approx(-4.13, abs=5e-3)
    assert logit["coefficient"] == pytest.approx(1.27, abs=5e-3)
    assert logit["others"]["pirat"] == pytest.approx(5.37, abs=5e-3)


def test_chredlin_the_coefficient_of_a_share() -> None:
    probe = {"id": "conditional_parity", "model": {"outcome": "involact", "numeric": ["race"]}}
    columns = {"sensitive": ["race"], "control": ["fire", "theft", "age", "income"],
               "score": "involact", "cut": 0.5, "favourable": 0}  # fmt: skip
    (found,) = _run(published.redlining(), columns, probe)
    model = _model([found])
    assert model["coefficient"] == pytest.approx(0.00913, abs=5e-6)
    assert model["intercept"] == pytest.approx(-0.609, abs=5e-4)
    assert model["others"] == pytest.approx(
        {"fire": 0.0388, "theft": -0.0103, "age": 0.00827, "income": 0.0245}, abs=5e-5
    )
    assert found.verdict is Verdict.DIFFERENCE
    assert "no line applies" in found.reading["en"]


def test_arrests_a_logit_with_interactions() -> None:
    probe = {"id": "conditional_parity", "model": {
        "kind": "logit", "categorical": ["year"],
        "interactions": [["colour", "year"], ["colour", "age"]]}}  # fmt: skip
    columns = {"sensitive": ["colour"], "control": ["employed", "citizen", "checks", "year", "age"],
               "prediction": "released", "favourable": 1}  # fmt: skip
    found = _run(published.arrests(), columns, probe, reference={"colour": "Black"})
    model = _model(found)
    assert model["coefficient"] == pytest.approx(1.213, abs=5e-4)
    wanted = {"employed=Yes": 0.735, "citizen=Yes": 0.586, "checks": -0.367}
    assert {n: model["others"][n] for n in wanted} == pytest.approx(wanted, abs=6e-4)
    assert "colour=White:age" in model["interactions"]
    assert "base values" in found[-1].reading["en"]


def test_loanapp_given_fourteen_controls() -> None:
    probe = {"id": "conditional_parity", "model": {}}
    columns = {"sensitive": ["race"], "control": published.CONTROLS, "prediction": "approved",
               "favourable": 1}  # fmt: skip
    found = _run(published.loans(), columns, probe, reference={"race": "non-white"})
    model = _model(found)
    assert found[0].reference_estimate == pytest.approx(0.708, abs=5e-4)
    assert model["coefficient"] == pytest.approx(0.129, abs=5e-4)
    assert model["classical_t"] == pytest.approx(6.529, abs=5e-4)
    assert model["r_squared"] == pytest.approx(0.1656, abs=5e-5)
    assert (model["rows"], model["residual_df"]) == (1971, 1971 - 16)
    assert found[1].verdict is Verdict.NOT_EVALUABLE, "debt ratios make no strata without edges"
    assert "edges" in found[1].reading["en"]


FRAME = {
    "zh": "简历实验：名字在每则招聘广告之内随机分配；这里的区间没有计入按广告分组，可能偏宽或偏窄",
    "en": "a field experiment in which names were drawn within each job advertisement; the interval ignores this blocking and may be too wide or too narrow",
}


def test_resume_names_half_as_often_again_and_the_blocking_is_said_to_be_ignored() -> None:
    columns = {"sensitive": ["ethnicity"], "prediction": "called", "favourable": 1}
    (found,) = _run(
        published.resumes(), columns, {"id": "selection_parity"},
        reference={"ethnicity": "afam"}, frame=FRAME,
    )  # fmt: skip
    assert found.effect["value"] == pytest.approx(1.50, abs=5e-3)
    assert found.details["difference"] == pytest.approx(0.032, abs=5e-5)
    assert found.ci is not None
    # Katz by hand: 1.497 times or over exp(1.96 · 0.099)
    assert found.ci["low"] == pytest.approx(1.233, abs=2e-3)
    assert found.ci["high"] == pytest.approx(1.817, abs=2e-3)
    assert "ignores this blocking" in found.limit["en"]
    assert "没有计入按广告分组" in found.limit["zh"]
    assert found.verdict in {Verdict.DISPARITY, Verdict.DIFFERENCE}


@pytest.mark.parametrize(
    ("control", "rates"),
    [("city", {"chicago": (8.06, 5.40), "boston": (11.63, 7.76)}),
     ("gender", {"female": (9.89, 6.63), "male": (8.87, 5.83)})],
)  # fmt: skip
def test_resume_names_by_city_and_by_sex(
    control: str, rates: dict[str, tuple[float, float]]
) -> None:
    columns = {"sensitive": ["ethnicity"], "control": [control], "prediction": "called",
               "favourable": 1}  # fmt: skip
    found = _run(published.resumes(), columns, {"id": "conditional_parity"},
                 reference={"ethnicity": "cauc"}, frame=FRAME)  # fmt: skip
    shown = {f.slice[control]: f for f in found if control in f.slice}
    for level, (white, black) in rates.items():
        assert 100 * (shown[level].reference_estimate or 0) == pytest.approx(white, abs=6e-3)
        assert 100 * (shown[level].estimate or 0) == pytest.approx(black, abs=6e-3)


def test_chredlin_with_the_logarithm_of_income() -> None:
    probe = {"id": "conditional_parity", "model": {"outcome": "involact", "numeric": ["race"]}}
    columns = {"sensitive": ["race"], "control": ["fire", "theft", "age", "log_income"],
               "score": "involact", "cut": 0.5, "favourable": 0}  # fmt: skip
    (found,) = _run(published.redlining(), columns, probe)
    assert _model([found])["coefficient"] == pytest.approx(0.009502, abs=5e-7)
