"""Where an answer was taken from: a file of the model, a run, a record, a card, an earlier filing.

A source stands beside the value it was taken with, with the SHA-256 of what it was taken from. It is
what the filer says, except of an earlier filing, which the platform fills in when it copies. Another
value typed in its place has no source.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from registry import attestation
from registry.errors import Invalid, Reason
from registry.language import Text

DIGEST_LENGTH = 64
LONGEST_PLACE = 200


class Origin(StrEnum):
    """What an answer can be taken from."""

    TYPED = "typed"
    MLMODEL = "mlmodel"
    MLFLOW_RUN = "mlflow_run"
    DATA_SET = "data_set"
    CROISSANT = "croissant"
    MODEL_CARD = "model_card"
    EARLIER_FILING = "earlier_filing"
    OTHER_FILING = "other_filing"


NAMES: dict[Origin, Text] = {
    Origin.TYPED: Text("填写", "typed"),
    Origin.MLMODEL: Text("模型的MLmodel文件", "the model's MLmodel file"),
    Origin.MLFLOW_RUN: Text("MLflow的运行记录", "an MLflow run"),
    Origin.DATA_SET: Text("本平台登记的数据集", "a data set recorded here"),
    Origin.CROISSANT: Text("Croissant数据集说明", "a Croissant description of data"),
    Origin.MODEL_CARD: Text("模型卡", "a model card"),
    Origin.EARLIER_FILING: Text("同一模型以前的备案", "an earlier filing of the same model"),
    Origin.OTHER_FILING: Text("同一单位的另一份备案", "another filing of the same organisation"),
}


class WrongSource(Invalid):
    """A source is none that an answer can have: name its kind and the digest of what it is."""


def shaped(raw: Any, path: str) -> dict[str, str] | None:
    """A source in its stored form, `{kind, sha256, place?}`; None for what was typed.

    Args:
        raw: as a caller sends it.
        path: what a refusal calls the answer.

    Raises:
        WrongSource: when its kind is unknown, or what it was taken from has no digest.
    """
    given: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    kind, digest, place = (given.get(name, "") for name in ("kind", "sha256", "place"))
    known = isinstance(raw, Mapping) and not set(given) - {"kind", "sha256", "place"}
    if not known or kind not in list(Origin):
        raise _wrong(path, *_UNKNOWN)
    if kind == Origin.TYPED:
        return None
    digits = isinstance(digest, str) and not set(digest) - set("0123456789abcdef")
    if not digits or len(digest) != DIGEST_LENGTH:
        raise _wrong(path, *_NO_DIGEST)
    if not isinstance(place, str) or len(place) > LONGEST_PLACE:
        raise _wrong(path, *_UNKNOWN)
    return {"kind": str(kind), "sha256": digest} | ({"place": place} if place else {})


def earlier(value: Any) -> dict[str, str]:
    """The source of an answer that was copied from an earlier filing of the same model.

    Args:
        value: as it stood there; of the whole filing a digest would let restricted parts be guessed.
    """
    return {"kind": Origin.EARLIER_FILING.value, "sha256": attestation.digest(value)}


def other(value: Any) -> dict[str, str]:
    """The source of an answer that was taken over from another filing of the organisation.

    Args:
        value: as it stood there.
    """
    return {"kind": Origin.OTHER_FILING.value, "sha256": attestation.digest(value)}


_UNKNOWN = (
    Text("来源的写法不对。", "The source is written in a way that is not known."),
    Text(
        f"请写 kind（{'、'.join(Origin)}之一）、sha256，需要时写 place（{LONGEST_PLACE}字以内）。",
        f"Give kind (one of {', '.join(Origin)}), sha256, and place where it helps (at most "
        f"{LONGEST_PLACE} characters).",
    ),
)
_NO_DIGEST = (
    Text("来源没有校验值。", "The source has no digest."),
    Text(
        "请在 sha256 里写所取文件或记录的校验值：64个小写十六进制字符。",
        "Give in sha256 the digest of the file or record it was taken from: 64 lower-case "
        "hexadecimal characters.",
    ),
)


def _wrong(path: str, said: Text, remedy: Text) -> WrongSource:
    return WrongSource(said.zh, said.en, reasons=[Reason(path, said, remedy)])


def said(source: Mapping[str, str]) -> Text:
    """Where an answer was taken from, in words.

    Args:
        source: as it is stored.
    """
    name, place = NAMES[Origin(source["kind"])], source.get("place", "")
    at_zh, at_en = (f"“{place}”", f" “{place}”") if place else ("", "")
    return Text(
        f"取自{name.zh}{at_zh}，校验值 sha256:{source['sha256']}",
        f"taken from {name.en}{at_en}, digest sha256:{source['sha256']}",
    )
