import pandas as pd
import pytest

from portal.demo import data


@pytest.mark.parametrize("split", [data.loanapp(), data.discrim()], ids=["loanapp", "discrim"])
def test_no_row_is_both_trained_on_and_held_out(split: data.Split) -> None:
    total = len(split.train) + len(split.held_out)

    assert 0.4 < len(split.held_out) / total < 0.6


def test_race_is_not_among_the_credit_models_inputs() -> None:
    assert not {"race", "black", "hispan", "white"} & set(data.CREDIT_INPUTS)


def test_the_decisions_differ_by_race_as_published() -> None:
    split = data.loanapp()
    rows = pd.concat([split.train, split.held_out])

    rates = rows.groupby("race")["approve"].mean()

    # .908 and .708 over all 1,989 rows; the rows here are those complete in the model's inputs.
    assert rates["white"] == pytest.approx(0.908, abs=0.005)
    assert rates["nonwhite"] == pytest.approx(0.708, abs=0.02)


def test_codes_for_unknown_are_cleared() -> None:
    split = data.loanapp()

    assert split.train.select_dtypes("number").max().max() < 100_000
