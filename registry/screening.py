"""Screening: what is known about a submission before anything in it is opened.

Bytes and lists only: names, sizes, `MLmodel` by safe YAML, the heads of files, the opcodes of
pickles. Nothing is imported, unpickled or executed because a submission says so; environment
files (`requirements.txt`, `conda.yaml`, …) are kept and never followed. The trust class comes from
the format; a model of any class is opened in the sandbox only.
"""

import hashlib
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from registry import attestation, download_note, json_text, pickle_screening, pickles
from registry.archives import (
    MAX_FILES,
    NOT_PLAIN,
    ArchiveRefused,
    NameRules,
    ScreeningFailed,
    shown,
    too_large,
    too_many_files,
    unpack,
)
from registry.errors import Reason
from registry.json_text import KeyTwice
from registry.language import Text
from registry.sandbox.child import flavours, plain_yaml
from registry.skops_file import foreign_types

__all__ = ["ArchiveRefused", "Screening", "ScreeningFailed", "TrustClass", "screen", "unpack"]

MAX_MLMODEL = 256 * 1024
MAX_INPUTS = 2000
LISTED_NUMBERS = 5
"""Names that are numbers are told by so many of them."""
COLUMN_TYPES = frozenset({"boolean", "integer", "long", "float", "double", "string", "datetime"})
_CHUNK = 1 << 20
_PROGRAM = re.compile(r"\.(py|pyc|pyd|so|dll|dylib|exe|sh|bat|cmd|ps1|jar)$", re.IGNORECASE)
_PICKLE_NAME = re.compile(r"\.(pkl|pickle|joblib|cloudpickle|dill)$", re.IGNORECASE)
_ENVIRONMENT = frozenset({"requirements.txt", "conda.yaml", "python_env.yaml"})
_EXPECTED = _ENVIRONMENT | {
    "MLmodel",
    "input_example.json",
    "serving_input_example.json",
    "README.md",
    "LICENSE",
}


class TrustClass(StrEnum):
    """How far a format can be trusted before it is opened (it is opened in the sandbox only)."""

    DATA_ONLY = "data_only"
    LISTED_TYPES = "listed_types"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Screening:
    """What screening found.

    Args:
        flavour: the format, `sklearn-skops`.
        trust_class: how far it can be trusted before it is opened.
        inputs: the declared signature, a list of {name, type} in MLflow's type names.
        manifest: every file as {path, sha256, size}, sorted by path.
        digest: SHA-256 of the manifest's canonical JSON.
        remarks: what a reviewer should know; nothing here refuses.
    """

    flavour: str
    trust_class: TrustClass
    inputs: list[dict[str, str]]
    manifest: list[dict[str, Any]]
    digest: str
    remarks: tuple[Text, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(int(entry["size"]) for entry in self.manifest)

    def as_json(self) -> dict[str, Any]:
        """The findings for the record, without the manifest."""
        return {
            "flavour": self.flavour,
            "trust_class": self.trust_class.value,
            "inputs": self.inputs,
            "remarks": [remark.as_json() for remark in self.remarks],
        }


@dataclass(slots=True)
class _Findings:
    """What has been collected so far."""

    root: Path
    effort: pickles.Effort
    reasons: list[Reason] = field(default_factory=list)
    remarks: list[Text] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)

    def refuse(self, item: str, said: Text, remedy: Text) -> None:
        self.reasons.append(Reason(shown(item), said, remedy))


def screen(directory: Path, *, limit: int | None = None, sent: int | None = None) -> Screening:
    """Screen an MLflow model directory.

    Args:
        directory: the submission, unpacked.
        limit: the most bytes all files may have together, as the doors set it (`MINGSUAN_MAX_SUBMISSION`);
            None for a folder of one's own.
        sent: how many bytes came through the door, packed; None where each file came as it is.

    Raises:
        ScreeningFailed: with every reason, each naming the offending item and a remedy.
    """
    found = _Findings(directory, pickles.Effort(sent or 0))
    _list_files(found, limit)
    if sent is None:
        found.effort = pickles.Effort(sum(found.files.values()))
    mlmodel = _read_mlmodel(found) if not found.reasons else {}
    if download_note.NAME in found.files:
        _leave_out_note(found, mlmodel)
    inputs = _inputs(found, mlmodel) if mlmodel else []
    row = _format(found, mlmodel) if mlmodel else None
    if found.reasons or row is None:
        raise ScreeningFailed(
            "检查发现了问题，提交的模型没有入库。请按所列原因逐项修改后重新提交。",
            "Screening found faults, and the submission was not stored. Correct every item listed "
            "and submit again.",
            reasons=found.reasons,
        )
    manifest = [_entry(directory, path) for path in sorted(found.files)]
    return Screening(
        flavour=row.name,
        trust_class=TrustClass(row.trust),
        inputs=inputs,
        manifest=manifest,
        digest=attestation.digest(manifest),
        remarks=tuple(found.remarks),
    )


def _leave_out_note(found: _Findings, mlmodel: Mapping[str, Any]) -> None:
    """What MLflow's client writes into every copy is no part of the model: one digest for all."""
    if download_note.is_only_a_note(found.root / download_note.NAME, mlmodel):
        del found.files[download_note.NAME]


def _entry(root: Path, path: str) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with (root / path).open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            size += len(piece)
    return {"path": path, "sha256": digest.hexdigest(), "size": size}


def _list_files(found: _Findings, limit: int | None) -> None:
    rules = NameRules()
    for name, status in _walk(found.root, found.root):
        directory = stat.S_ISDIR(status.st_mode)
        for said in rules.wrong_with(name, directory=directory):
            found.refuse(name, said, _RENAME)
        if stat.S_ISREG(status.st_mode):
            found.files[name] = status.st_size
        elif not directory:
            found.refuse(name, NOT_PLAIN, _REMOVE)
        if len(found.files) > MAX_FILES:
            found.reasons.append(too_many_files())
            return
    if limit is not None and sum(found.files.values()) > limit:
        found.reasons.append(too_large(limit))


def _walk(root: Path, folder: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(folder.iterdir()):
        status = path.lstat()
        yield path.relative_to(root).as_posix(), status
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(root, path)


def _read_mlmodel(found: _Findings) -> Mapping[str, Any]:
    size = found.files.get("MLmodel")
    if size is None:
        found.refuse("MLmodel", _ABSENT, _LOG_AGAIN)
        return {}
    if size > MAX_MLMODEL:
        found.refuse("MLmodel", _HUGE.format(limit=MAX_MLMODEL), _LOG_AGAIN)
        return {}
    try:
        parsed = plain_yaml.read((found.root / "MLmodel").read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        said = Text(f"不是安全的 YAML：{_line(error)}", f"it is not safe YAML: {_line(error)}")
        found.refuse("MLmodel", said, _LOG_AGAIN)
        return {}
    if not isinstance(parsed, Mapping) or not parsed:
        found.refuse("MLmodel", _NO_MAPPING, _LOG_AGAIN)
        return {}
    return parsed


def _line(error: Exception) -> str:
    return shown(" ".join(str(error).split()))[:160]


def _inputs(found: _Findings, mlmodel: Mapping[str, Any]) -> list[dict[str, str]]:
    signature = mlmodel.get("signature")
    declared = signature.get("inputs") if isinstance(signature, Mapping) else None
    try:
        columns = json_text.parse(declared) if isinstance(declared, str) else None
    except (ValueError, RecursionError, KeyTwice):
        columns = None
    if not isinstance(columns, list) or not 0 < len(columns) <= MAX_INPUTS:
        found.refuse("MLmodel: signature", _NO_SIGNATURE, _SIGN)
        return []
    if numbers := [column["name"] for column in columns if _numbered(column)]:
        told = ", ".join(str(each)[:20] for each in numbers[:LISTED_NUMBERS])
        more = " …" if len(numbers) > LISTED_NUMBERS else ""
        said = _NUMBERED.format(count=f"{len(numbers):,}", names=told + more)
        found.refuse("MLmodel: signature.inputs", said, _AS_WORDS)
        columns = [column for column in columns if not _numbered(column)]
    known: dict[str, dict[str, str]] = {}
    for place, column in enumerate(columns):
        entry = _column(column)
        if entry is None or entry["name"] in known:
            found.refuse(f"MLmodel: signature.inputs[{place}]", _BAD_COLUMN, _SIGN)
        else:
            known[entry["name"]] = entry
    return [*known.values()]


def _numbered(column: Any) -> bool:
    """Whether the name of a column is a number, as those of a frame without names are."""
    name = column.get("name") if isinstance(column, Mapping) else None
    return isinstance(name, int | float) and not isinstance(name, bool)


def _column(column: Any) -> dict[str, str] | None:
    if not isinstance(column, Mapping):
        return None
    name, kind = column.get("name"), column.get("type")
    if isinstance(name, str) and name and len(name) <= 200 and kind in COLUMN_TYPES:
        return {"name": name, "type": str(kind)}
    return None


def _format(found: _Findings, mlmodel: Mapping[str, Any]) -> flavours.Format | None:
    try:
        row, settings = flavours.of(mlmodel)
    except flavours.UnknownFormat as unknown:
        said = _UNKNOWN.format(found=shown(unknown.found))
        named = mlmodel.get("flavors")
        decided = [_INSTEAD[name] for name in _named(named) if name in _INSTEAD]
        found.refuse("MLmodel: flavors", said, decided[0] if decided else _CONVERT)
        return None
    _check_python_function(found, mlmodel, row)
    _check_parameters(found, mlmodel, row)
    _check_code(found, mlmodel, row)
    path = _model_path(found, settings.get(row.path_key), row)
    if path is not None:
        _check_content(found, path, row)
    _check_beside(found, path, row)
    return row


def _named(flavors: object) -> Iterable[str]:
    return flavors if isinstance(flavors, Mapping) else ()


def _check_parameters(found: _Findings, mlmodel: Mapping[str, Any], row: flavours.Format) -> None:
    for name in flavours.parameters(row.flavour, mlmodel.get("signature")):
        found.refuse(f"MLmodel: signature.params.{shown(name)}", _WITH_DEFAULT, _NO_DEFAULT)


def _check_python_function(
    found: _Findings, mlmodel: Mapping[str, Any], row: flavours.Format
) -> None:
    generic = mlmodel["flavors"].get("python_function") or {}
    if not isinstance(generic, Mapping):
        found.refuse("MLmodel: flavors.python_function", _NO_MAPPING, _LOG_AGAIN)
        return
    loader = generic.get("loader_module", row.loader_module)
    if loader != row.loader_module:
        said = _LOADER.format(loader=shown(str(loader)), expected=row.loader_module)
        found.refuse("MLmodel: python_function.loader_module", said, _LOG_AGAIN)
    answer = generic.get("predict_fn", row.answers[0])
    if answer not in row.answers:
        said = _ANSWER.format(answer=shown(str(answer)), known=", ".join(row.answers))
        found.refuse("MLmodel: python_function.predict_fn", said, _LOG_AGAIN)


def _check_code(found: _Findings, mlmodel: Mapping[str, Any], row: flavours.Format) -> None:
    for name, settings in mlmodel["flavors"].items():
        carried = isinstance(settings, Mapping) and (
            settings.get("code") or settings.get("model_code_path")
        )
        if carried:
            found.refuse(f"MLmodel: flavors.{name}.code", _CODE, _NO_CODE)
    if mlmodel.get("model_code_path"):
        found.refuse("MLmodel: model_code_path", _CODE, _NO_CODE)
    for path in found.files:
        if path.startswith("code/") or (row.trust != "code" and _PROGRAM.search(path)):
            found.refuse(path, _CODE, _NO_CODE)


def _model_path(found: _Findings, value: Any, row: flavours.Format) -> str | None:
    item = f"MLmodel: flavors.{row.flavour}.{row.path_key}"
    if not isinstance(value, str) or not value:
        found.refuse(item, _NO_FILE, _LOG_AGAIN)
        return None
    path = PurePosixPath(value).as_posix()
    if path not in found.files:
        said = _OUTSIDE.format(path=shown(value))
        found.refuse(item, said, _LOG_AGAIN)
        return None
    return path


def _check_content(found: _Findings, path: str, row: flavours.Format) -> None:
    file = found.root / path
    if row.trust == "code":
        reasons, remarks = pickle_screening.looked_at(file, path, found.effort)
        found.reasons += reasons
        found.remarks += remarks
    elif row.serialization == "skops":
        try:
            foreign = foreign_types(file)
        except ValueError as error:
            said = Text(f"不是有效的 skops 文件：{error}", f"it is no valid skops file: {error}")
            found.refuse(path, said, _SKOPS)
            return
        for name in foreign:
            found.refuse(f"{path}: {shown(name)}", _FOREIGN, _SKOPS_TYPES)
    else:
        with file.open("rb") as stream:
            if stream.read(len(row.begins)) != row.begins:
                said = _NOT_AS_NAMED.format(format=row.name)
                found.refuse(path, said, _SAVE_AS.get(row.name, _LOG_AGAIN))


def _check_beside(found: _Findings, path: str | None, row: flavours.Format) -> None:
    for other in found.files:
        if other == path or other in _EXPECTED:
            continue
        pickled = _PICKLE_NAME.search(other) or pickles.looks_like(found.root / other)
        if pickled and row.trust == "code":
            found.reasons += pickle_screening.wrong_with(found.root / other, other, found.effort)
        elif pickled:
            found.refuse(other, _STRAY_PICKLE, _REMOVE)
        elif reasons := pickle_screening.acting(found.root / other, other, found.effort):
            found.reasons += reasons
        elif row.trust != "code":
            found.remarks.append(_BESIDE.format(path=shown(other)))


_REMOVE = Text("请删除该项后重新提交", "remove this entry and submit again")
_RENAME = Text("请改名或删除该项", "rename or remove this entry")
_LOG_AGAIN = Text(
    "请用 MLflow 的 log_model 或 save_model 重新保存模型",
    "save the model again with MLflow's log_model or save_model",
)
_ABSENT = Text("目录中没有 MLmodel 文件", "there is no file MLmodel in the directory")
_HUGE = Text("超过 {limit} 字节", "it is larger than {limit} bytes")
_NO_MAPPING = Text("内容不是键值结构", "it does not hold keys and values")
_NO_SIGNATURE = Text(
    "没有写明按列命名的输入", "it does not declare named input columns (a column signature)"
)
_BAD_COLUMN = Text(
    "列名缺失、重复，或类型不在支持之列（boolean、integer、long、float、double、string、datetime）",
    "the column has no name, the name of another, or a type other than boolean, integer, long, "
    "float, double, string, datetime",
)
_NUMBERED = Text(
    "有 {count} 列的名称是数（{names}），不是文字；数据文件里的列名都是文字",
    "the names of {count} of the columns are numbers ({names}) and no words; the columns of a data "
    "file are named by words",
)
_AS_WORDS = Text(
    "请给数据表起列名，或在训练前运行 frame.columns = frame.columns.astype(str)，再训练并用 infer_signature 重新保存",
    "name the columns of the frame, or run frame.columns = frame.columns.astype(str) before training, "
    "then train and save again with infer_signature",
)
_SIGN = Text(
    "保存时请传入 signature=infer_signature(数据表, 预测)，数据表为带列名的 DataFrame",
    "pass signature=infer_signature(frame, predictions) with a DataFrame that has column names",
)
_UNKNOWN = Text("格式（{found}）不受支持", "its format ({found}) is not supported")
_CONVERT = Text(
    "请保存为 onnx、xgboost、lightgbm、catboost、scikit-learn（skops 优先）或 PythonModel",
    "save it as onnx, xgboost, lightgbm, catboost, scikit-learn (skops preferred) or a PythonModel",
)
_INSTEAD: dict[str, Text] = {
    "statsmodels": Text(
        "statsmodels 的模型存成 pickle，公式在打开后才由代码求值，因此不予打开。请把系数写进 "
        "PythonModel（只用 numpy），或另存为 scikit-learn 的同类模型、ONNX",
        "models of statsmodels are pickles whose formulas are evaluated as code once open, so they "
        "are not opened. Write the coefficients into a PythonModel (numpy is enough), or save the "
        "same model by scikit-learn or as ONNX",
    ),
    "pytorch": Text(
        "PyTorch 的模型存成 pickle，打开它要在每个沙箱里装入整个 PyTorch，因此不予打开。"
        "请用 torch.onnx.export 另存为 ONNX，用 mlflow.onnx.save_model 提交",
        "models of PyTorch are pickles, and opening one takes the whole of PyTorch in every sandbox, "
        "so they are not opened. Export it by torch.onnx.export and submit it by "
        "mlflow.onnx.save_model",
    ),
}
"""Formats that were decided against, with what to do (docs/decisions/0014)."""
_LOADER = Text(
    "要求用 {loader} 打开；这种格式只允许 {expected}",
    "it asks to be opened by {loader}; this format allows only {expected}",
)
_ANSWER = Text("{answer} 不受支持，可用：{known}", "{answer} is not supported; use {known}")
_CODE = Text("提交中夹带了程序代码", "the submission carries program code")
_WITH_DEFAULT = Text(
    "这个参数在签名里有默认值，MLflow 每次提问都会传给模型；这里提问时不传参数，答案会不同。",
    "This parameter has a default in the signature, which MLflow sends with every question; here "
    "the model is asked without and would answer otherwise.",
)
_NO_DEFAULT = Text(
    "请把这个值写进模型本身，另存一个签名里没有它的默认值的模型。",
    "Put the value into the model itself, and save it with a signature without its default.",
)
_NO_CODE = Text(
    "保存时不要使用 code_paths；需要自有代码时，请用 cloudpickle 保存为 PythonModel",
    "save without code_paths; where own code is needed, save a PythonModel by cloudpickle",
)
_NO_FILE = Text("没有写明模型文件", "it does not name the model's file")
_OUTSIDE = Text(
    "所指的文件 {path} 不在提交的目录内",
    "it names {path}, which is not in the directory submitted",
)
_FOREIGN = Text(
    "该类型不属于公开的允许名单所涉的软件包",
    "the type belongs to none of the packages on the published list",
)
_SKOPS = Text(
    "请用 serialization_format='skops' 重新保存", "save it again with serialization_format='skops'"
)
_SKOPS_TYPES = Text(
    "请改用 scikit-learn 自带的类型，或以 cloudpickle 提交（将标为“代码”类）",
    "use scikit-learn's own types, or submit it by cloudpickle (it is then labelled as code)",
)
_NOT_AS_NAMED = Text(
    "文件开头不是 {format} 的格式", "the file does not begin as {format} files do"
)
_SAVE_AS = {
    "xgboost": Text(
        '请保存为 ubj 或 json：mlflow.xgboost.save_model(…, model_format="ubj")',
        'save it as ubj or json: mlflow.xgboost.save_model(…, model_format="ubj")',
    ),
    "lightgbm": Text(
        "请保存 Booster（文本格式）：mlflow.lightgbm.save_model(model.booster_, …)",
        "save the Booster, in its text format: mlflow.lightgbm.save_model(model.booster_, …)",
    ),
    "catboost": Text("请保存为 cbm 格式", "save it in the format cbm"),
}
_STRAY_PICKLE = Text(
    "这种格式不需要 pickle 文件，而 pickle 打开时会运行代码",
    "this format needs no pickle, and a pickle runs code when opened",
)
_BESIDE = Text(
    "{path} 不属于这种格式，不会被打开", "{path} is no part of this format; it is never opened"
)
