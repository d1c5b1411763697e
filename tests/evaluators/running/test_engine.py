"""The engine: one findings digest however the data arrive, and honest questions to the model."""

import numpy as np
import pyarrow as pa
import pytest

from evaluators.decisions import selection_parity
from evaluators.guests import installed
from evaluators.plan import Plan
from evaluators.probe import Change, ScoreRequest
from evaluators.running import data, engine
from evaluators.running.rounds import Questioner, altered
from registry.findings import Verdict
from tests.evaluators.decision_data import Reading, column, plan

ROWS = 700
RNG = np.random.default_rng(11)
TABLE = pa.table({
    "race": RNG.choice(["a", "b", "c"], ROWS), "sex": RNG.integers(0, 2, ROWS),
    "x": RNG.standard_normal(ROWS), "due": RNG.integers(0, 2, ROWS), "granted": RNG.integers(0, 2, ROWS),
})  # fmt: skip
ALL = ("selection_parity", "error_parity", "counterfactual_flip", "proxy_leakage")
COLUMNS = {"sensitive": ["race", "sex"], "inputs": ["x", "sex"], "cut": 0.0}


def _model() -> Reading:
    return Reading(lambda f: f["x"].to_numpy() + 0.1 * column(f, "sex"))


def _plan() -> Plan:
    return Plan.parse(plan(*ALL, columns=COLUMNS))


def test_one_two_and_seven_shards_give_one_digest_in_any_order() -> None:
    shuffled = TABLE.take(np.random.default_rng(0).permutation(ROWS))
    found = {
        engine.run(_plan(), table, scorer=_model(), nonce="n", shards=shards).findings_digest
        for table in (TABLE, shuffled)
        for shards in (1, 2, 7)
    }
    assert len(found) == 1


def test_batches_and_one_shot_iterators_give_the_same_digest() -> None:
    whole = engine.run(_plan(), TABLE, scorer=_model(), nonce="n")
    batches = TABLE.to_batches(max_chunksize=97)
    for source in (batches, iter(batches)):
        assert (
            engine.run(_plan(), source, scorer=_model(), nonce="n").findings_digest
            == whole.findings_digest
        )


def test_another_nonce_draws_other_random_numbers() -> None:
    found = [engine.run(_plan(), TABLE, scorer=_model(), nonce=nonce) for nonce in ("n", "m")]
    assert found[0].findings_digest != found[1].findings_digest


def test_no_frame_holds_two_copies_of_a_row() -> None:
    model = _model()
    table = TABLE.set_column(2, "x", pa.array(np.arange(ROWS, dtype=float)))
    engine.run(_plan(), table, scorer=model, nonce="n")
    for frame in model.frames:
        assert len(set(frame["x"].to_pylist())) == frame.num_rows
        assert frame.column_names == ["x", "sex"]


def test_frames_mix_the_copies_so_that_an_audit_frame_looks_like_any_other() -> None:
    model = _model()
    asker = Questioner(model, ("x", "sex"), "seed")
    requests = [ScoreRequest(str(sex), {"sex": Change("set", sex)}) for sex in (0, 1)]
    masks = [np.ones(ROWS, dtype=bool)] * 2
    low, high = asker.answer(TABLE, requests, masks, number=0)
    assert np.allclose(high - low, 0.1)
    assert [set(frame["sex"].to_pylist()) for frame in model.frames] == [{0, 1}, {0, 1}]
    assert asker.asked == 2 * ROWS


def test_a_request_made_twice_is_asked_once() -> None:
    one = engine.run(
        Plan.parse(plan("selection_parity", columns=COLUMNS)), TABLE, scorer=_model(), nonce="n"
    )
    four = engine.run(_plan(), TABLE, scorer=_model(), nonce="n")
    # Beside the base: two versions of sex, and one twin.
    assert four.predictions - one.predictions == 3 * ROWS


def test_answers_that_depend_on_the_batch_are_not_evaluable() -> None:
    def by_batch(frame: pa.Table) -> np.ndarray:
        x = frame["x"].to_numpy()
        return np.asarray(x - x.mean())

    made = engine.run(_plan(), TABLE, scorer=Reading(by_batch), nonce="n")
    assert {finding.verdict for finding in made.findings} == {Verdict.NOT_EVALUABLE}
    assert "batch" in made.findings[0].reading["en"]


def test_a_broken_probe_is_named_and_takes_no_other_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a plugin may do anything")

    monkeypatch.setattr(selection_parity.SelectionParity, "add_batch", broken)
    made = engine.run(_plan(), TABLE, scorer=_model(), nonce="n")
    assert [entry["id"] for entry in made.probes if "failed" in entry] == ["selection_parity"]
    (failed,) = [f for f in made.findings if f.probe == "selection_parity"]
    assert failed.verdict is Verdict.NOT_EVALUABLE
    assert {f.probe for f in made.findings} == set(ALL)


def test_progress_ends_at_the_number_of_rows() -> None:
    seen: list[tuple[int, int]] = []
    engine.run(
        _plan(), TABLE, scorer=_model(), nonce="n", progress=lambda d, t, _: seen.append((d, t))
    )
    assert seen[0] == (0, ROWS)
    assert seen[-1] == (ROWS, ROWS)


def test_every_reason_why_data_do_not_fit_is_listed() -> None:
    content = Plan.parse(
        plan("error_parity", columns={"sensitive": ["race", "colour"], "target": "paid"})
    )
    with pytest.raises(data.DataUnfit) as caught:
        engine.run(content, TABLE, scorer=None, nonce="n")
    assert {reason.item for reason in caught.value.reasons} == {"colour", "paid"}
    with pytest.raises(data.DataUnfit) as caught:
        engine.run(Plan.parse(plan("selection_parity")), TABLE, scorer=_model(), nonce="n")
    assert "columns.inputs" in {reason.item for reason in caught.value.reasons}


def test_changes_keep_types_and_do_what_they_say() -> None:
    block = pa.table({"n": [1, 2], "s": ["u", "v"], "m": [5, 6]})
    changes = {
        "n": Change("set", "7"),
        "s": Change("map", {"u": "v", "v": "u"}),
        "m": Change("take", "n"),
    }
    made = altered(block, ScoreRequest("k", changes), ("n", "s", "m"))
    assert made.to_pydict() == {"n": [7, 7], "s": ["v", "u"], "m": [1, 2]}
    assert made.schema.field("n").type == pa.int64()
    half = altered(
        block, ScoreRequest("k", {"n": Change("scale", 0.5), "m": Change("shift", 1)}), ("n", "m")
    )
    assert half.to_pydict() == {"n": [0.5, 1.0], "m": [6.0, 7.0]}


def test_a_sample_is_chosen_by_content_and_not_by_place() -> None:
    content = _plan()
    hashes = np.concatenate(list(data.Source(TABLE).units(content, "n")))
    turned = np.concatenate(
        list(data.Source(TABLE.take(np.arange(ROWS)[::-1])).units(content, "n"))
    )
    assert (hashes == turned[::-1]).all()
    assert len(set(hashes.tolist())) == ROWS


def test_the_favourable_side_of_the_cut_follows_the_outcome() -> None:
    score = np.array([0.2, 0.5, 0.9])
    good = Plan.parse(plan("selection_parity", columns={"cut": 0.5})).columns
    bad = Plan.parse(plan("selection_parity", columns={"cut": 0.5, "favourable": 0})).columns
    assert good.favours(score).tolist() == [False, True, True]
    assert bad.favours(score).tolist() == [True, False, False]


def test_our_probes_are_found_under_their_entry_points() -> None:
    assert set(ALL) <= set(installed.names())
    with pytest.raises(installed.ProbeMissing):
        installed.probe_class("no_such_probe")


def test_a_favourable_value_that_the_data_never_hold_is_named() -> None:
    columns = {"sensitive": ["race"], "prediction": "granted", "favourable": "yes"}
    written = Plan.parse(plan("selection_parity", columns=columns))
    with pytest.raises(data.DataUnfit) as refused:
        engine.run(written, TABLE, scorer=None, nonce="n")
    reasons = refused.value.reasons
    assert {reason.item for reason in reasons} == {"columns.favourable"}
    assert "'granted' never holds 'yes', only: '1' 356, '0' 344" in {
        reason.said.en for reason in reasons
    }
