"""Screening: what is refused, with every reason, and what trust class the rest gets."""

import json
import os
import pickle
import re
import shutil
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import mlflow
import numpy as np
import pandas as pd
import pytest
import skops.io
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from registry import attestation
from registry.archives import MAX_FILES
from registry.screening import ScreeningFailed, TrustClass, screen

MLMODEL = """\
flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.skops
    predict_fn: predict
  sklearn:
    code: null
    pickled_model: model.skops
    serialization_format: skops
signature:
  inputs: '[{"type": "double", "name": "a"}, {"type": "string", "name": "b"}]'
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A submission that passes."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "MLmodel").write_text(MLMODEL, encoding="utf-8")
    fitted = LinearRegression().fit(np.eye(2), [0.0, 1.0])
    (folder / "model.skops").write_bytes(skops.io.dumps(fitted))
    (folder / "requirements.txt").write_text("scikit-learn\n", encoding="utf-8")
    return folder


def change(folder: Path, old: str, new: str) -> Path:
    path = folder / "MLmodel"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def refused(folder: Path, **options: Any) -> dict[str, str]:
    """The offending items and what is said of them, in English."""
    with pytest.raises(ScreeningFailed) as failed:
        screen(folder, **options)
    for reason in failed.value.reasons:
        assert reason.said.zh
        assert reason.remedy.zh
        assert reason.remedy.en
    return {reason.item: reason.said.en for reason in failed.value.reasons}


def test_a_skops_model_passes_as_listed_types(model: Path) -> None:
    found = screen(model)

    assert found.flavour == "sklearn-skops"
    assert found.trust_class is TrustClass.LISTED_TYPES
    assert found.inputs == [{"name": "a", "type": "double"}, {"name": "b", "type": "string"}]
    assert [entry["path"] for entry in found.manifest] == [
        "MLmodel",
        "model.skops",
        "requirements.txt",
    ]
    assert found.digest == attestation.digest(found.manifest)
    assert found.size == sum(path.stat().st_size for path in model.iterdir())
    assert json.dumps(found.as_json())


def test_the_digest_depends_on_bytes_and_names_alone(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    os.utime(copy / "MLmodel", (0, 0))
    assert screen(copy).digest == screen(model).digest
    (copy / "requirements.txt").write_text("scikit-learn \n", encoding="utf-8")
    assert screen(copy).digest != screen(model).digest


NOTE = "model_name: 信用审批\nmodel_version: '3'\n"


@pytest.mark.parametrize("note", [NOTE, "model_name: null\nmodel_version: null\n"])
def test_the_note_of_mlflows_client_in_a_copy_is_no_part_of_the_model(
    model: Path, note: str
) -> None:
    before = screen(model)
    (model / "registered_model_meta").write_text(note, encoding="utf-8")

    found = screen(model)

    assert found.digest == before.digest
    assert found.remarks == before.remarks


@pytest.mark.parametrize(
    "content",
    [
        NOTE + "more: 1\n",
        NOTE + "# more\n",
        NOTE.replace("'3'", "3"),
        NOTE.replace("'3'", "null"),
        NOTE.replace("'3'", "'3x'"),
        NOTE + " " * 5000,
        "- 1\n",
        "{",
        "\udcff",
    ],
)
def test_another_file_of_that_name_counts_and_is_told(model: Path, content: str) -> None:
    before = screen(model)
    (model / "registered_model_meta").write_bytes(content.encode("utf-8", "surrogateescape"))

    found = screen(model)

    assert found.digest != before.digest
    assert any("registered_model_meta is no part" in remark.en for remark in found.remarks)


@pytest.mark.parametrize("path", ["registered_model_meta", "./x/../registered_model_meta", "."])
def test_a_note_that_mlmodel_leads_to_counts(model: Path, path: str) -> None:
    change(model, "code: null", f"code: null\n    artifacts: {{a: {{path: '{path}'}}}}")
    before = screen(model)
    (model / "registered_model_meta").write_text(NOTE, encoding="utf-8")

    assert screen(model).digest != before.digest


def as_pickle(folder: Path, content: bytes) -> Path:
    """The submission with a pickle in place of its skops file."""
    (folder / "model.skops").unlink()
    (folder / "model.pkl").write_bytes(content)
    change(folder, "serialization_format: skops", "serialization_format: pickle")
    return change(folder, "pickled_model: model.skops", "pickled_model: model.pkl")


def test_a_pickle_that_acts_on_the_machine_is_refused_by_name(model: Path) -> None:
    as_pickle(model, b"cos\nsystem\n(S'true'\ntR0csubprocess\nPopen\n.")

    with pytest.raises(ScreeningFailed) as failed:
        screen(model)

    said = [(reason.item, reason.said.en) for reason in failed.value.reasons]
    assert [item for item, _ in said] == ["model.pkl", "model.pkl"]
    assert "os.system, which starts programs" in said[0][1]
    assert "subprocess.Popen" in said[1][1]
    assert all("skops" in reason.remedy.en for reason in failed.value.reasons)


def test_a_pickle_that_nobody_can_follow_to_its_end_is_refused(model: Path) -> None:
    assert set(refused(as_pickle(model, b"\x80\x02\x82\x01."))) == {"model.pkl"}


def test_own_code_by_value_is_labelled_and_taken(model: Path) -> None:
    """No list sees into a function's own code: it is the sandbox that holds it."""
    found = screen(as_pickle(model, cloudpickle.dumps(lambda frame: frame)))

    assert found.trust_class is TrustClass.CODE
    assert any("opened in the sandbox only" in remark.en for remark in found.remarks)


def test_a_pickle_beside_a_pickled_model_is_looked_at_too(model: Path) -> None:
    as_pickle(model, pickle.dumps(LinearRegression()))
    (model / "artifacts").mkdir()
    (model / "artifacts" / "more.pkl").write_bytes(pickle.dumps({"a": 1}))
    assert screen(model).trust_class is TrustClass.CODE

    (model / "artifacts" / "more.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert set(refused(model)) == {"artifacts/more.pkl"}


@pytest.mark.filterwarnings("ignore:.*type hint:UserWarning")
@pytest.mark.filterwarnings("ignore:Hint. Inferred schema contains integer:UserWarning")
@pytest.mark.parametrize("serialization", ["cloudpickle", "pickle"])
def test_what_mlflow_saves_passes_as_code_when_pickled(tmp_path: Path, serialization: str) -> None:
    frame = pd.DataFrame({"a": [0.0, 1.0], "b": [1, 2]})
    fitted = LinearRegression().fit(frame, [0.0, 1.0])
    mlflow.sklearn.save_model(
        fitted,
        tmp_path / "model",
        signature=infer_signature(frame, np.zeros(2)),
        serialization_format=serialization,
        pip_requirements=["scikit-learn"],
    )

    found = screen(tmp_path / "model")

    assert found.flavour == f"sklearn-{serialization}"
    assert found.trust_class is TrustClass.CODE
    assert found.inputs == [{"name": "a", "type": "double"}, {"name": "b", "type": "long"}]
    assert any("only objects on the list" in remark.en for remark in found.remarks)


def test_every_reason_is_given_at_once(model: Path) -> None:
    change(model, "mlflow.sklearn", "os")
    change(model, "predict_fn: predict", "predict_fn: __init__")
    change(model, "code: null", "code: code")
    change(model, '"name": "b"', '"name": "a"')
    (model / "setup.py").write_text("", encoding="utf-8")
    (model / "old.pkl").write_bytes(b"\x80\x04N.")

    assert set(refused(model)) == {
        "MLmodel: python_function.loader_module",
        "MLmodel: python_function.predict_fn",
        "MLmodel: flavors.sklearn.code",
        "MLmodel: signature.inputs[1]",
        "setup.py",
        "old.pkl",
    }


@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ("serialization_format: skops", "serialization_format: dill", "MLmodel: flavors"),
        ("  sklearn:", "  spacy:", "MLmodel: flavors"),
        (
            "pickled_model: model.skops",
            "pickled_model: ../model.skops",
            "MLmodel: flavors.sklearn.pickled_model",
        ),
        (
            "pickled_model: model.skops",
            "pickled_model: /etc/passwd",
            "MLmodel: flavors.sklearn.pickled_model",
        ),
        ("flavors:", "flavors: 3\nothers:", "MLmodel: flavors"),
        ("signature:", "sign:", "MLmodel: signature"),
        ('"type": "string"', '"type": "tensor"', "MLmodel: signature.inputs[1]"),
        ("flavors:", "flavors: !!python/object/apply:os.system [true]\nx:", "MLmodel"),
        ("flavors:", "x: &x [1]\ny: *x\nflavors:", "MLmodel"),
        ("flavors:", "x: " + "[" * 50 + "]" * 50 + "\nflavors:", "MLmodel"),
        ("flavors:", "x: [\nflavors:", "MLmodel"),
        ("flavors:", "x: " + "1" * 300_000 + "\nflavors:", "MLmodel"),
    ],
)
def test_an_mlmodel_that_is_not_plain_is_refused(
    model: Path, old: str, new: str, item: str
) -> None:
    assert item in refused(change(model, old, new))


def test_columns_named_by_numbers_are_one_reason_however_many_they_are(
    model: Path,
) -> None:  # statistics/25
    names = ", ".join(f'{{"type": "double", "name": {each}}}' for each in range(28))
    text = (model / "MLmodel").read_text(encoding="utf-8")
    written, changed = re.subn(r"inputs: '[^']*'", f"inputs: '[{names}]'", text)
    assert changed == 1
    (model / "MLmodel").write_text(written, encoding="utf-8")
    with pytest.raises(ScreeningFailed) as failed:
        screen(model)
    (reason,) = failed.value.reasons
    assert reason.item == "MLmodel: signature.inputs"
    assert "28 列" in reason.said.zh
    assert "0, 1, 2, 3, 4 …" in reason.said.en
    assert "astype(str)" in reason.remedy.en


def test_a_submission_without_mlmodel_is_refused(tmp_path: Path) -> None:
    assert "MLmodel" in refused(tmp_path)


def test_links_and_pipes_are_refused(model: Path) -> None:
    (model / "link").symlink_to("/etc/passwd")
    (model / "folder").symlink_to("/etc")
    os.mkfifo(model / "pipe")

    assert {"link", "folder", "pipe"} <= set(refused(model))


@pytest.mark.parametrize(
    "name",
    [
        "mo\u202edel.txt",
        "zero\u200bwidth",
        "blank\u3164",
        "blank\u2800",
        "cafe\u0301",
        "line\nbreak",
        "back\\slash",
        "a:b",
        "nul.txt",
        " lead",
        "dot.",
        "x" * 220,
    ],
)
def test_tricky_names_are_refused(model: Path, name: str) -> None:
    (model / name).write_bytes(b"")

    (item,) = refused(model)
    assert item.isprintable()


def test_names_that_differ_only_in_case_are_refused(model: Path) -> None:
    (model / "Requirements.txt").write_bytes(b"")

    assert "differs from" in "".join(refused(model).values())


def test_ordinary_chinese_names_pass(model: Path) -> None:
    (model / "说明 1.md").write_bytes(b"")

    assert screen(model).remarks[0].en.startswith("说明 1.md is no part of this format")


def test_too_many_or_too_large_files_are_refused(model: Path) -> None:
    assert "total" in refused(model, limit=100)
    for number in range(MAX_FILES):
        (model / f"f{number}").touch()
    assert "total" in refused(model)


def test_a_skops_file_with_foreign_types_is_refused(model: Path) -> None:
    import fractions

    (model / "model.skops").write_bytes(skops.io.dumps({"a": fractions.Fraction(1, 2)}))

    assert any("fractions.Fraction" in item for item in refused(model))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\x80\x04N."])
def test_what_only_claims_to_be_skops_is_refused(model: Path, content: bytes) -> None:
    (model / "model.skops").write_bytes(content)

    assert "model.skops" in refused(model)


def test_what_only_claims_to_be_onnx_is_refused(model: Path) -> None:
    text = (
        "flavors:\n  onnx: {data: m.onnx}\nsignature:\n"
        '  inputs: \'[{"type": "double", "name": "a"}]\'\n'
    )
    (model / "MLmodel").write_text(text, encoding="utf-8")
    (model / "m.onnx").write_bytes(b"\x80\x04N.")

    assert "m.onnx" in refused(model)


def test_a_pickle_hidden_behind_another_name_is_refused(model: Path) -> None:
    joblib.dump({"a": 1}, model / "notes.txt")

    assert "notes.txt" in refused(model)


@pytest.mark.parametrize(
    ("flavour", "remedy"),
    [
        ("statsmodels", "Write the coefficients into a PythonModel"),
        ("pytorch", "torch.onnx.export"),
        ("spacy", "save it as onnx"),
    ],
)
def test_a_format_that_was_decided_against_is_refused_with_the_way_out(
    model: Path, flavour: str, remedy: str
) -> None:
    change(model, "  sklearn:", f"  {flavour}:")

    with pytest.raises(ScreeningFailed) as failed:
        screen(model)
    (reason,) = [why for why in failed.value.reasons if why.item == "MLmodel: flavors"]
    assert flavour in reason.said.en
    assert remedy in reason.remedy.en
