"""Why a pickle is not registered, and what a reviewer should know of one that is.

A pickle is code: whatever is registered has the trust class `code` and is opened in the sandbox
only. What is refused is named, for nobody who downloads a model expects it to start a program.
"""

from pathlib import Path

from registry import pickle_powers, pickles
from registry.archives import shown
from registry.errors import Reason
from registry.language import Text

MOST = 20
"""Names that are told of one file; of more, how many follow."""


def wrong_with(file: Path, path: str, effort: pickles.Effort) -> list[Reason]:
    """What is wrong with a pickle beside the model, which any loader may open.

    Args:
        file: the pickle.
        path: how it is called in the submission.
        effort: what is left to spend on the files of this submission.
    """
    walk = pickles.walk(file, effort=effort)
    return _unfollowed(walk, path) + _powers(walk, path)


def acting(file: Path, path: str, effort: pickles.Effort) -> list[Reason]:
    """The names by which a file that need not be a pickle would act, were it opened as one.

    Args:
        file: any file beside the model.
        path: how it is called in the submission.
        effort: what is left to spend on the files of this submission.
    """
    walk = pickles.walk(file, effort=effort)
    # A file that is no pickle soon breaks off; one that goes on and on was made to hide what follows.
    unfollowed = _unfollowed(walk, path) if walk.exhausted else []
    return unfollowed + _powers(walk, path)


def looked_at(file: Path, path: str, effort: pickles.Effort) -> tuple[list[Reason], list[Text]]:
    """What is wrong with the pickle that holds a model, and what is told of it if nothing is.

    Args:
        file: the pickle.
        path: how it is called in the submission.
        effort: what is left to spend on the files of this submission.
    """
    walk = pickles.walk(file, pickles.Loader.PICKLE, effort=effort)  # as the sandbox opens it
    told = [_CODE]
    if walk.problem:
        told.append(walk.problem)
    if walk.unlisted:
        names = ", ".join(shown(name) for name in walk.unlisted[:MOST])
        more = len(walk.unlisted) - MOST
        said = _UNLISTED_MORE if more > 0 else _UNLISTED
        names = names.replace("{", "(").replace("}", ")")
        told.append(said.format(path="{path}", names=names, more=more))
    elif not walk.problem:
        told.append(_LISTED)
    wrong = _unfollowed(walk, path) + _powers(walk, path)
    return wrong, [text.format(path=shown(path)) for text in told]


def _unfollowed(walk: pickles.Walk, path: str) -> list[Reason]:
    if walk.whole or not walk.problem:
        return []
    return [Reason(shown(path), walk.problem.format(path=shown(path)), _RESAVE)]


def _powers(walk: pickles.Walk, path: str) -> list[Reason]:
    powers = {f"{m}.{n}": said for m, n in walk.names if (said := pickle_powers.power(m, n))}
    reasons = [
        Reason(shown(path), _POWER.format(name=shown(name), does=powers[name]), _WITHOUT)
        for name in sorted(powers)[:MOST]
    ]
    if len(powers) > MOST:
        reasons.append(Reason(shown(path), _MORE.format(more=len(powers) - MOST), _WITHOUT))
    return reasons


_POWER = Text(
    "它引用 {name}（{does}）；这样的名称不予登记",
    "it names {name}, which {does}; a pickle with such a name is not registered",
)
_MORE = Text("另有 {more} 个这样的名称", "it names {more} more of this kind")
_WITHOUT = Text(
    "请改存为 skops、ONNX 或模型库自带的格式；需要自有代码时，写成 PythonModel，不引用这类函数",
    "save it by skops, as ONNX or in its library's own format; where own code is needed, write a "
    "PythonModel that does not refer to such functions",
)
_RESAVE = Text(
    "请改存为 skops、ONNX 或模型库自带的格式，或用 MLflow 重新保存",
    "save it by skops, as ONNX or in its library's own format, or save it again with MLflow",
)
_CODE = Text(
    "{path} 打开时会运行提交者写的代码，只在沙箱内打开",
    "{path} runs its submitter's code when opened; it is opened in the sandbox only",
)
_UNLISTED = Text(
    "{path} 引用了名单之外的对象：{names}", "{path} names objects outside of the list: {names}"
)
_UNLISTED_MORE = Text(
    "{path} 引用了名单之外的对象：{names}，另有 {more} 个",
    "{path} names objects outside of the list: {names} and {more} more",
)
_LISTED = Text(
    "{path} 只引用名单内的对象（不改变“代码”类别）",
    "{path} names only objects on the list (its class stays: code)",
)
