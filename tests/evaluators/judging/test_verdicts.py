"""Every combination of evidence has one verdict, and the rule says which."""

from hypothesis import given
from hypothesis import strategies as st

from evaluators.judging.verdicts import judge, judge_exact, spans
from registry.findings import Verdict

P = st.none() | st.floats(0, 1)


@given(
    st.booleans(),
    st.booleans(),
    st.booleans(),
    P,
    st.floats(0.001, 0.5),
    st.booleans(),
    st.booleans(),
)
def test_verdicts_are_exhaustive_and_exclusive(
    evaluable: bool,
    beyond: bool,
    equivalent: bool,
    p: float | None,
    alpha: float,
    exact: bool,
    spanned: bool,
) -> None:
    found = judge(evaluable=evaluable, beyond=beyond, equivalent=equivalent, p_adjusted=p,
                  alpha=alpha, exact=exact, spanned=spanned)  # fmt: skip
    real = not spanned and (exact or (p is not None and p < alpha))
    conditions = {
        Verdict.NOT_EVALUABLE: not evaluable,
        Verdict.DISPARITY: evaluable and beyond,
        Verdict.EQUIVALENT: evaluable and not beyond and equivalent,
        Verdict.DIFFERENCE: evaluable and not beyond and not equivalent and real,
        Verdict.INCONCLUSIVE: evaluable and not beyond and not equivalent and not real,
    }
    assert [verdict for verdict, holds in conditions.items() if holds] == [found]


@given(st.floats(-1, 1))
def test_an_exact_value_is_never_inconclusive(value: float) -> None:
    found = judge_exact(value, alert=0.02, equivalence=0.01)
    expected = Verdict.DIFFERENCE
    if abs(value) > 0.02:
        expected = Verdict.DISPARITY
    elif abs(value) <= 0.01:
        expected = Verdict.EQUIVALENT
    assert found is expected


@given(st.just(0.0) | st.floats(1e-9, 0.03), st.floats(0, 0.05))
def test_an_exact_value_is_small_only_where_its_interval_is(value: float, more: float) -> None:
    """Stranger, issue 7/16: that nobody asked changed is a fact; that hardly anybody does, no."""
    low = 0.0 if value == 0 else value / 2
    found = judge_exact(value, alert=0.02, equivalence=0.01, interval=(low, value + more))
    assert (found is Verdict.EQUIVALENT) is (value + more <= 0.01)
    assert (found is Verdict.INCONCLUSIVE) is (value == 0 and more > 0.01)


def test_an_undefined_exact_value_is_not_evaluable() -> None:
    assert judge_exact(None, alert=0.02, equivalence=0.01) is Verdict.NOT_EVALUABLE


def test_an_interval_holds_none_with_its_ends() -> None:
    """F7a/13: one interval gives all verdicts, on the scale where it is printed."""
    assert spans((-0.1, 0.0))
    assert spans((0.9, 1.2), 1.0)
    assert not spans((0.01, 0.2))
    assert not spans(None)
