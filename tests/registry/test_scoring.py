"""The oracle: each format answers as it does outside, in every tier this machine offers."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import skl2onnx
from mlflow.models import infer_signature
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from registry import scoring, screening
from registry.archives import ScreeningFailed
from registry.model_inputs import WrongFrame
from registry.sandbox import Cause, Contained, NoSandbox, listening, probe_tier
from registry.sandbox.child import asking
from registry.sandbox.child.asking import ROW_BLOCK
from registry.sandbox.child.refusal import NotOpened
from registry.sandbox.child.trusted_types import SKOPS_TYPES
from registry.sandbox.child.worker import cause_of, items_of
from registry.sandbox.round import Round
from registry.sandbox.verdict import SAID, reasons
from registry.scoring import SandboxScorer
from registry.settings import Settings
from tests import exhaustive

ROWS = 300
RNG = np.random.default_rng(7)
FRAME = pd.DataFrame(
    {
        "amount": RNG.random(ROWS),
        "children": RNG.integers(0, 5, ROWS),
        "region": RNG.choice(["north", "south"], ROWS),
    }
)
LABELS = (FRAME["amount"] + (FRAME["region"] == "south") > 0.9).astype(int)
TABLE = pa.Table.from_pandas(FRAME, preserve_index=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Answers are the same in both tiers: `make test` asks in one of them."""
    exhaustive.share(metafunc, "settings", "AB")


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    settings = Settings(sandbox_tier=request.param)
    if probe_tier(settings).name != request.param:
        pytest.skip(f"this machine offers no tier {request.param}")
    return settings


@pytest.fixture(autouse=True)
def mlflow_is_quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def fitted(final: Any) -> Any:
    encoded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["region"]),
        remainder=StandardScaler(),
    )
    return make_pipeline(encoded, final).fit(FRAME, LABELS)


def saved(folder: Path, model: Any, serialization: str, **options: Any) -> Path:
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=infer_signature(FRAME, np.zeros(ROWS)),
        serialization_format=serialization,
        pyfunc_predict_fn=options.pop("answer", "predict_proba"),
        pip_requirements=["scikit-learn"],  # else MLflow opens the model again to find them
        skops_trusted_types=list(SKOPS_TYPES) if serialization == "skops" else None,
        **options,
    )
    return folder


def scored(folder: Path, table: pa.Table, settings: Settings) -> Any:
    inputs = screening.screen(folder).inputs
    with SandboxScorer(folder, inputs=inputs, settings=settings, ahead=0) as scorer:
        return scorer.score([table])[0]


@pytest.mark.parametrize("serialization", ["skops", "pickle", "cloudpickle"])
def test_a_classifier_answers_with_the_probability_of_class_one(
    tmp_path: Path, settings: Settings, serialization: str
) -> None:
    model = fitted(RandomForestClassifier(10, random_state=0))
    folder = saved(tmp_path / "model", model, serialization)

    assert np.array_equal(scored(folder, TABLE, settings), model.predict_proba(FRAME)[:, 1])


def test_predict_is_honoured(tmp_path: Path, settings: Settings) -> None:
    model = fitted(HistGradientBoostingClassifier(max_iter=5, random_state=0))
    folder = saved(tmp_path / "model", model, "skops", answer="predict")

    assert np.array_equal(scored(folder, TABLE, settings), model.predict(FRAME))


def test_a_python_model_answers_with_its_artifacts(tmp_path: Path, settings: Settings) -> None:
    python_model: Any = mlflow.pyfunc.PythonModel

    class Scaled(python_model):  # type: ignore[misc]
        def load_context(self, context: Any) -> None:
            self.factor = float(Path(context.artifacts["factor"]).read_text())

        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input["amount"] * self.factor

    (tmp_path / "factor.txt").write_text("3.0", encoding="utf-8")
    mlflow.pyfunc.save_model(
        tmp_path / "model",
        python_model=Scaled(),
        pip_requirements=["mlflow"],
        artifacts={"factor": str(tmp_path / "factor.txt")},
        signature=infer_signature(FRAME, np.zeros(ROWS)),
    )

    answers = scored(tmp_path / "model", TABLE, settings)

    assert np.array_equal(answers, FRAME["amount"].to_numpy() * 3.0)


def onnx_inputs(folder: Path, exported: Any) -> Path:
    mlflow.onnx.save_model(
        exported,
        folder,
        signature=infer_signature(FRAME, np.zeros(ROWS)),
        pip_requirements=["onnxruntime"],
    )
    return folder


def test_an_onnx_model_takes_its_columns_by_name(tmp_path: Path, settings: Settings) -> None:
    model = fitted(LogisticRegression())
    types = [
        ("amount", FloatTensorType([None, 1])),
        ("children", FloatTensorType([None, 1])),
        ("region", StringTensorType([None, 1])),
    ]
    exported = skl2onnx.to_onnx(model, initial_types=types, options={"zipmap": False})

    answers = scored(onnx_inputs(tmp_path / "model", exported), TABLE, settings)

    assert np.allclose(answers, model.predict_proba(FRAME)[:, 1], atol=1e-5)


def test_frames_keep_their_order_and_never_depend_on_their_neighbours(
    tmp_path: Path, settings: Settings
) -> None:
    model = fitted(LogisticRegression())
    folder = saved(tmp_path / "model", model, "skops")
    frames = [TABLE.slice(0, 100), TABLE.slice(0, 0), TABLE.slice(100, 50), TABLE.slice(150)]
    inputs = screening.screen(folder).inputs

    with SandboxScorer(folder, inputs=inputs, settings=settings) as scorer:
        answers = scorer.score(frames)
        again = scorer.score(frames[:1])

    assert [len(answer) for answer in answers] == [100, 0, 50, 150]
    whole = model.predict_proba(FRAME)[:, 1]
    assert np.array_equal(np.concatenate(answers), whole)
    assert np.array_equal(again[0], whole[:100])


# In cells the same is asked of rounds that are two at a time, below.
@pytest.mark.parametrize("warm", [True, exhaustive.case(False, kept=False)])
def test_a_frame_that_breaks_the_model_takes_no_other_down(
    tmp_path: Path, settings: Settings, warm: bool
) -> None:
    model = fitted(LogisticRegression())
    folder = saved(tmp_path / "model", model, "skops")
    gone = TABLE.set_column(0, "amount", pa.nulls(ROWS, pa.float64()))
    frames = [TABLE.slice(0, 100), gone, TABLE.slice(0, 0), TABLE.drop(["region"]), TABLE, gone]
    inputs = screening.screen(folder).inputs
    ways = settings.model_copy(update={"sandbox_warm": warm})

    with SandboxScorer(folder, inputs=inputs, settings=ways, ahead=0) as scorer:
        first, broken, empty, unfit, whole, again = scorer.apart(frames)
        with pytest.raises(Contained):
            scorer.score(frames[:2])

    expected = model.predict_proba(FRAME)[:, 1]
    for answers, wanted in ((first, expected[:100]), (empty, []), (whole, expected)):
        assert isinstance(answers, np.ndarray)
        assert np.array_equal(answers, wanted)
    assert isinstance(unfit, WrongFrame)
    for each in (broken, again):
        assert isinstance(each, Contained)
        assert each.cause is Cause.MODEL_ERROR


def test_rounds_that_may_break_are_asked_two_at_a_time(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(tmp_path / "model", fitted(LogisticRegression()), "skops")
    inputs = screening.screen(folder).inputs
    at_work = list[int]()

    def heard(handles: Any) -> None:
        given = [each for each in handles if isinstance(each, Round) and each._rows is not None]
        at_work.append(len(given))
        listening.listen(handles)

    monkeypatch.setattr(scoring, "listen", heard)
    ways = settings.model_copy(update={"sandbox_warm": False})
    with SandboxScorer(folder, inputs=inputs, settings=ways, ahead=2) as scorer:
        scorer.await_warm()
        found = scoring.apart(scorer, [TABLE] * 4)
    assert [len(each) for each in found if isinstance(each, np.ndarray)] == [ROWS] * 4
    assert max(at_work) == 2


def test_large_frames_are_answered_in_fixed_blocks(tmp_path: Path, settings: Settings) -> None:
    model = fitted(LogisticRegression())
    folder = saved(tmp_path / "model", model, "skops")
    copies = 3 * ROW_BLOCK // ROWS + 1
    large = pd.concat([FRAME] * copies, ignore_index=True)

    answers = scored(folder, pa.Table.from_pandas(large, preserve_index=False), settings)

    assert len(answers) == len(large) > 3 * ROW_BLOCK
    assert np.allclose(answers, model.predict_proba(large)[:, 1], rtol=1e-12)


def test_only_the_models_columns_go_in_whatever_their_encoding(
    tmp_path: Path, settings: Settings
) -> None:
    model = fitted(LogisticRegression())
    folder = saved(tmp_path / "model", model, "skops")
    encoded = TABLE.set_column(2, "region", TABLE["region"].dictionary_encode())
    shuffled = encoded.append_column("race", pa.array(["x"] * ROWS)).select(
        ["race", "region", "children", "amount"]
    )

    assert np.array_equal(scored(folder, shuffled, settings), model.predict_proba(FRAME)[:, 1])


def test_a_label_that_is_a_word_is_a_wrong_shape(tmp_path: Path, settings: Settings) -> None:
    model = fitted(LogisticRegression())
    words = make_pipeline(*[step for _, step in model.steps]).fit(
        FRAME, np.where(LABELS == 1, "yes", "no")
    )
    folder = saved(tmp_path / "model", words, "skops", answer="predict")

    with pytest.raises(Contained) as contained:
        scored(folder, TABLE, settings)
    assert contained.value.cause == Cause.WRONG_SHAPE


def test_a_file_that_names_what_is_not_there_is_unreadable(
    tmp_path: Path, settings: Settings
) -> None:
    folder = saved(tmp_path / "model", fitted(LogisticRegression()), "pickle")
    path = folder / "model.pkl"
    path.write_bytes(path.read_bytes().replace(b"LogisticRegression", b"LogisticRegressioN"))

    with pytest.raises(Contained) as contained:
        scored(folder, TABLE, settings)
    assert contained.value.cause == Cause.UNREADABLE


def test_a_pickle_that_is_cut_off_is_refused_before_it_is_opened(
    tmp_path: Path, settings: Settings
) -> None:
    folder = saved(tmp_path / "model", fitted(LogisticRegression()), "pickle")
    path = folder / "model.pkl"
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(ScreeningFailed) as refused:
        scored(folder, TABLE, settings)
    assert [reason.item for reason in refused.value.reasons] == ["model.pkl"]


@pytest.mark.parametrize("kind", [np.nan, None])
def test_missing_words_are_nan_and_a_model_that_learnt_none_is_refused_by_column(
    kind: Any, tmp_path: Path, settings: Settings
) -> None:
    words = FRAME["region"].to_numpy(dtype=object, copy=True)
    words[::3] = kind
    frame = FRAME.assign(region=pd.Series(words, dtype=object))
    steps = [step for _, step in fitted(LogisticRegression()).steps]
    model = make_pipeline(*steps).fit(frame, LABELS)
    folder = saved(tmp_path / "model", model, "cloudpickle")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if kind is not None:
        np.testing.assert_array_equal(
            scored(folder, table, settings), model.predict_proba(frame)[:, 1]
        )
        return
    with pytest.raises(Contained) as refused:
        scored(folder, table, settings)
    assert refused.value.cause is Cause.MISSING_WORDS
    assert [why.item for why in refused.value.reasons] == ["region"]


def test_a_frame_without_the_models_columns_names_them(tmp_path: Path, settings: Settings) -> None:
    folder = saved(tmp_path / "model", fitted(LogisticRegression()), "skops")
    wrong = TABLE.drop_columns(["amount"]).set_column(
        0, "children", pa.array(["many"] * ROWS, pa.string())
    )

    with pytest.raises(WrongFrame) as refused:
        scored(folder, wrong, settings)
    assert {reason.item for reason in refused.value.reasons} == {"amount", "children"}


def test_the_provenance_names_tier_limits_loader_and_packages(
    tmp_path: Path, settings: Settings
) -> None:
    folder = saved(tmp_path / "model", fitted(LogisticRegression()), "skops")
    with SandboxScorer(folder, inputs=[], settings=settings) as scorer:
        provenance = scorer.provenance

    assert provenance["tier"] == settings.sandbox_tier
    assert provenance["limits"]["memory"] == settings.sandbox_memory
    assert provenance["model_format"] == "sklearn-skops"
    assert provenance["row_block"] == ROW_BLOCK
    assert "scikit-learn" in provenance["packages"]


def test_without_a_tier_no_model_is_opened(tmp_path: Path) -> None:
    with pytest.raises(NoSandbox, match="prediction files"):
        SandboxScorer(tmp_path, inputs=[], settings=Settings(sandbox_tier="none"))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([1, 2], [1.0, 2.0]),
        ([[1], [2]], [1.0, 2.0]),
        ([[0.3, 0.7], [0.6, 0.4]], [0.7, 0.4]),
        (pd.DataFrame({"a": [1, 2]}), [1.0, 2.0]),
        ([True, False], [1.0, 0.0]),
        (np.array(["1.5", "2"], dtype=object), [1.5, 2.0]),
    ],
)
def test_answers_become_one_number_per_row(answer: Any, expected: list[float]) -> None:
    assert asking.one_number_per_row(answer, 2).tolist() == expected


@pytest.mark.parametrize(
    "answer",
    [
        [[4_800.0, 41.0], [5_200.0, 43.0]],  # savings and a shoe size
        [[0.3, 0.9], [0.6, 0.4]],
        [[-0.2, 1.2], [0.6, 0.4]],
        np.array([["yes", "no"], ["no", "yes"]], dtype=object),
    ],
)
def test_two_outputs_are_not_taken_for_two_classes(answer: Any) -> None:
    """public/S9: neither is explained or evaluated as if it were the model's answer."""
    with pytest.raises(NotOpened) as refused:
        asking.one_number_per_row(answer, 2)
    assert refused.value.cause == "several_outputs"
    assert refused.value.items == ("output 1", "output 2")
    assert "加起来是一" in SAID[Cause.SEVERAL_OUTPUTS].zh
    assert "add up to one" in SAID[Cause.SEVERAL_OUTPUTS].en


def test_probabilities_in_single_precision_are_two_classes() -> None:
    """public/S9: what rounding takes from a sum is no second output."""
    second = np.random.default_rng(0).random(500).astype(np.float32)
    answer = np.stack([np.float32(1) - second, second], axis=1)
    assert asking.one_number_per_row(answer, 500).tolist() == second.astype(float).tolist()
    assert asking.one_number_per_row([[np.nan, np.nan], [0.5, 0.5]], 2).tolist()[1] == 0.5


@pytest.mark.parametrize("answer", [[1], [1, 2, 3], [[0.1, 0.2, 0.7]] * 2, 5, ["a", "b"], None])
def test_other_answers_are_refused(answer: Any) -> None:
    with pytest.raises(NotOpened) as refused:
        asking.one_number_per_row(answer, 2)
    assert refused.value.cause == "wrong_shape"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (MemoryError(), "memory"),
        (PermissionError(1, "x"), "forbidden_call"),
        (PermissionError(13, "x"), "outside"),
        (FileNotFoundError(2, "x"), "outside"),
        (OSError(28, "x"), "outside"),
        (RuntimeError("can't start new thread"), "processes"),
        (ValueError("x"), "model_error"),
        (NotOpened("refused_types", "x"), "refused_types"),
        (ModuleNotFoundError("x", name="xgboost.core"), "missing_package"),
    ],
)
def test_an_error_inside_names_its_cause(error: Exception, cause: str) -> None:
    assert cause_of(error) == cause
    wrapped = ValueError("wrapped")
    wrapped.__context__ = error
    assert cause_of(wrapped) == cause
    assert cause in set(Cause)


def test_a_package_that_is_missing_is_named_with_its_extra() -> None:
    """statistics/25: it was "the model raised an error; try it at home"."""
    wrapped = RuntimeError("cannot open")
    wrapped.__context__ = ModuleNotFoundError("x", name="xgboost.core")

    assert items_of(wrapped) == ["xgboost"]
    (why,) = reasons(Cause.MISSING_PACKAGE, items_of(wrapped))
    assert (why.said.en, why.said.zh) == (
        "XGBoost is not installed here; it comes with the extra boosting",
        "此处没有安装 XGBoost，它在附加项 boosting 里",
    )
    assert (
        why.remedy.en == 'run make boosting (in the sources) or pip install "mingsuan[boosting]"'
    )
    (other,) = reasons(Cause.MISSING_PACKAGE, ["their_own"])
    assert "ONNX" in other.remedy.en


def test_a_stranger_among_the_classes_is_told_to_be_one() -> None:
    (why,) = reasons(Cause.WRONG_SHAPE, ["review"])
    assert "columns.classes" in why.said.zh
    assert "columns.classes" in why.said.en


def test_the_published_list_holds_no_duplicates_and_is_sorted() -> None:
    assert list(SKOPS_TYPES) == sorted(set(SKOPS_TYPES))
