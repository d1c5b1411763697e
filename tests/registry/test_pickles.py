"""The walker names what a pickle would import, and fails closed where it cannot tell."""

import builtins
import bz2
import ctypes
import datetime as dt
import gzip
import importlib
import io
import lzma
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from registry import pickle_screening
from registry.pickle_listed import listed
from registry.pickle_powers import power
from registry.pickles import MAX_NAMES, Effort, Loader, looks_like, walk

LIBRARIES = sys.stdlib_module_names | {
    "numpy", "pandas", "scipy", "sklearn", "joblib", "cloudpickle", "skops", "mlflow",
}  # fmt: skip
ROWS = np.random.default_rng(0).random((50, 3))


def forest() -> Any:
    labels = np.array(["no", "yes"])[(ROWS[:, 0] > 0.5).astype(int)]
    return make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=0)).fit(
        ROWS, labels
    )


class Gadget:
    """Unpickles into a call of os.system."""

    def __reduce__(self) -> Any:
        return (os.system, ("true",))


def put(folder: Path, content: bytes) -> Path:
    (folder / "m.pkl").write_bytes(content)
    return folder / "m.pkl"


@pytest.mark.parametrize("protocol", range(2, 6))
def test_an_estimator_of_every_protocol_is_walked_to_its_end(
    tmp_path: Path, protocol: int
) -> None:
    found = walk(put(tmp_path, pickle.dumps(forest(), protocol=protocol)))

    assert found.problem is None
    assert found.unlisted == ()
    assert ("sklearn.ensemble._forest", "RandomForestClassifier") in found.names


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_arrays_in_joblib_files_are_stepped_over(tmp_path: Path, compress: Any) -> None:
    value = {
        "model": forest(),
        "words": np.array(["a", "bc"]),
        "objects": np.array([1, "x", None], dtype=object),
        "empty": np.empty((0, 3)),
        "when": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    }
    joblib.dump(value, tmp_path / "m.joblib", compress=compress)

    found = walk(tmp_path / "m.joblib")

    assert found.problem is None
    assert found.unlisted == ()
    assert ("sklearn.tree._tree", "Tree") in found.names


def test_an_object_inside_a_joblib_array_is_seen(tmp_path: Path) -> None:
    array = np.empty(1, dtype=object)
    array[0] = Gadget()
    joblib.dump(array, tmp_path / "m.joblib")

    assert any(name.endswith(".system") for name in walk(tmp_path / "m.joblib").unlisted)


def in_zip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inner", content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "wrap", [bytes, gzip.compress, zlib.compress, bz2.compress, lzma.compress, in_zip]
)
def test_a_gadget_is_named_whatever_it_is_wrapped_in(
    tmp_path: Path, wrap: Callable[[bytes], bytes]
) -> None:
    found = walk(put(tmp_path, wrap(pickle.dumps(Gadget()))))

    assert any(name.endswith(".system") for name in found.unlisted)


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        b"(cos\nsystem\nS'true'\no.",
        b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93\x8c\x04true\x85R.",
        b"\x80\x02X\x02\x00\x00\x00osq\x00X\x06\x00\x00\x00systemq\x010h\x00h\x01\x930.",
    ],
)
def test_old_and_memoised_spellings_are_named(tmp_path: Path, content: bytes) -> None:
    assert walk(put(tmp_path, content)).unlisted == ("os.system",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04N",
        b"\x80\x04N.\x80\x04N.",
        b"\x80\x02\x82\x01.",
        b"\x80\x02Nq\x00\x8c\x02osN\x93.",
        b"\x80\x02h\x05.",
        b"\x80\x02R.",
        b"\x80\x02N)R.",
        b"P1\n.",
        gzip.compress(b"\x80\x04N.", mtime=0)[:-6],
        zlib.compress(b"\x80\x04N.") + b"more",
        b"PK\x03\x04 no zip",
    ],
)
def test_what_cannot_be_decided_is_a_problem(tmp_path: Path, content: bytes) -> None:
    problem = walk(put(tmp_path, content)).problem

    assert problem is not None
    assert "untrusted" in problem.format(path="m.pkl").en


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.pickles.MAX_BYTES", 1 << 20)

    assert walk(put(tmp_path, gzip.compress(bytes(4 << 20)))).problem is not None
    assert walk(put(tmp_path, in_zip(bytes(4 << 20)))).problem is not None


def test_a_function_pickled_by_value_is_not_listed(tmp_path: Path) -> None:
    found = walk(put(tmp_path, cloudpickle.dumps(lambda frame: frame)))

    assert found.problem is not None or found.unlisted


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("sklearn.linear_model._logistic", "LogisticRegression", True),
        ("sklearn.linear_model._logistic", "_log_reg_scoring_path", False),
        ("sklearn.linear_model._base", "LinearModel.__class__", False),
        ("sklearn.utils._joblib", "Parallel", False),
        ("builtins", "getattr", False),
        ("builtins", "eval", False),
        ("os", "system", False),
        ("numpy", "load", False),
        ("numpy", "ndarray", True),
    ],
)
def test_the_list_names_data_and_estimators_only(
    module: str, name: str, *, expected: bool
) -> None:
    assert listed(module, name) is expected


def test_a_pickle_is_known_by_its_head(tmp_path: Path) -> None:
    assert looks_like(put(tmp_path, pickle.dumps(1)))
    assert not looks_like(put(tmp_path, b"\x08\x0a"))
    assert not looks_like(put(tmp_path, b""))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("os", "popen"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("__builtin__", "eval"),
        ("builtins", "open"),
        ("io", "open"),
        ("socket", "socket"),
        ("urllib.request", "urlopen"),
        ("shutil", "rmtree"),
        ("ctypes", "CDLL"),
        ("pickle", "loads"),
        ("importlib", "import_module"),
        ("runpy", "run_path"),
        ("logging", "os.system"),
        ("numpy.testing._private.utils", "runstring"),
        ("sklearn.utils", "builtins.exec"),
        ("commands", "getoutput"),
    ],
)
def test_what_acts_on_the_machine_is_known_by_name(module: str, name: str) -> None:
    said = power(module, name)
    assert said is not None
    assert said.zh
    assert said.en


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn.linear_model._logistic", "LogisticRegression"),
        ("numpy", "log1p"),
        ("builtins", "getattr"),
        ("os", "getenv"),
        ("math", "exp"),
        ("json", "loads"),
        ("cloudpickle.cloudpickle", "_make_function"),
        ("lightgbm.sklearn", "LGBMClassifier"),
        ("datetime", "datetime"),
        ("pandas", "DataFrame"),
        ("my.code", "Model"),
        ("functools", "partial"),
        ("pathlib", "Path"),
    ],
)
def test_what_models_are_made_of_is_not(module: str, name: str) -> None:
    assert power(module, name) is None


def names_of(module: ModuleType) -> set[str]:
    """The names in a module that hold what acts on the machine, or a module that does."""
    acting = (
        exec, eval, compile, open, os.system, os.popen, subprocess.Popen, subprocess.run,
        importlib.import_module, shutil.rmtree, pickle.loads, pickle.load, ctypes.CDLL, os.remove,
        io.FileIO, cloudpickle.load, np.load,
    )  # fmt: skip
    holders = (os, subprocess, builtins, importlib, shutil, pickle, ctypes)
    found = set()
    for name, value in list(vars(module).items()):
        if name.startswith("@"):  # pytest's own, in the modules that it rewrites
            continue
        if any(value is each for each in acting):
            found.add(name)
        if any(value is each for each in holders):
            found |= {f"{name}.{each}" for each in ("system", "exec", "eval", "x.__call__")}
    return found


def test_what_acts_is_known_under_each_name_by_which_a_library_holds_it() -> None:
    """`enum.bltns.eval`, `random._os.system`, `_frozen_importlib.__import__` are the same objects."""
    looked_into = 0
    for name, module in sorted(sys.modules.items()):
        package = name.partition(".")[0]
        if not isinstance(module, ModuleType) or package not in LIBRARIES:
            continue
        for each in names_of(module):
            looked_into += 1
            assert power(name, each), f"{name} {each}"
    assert looked_into > 500


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "exec.__call__"),
        ("builtins", "eval.__call__"),
        ("_io", "open.__call__"),
        ("_pyio", "open"),
        ("_frozen_importlib", "_gcd_import"),
        ("_imp", "create_dynamic"),
        ("cloudpickle", "loads"),
        ("joblib.externals.cloudpickle", "loads"),
        ("tokenize", "open"),
        ("logging", "FileHandler"),
        ("logging.config", "dictConfig"),
        ("numpy", "genfromtxt"),
        ("numpy.lib._npyio_impl", "load"),
        ("numpy.ctypeslib", "load_library"),
        ("pandas", "read_json"),
        ("pandas.io.parsers.readers", "read_csv"),
        ("pandas", "DataFrame.to_pickle"),
        ("mlflow.pyfunc", "load_model"),
        ("mlflow.utils.process", "_exec_cmd"),
        ("mlflow.projects", "run"),
        ("psutil", "Popen"),
        ("typing", "ForwardRef"),
        ("py_compile", "compile"),
        ("_interpreters", "exec"),
        ("atexit", "register"),
        ("pathlib", "Path.unlink"),
        ("collections", "abc.sys.modules"),
        ("my.code", "f.__globals__.get"),
        ("a.nobody", "pandas.eval"),
    ],
)
def test_every_part_of_a_name_and_every_alias_counts(module: str, name: str) -> None:
    assert power(module, name) is not None


def hiding(content: bytes) -> bytes:
    """A pickle whose array bytes are opcodes, behind a number that only `pickle` can read."""
    hidden = b"I0x10\n0cos\nsystem\n(S'true'\ntR0"
    state = b"(dS'shape'\n(I%d\ntsS'dtype'\ncnumpy\ndtype\n(S'u1'\ntRsb" % len(hidden)
    return WRAPPER + state + hidden + b"0" + content


def test_what_an_array_hides_is_named_and_a_look_that_ends_early_is_no_end(tmp_path: Path) -> None:
    """`pickle` reads hexadecimal and runs on; the walk stopped there and said that all is listed."""
    path = put(tmp_path, hiding(b"N."))
    for loaders in ((), (Loader.PICKLE,), (Loader.JOBLIB, Loader.PICKLE)):
        assert ("os", "system") in walk(path, *loaders).names, loaders
    many = b"N0" * 600_000 + hiding(b"N.")
    assert not walk(put(tmp_path, gzip.compress(many)), Loader.JOBLIB, Loader.PICKLE).whole


def test_joblib_s_file_is_followed_as_joblib_reads_it_and_no_model_is_opened_by_joblib(
    tmp_path: Path,
) -> None:
    joblib.dump({"a": np.arange(9.0)}, tmp_path / "m.joblib")
    assert walk(tmp_path / "m.joblib").whole
    assert not walk(tmp_path / "m.joblib", Loader.PICKLE).whole


@pytest.mark.parametrize(
    "state", [b"N", b"(dS'shape'\nNs", b"(dS'shape'\n(I4\ntsS'dtype'\ncnumpy\ndtype\n(S'V8'\ntRs"]
)
def test_an_array_of_unknown_size_leaves_the_rest_unknown(tmp_path: Path, state: bytes) -> None:
    content = WRAPPER + state + b"b."
    assert walk(put(tmp_path, content), Loader.PICKLE).whole
    assert walk(put(tmp_path, content)).whole is state.endswith(b"'V8'\ntRs")


def test_of_many_names_it_is_told_how_many_follow(tmp_path: Path) -> None:
    content = b"".join(b"cos\nfn%02d\n0" % number for number in range(25)) + b"N."
    reasons = pickle_screening.wrong_with(put(tmp_path, content), "m.pkl", Effort(0))
    assert [reason.said.en for reason in reasons][-1] == "it names 5 more of this kind"
    assert len(reasons) == 21
    content = b"".join(b"cmine\nfn%02d\n0" % number for number in range(25)) + b"N."
    _, told = pickle_screening.looked_at(put(tmp_path, content), "m.pkl", Effort(0))
    assert told[-1].en.endswith(" and 5 more")
    assert told[-1].zh.endswith("另有 5 个")


@pytest.mark.parametrize("wrap", [bytes, gzip.compress, zlib.compress, in_zip])
@pytest.mark.parametrize("protocol", range(6))
def test_a_file_of_any_name_is_looked_at_as_a_pickle(
    tmp_path: Path, protocol: int, wrap: Callable[[bytes], bytes]
) -> None:
    path = put(tmp_path, wrap(pickle.dumps(Gadget(), protocol=protocol)))
    assert pickle_screening.acting(path, "extra.bin", Effort(0))
    table = put(tmp_path, wrap(b"cost,n\n1,2\n"))
    assert not pickle_screening.acting(table, "extra.csv", Effort(0))


WRAPPER = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)R"
STATE = b"(dS'shape'\n(I40\ntsS'dtype'\ncnumpy\ndtype\n(S'i1'\ntRsb"


@pytest.mark.parametrize(
    "content",
    [
        WRAPPER + STATE + b"0cos\nsystem\n(S'true'\ntR." + b" " * 40 + b".",
        WRAPPER + b"(dS'shape'\nNsb0cos\nsystem\n(S'true'\ntR.",
        b"cfunctools\npartial\n(cmath\nexp\nI1\ntR)R0cos\nsystem\n(S'true'\ntR.",
    ],
)
def test_what_follows_a_doubt_is_still_named(tmp_path: Path, content: bytes) -> None:
    """`pickle` reads on where joblib would step over bytes, and where a call is of no name."""
    assert ("os", "system") in walk(put(tmp_path, content)).names


def test_a_doubt_is_not_the_end_of_a_walk(tmp_path: Path) -> None:
    own = walk(put(tmp_path, cloudpickle.dumps(lambda frame: frame)))
    cut_off = walk(put(tmp_path, b"\x80\x04N"))

    assert own.whole
    assert own.problem is not None
    assert not cut_off.whole


LONG = b"\x80\x04(l" + b"q\x00h\x00h\x00" * 400_000 + b"."
"""1.2 million opcodes in 2.4 MB, which are ten kilobytes when packed."""


def test_work_is_bounded_by_what_was_sent_and_not_by_what_it_unpacks_to(tmp_path: Path) -> None:
    """security/S3: eighteen kilobytes cost the server fourteen seconds."""
    path = put(tmp_path, LONG)
    assert walk(path, Loader.PICKLE).whole  # it came as it is
    left = walk(path, Loader.PICKLE, effort=Effort(10_000))
    assert left.exhausted
    assert not left.whole
    [reason] = pickle_screening.looked_at(path, "model.pkl", Effort(10_000))[0]
    assert "too many opcodes for its size" in reason.said.en
    assert "skops" in reason.remedy.en


def test_all_files_of_a_submission_share_the_work(tmp_path: Path) -> None:
    effort = Effort(0)
    files = []
    for number in range(3):
        files.append(tmp_path / f"{number}.bin")
        files[-1].write_bytes(b"\x80\x04(" + b"N0" * 100_000 + b"t.")
    told = [pickle_screening.acting(file, file.name, effort) for file in files]
    assert [bool(reasons) for reasons in told] == [False, False, True]
    assert told[2][0].item == "2.bin"


def test_more_names_than_any_model_has_are_not_looked_up(tmp_path: Path) -> None:
    content = b"".join(b"cmine\nf%d\n0" % number for number in range(MAX_NAMES + 1)) + b"N."
    left = walk(put(tmp_path, content), Loader.PICKLE)
    assert left.exhausted
    assert len(left.names) == MAX_NAMES + 1
