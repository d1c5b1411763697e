"""Bytes that can be checked: canonical JSON, digests, and DSSE envelopes signed with Ed25519.

Sources: DSSE v1.0.2 (pre-authentication encoding), RFC 8032 (Ed25519), RFC 8410 (keys in PEM).
Nothing here knows what a statement says; `registry.reports` and `portal.home.verify` do.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from registry.errors import Invalid
from registry.language import Text

STATEMENT_TYPE = "application/vnd.in-toto+json"
MAX_ENVELOPE = 96 * 1024**2  # base64 of the largest statement the signer takes, and room


class Layer(StrEnum):
    """The layers of a signed file, outermost first; an error names the one that fails."""

    FILE = "file"
    ENVELOPE = "envelope"
    PLATFORM_SIGNATURE = "platform_signature"
    TESTER_SIGNATURE = "tester_signature"
    PAYLOAD = "payload"
    STATEMENT = "statement"
    PLAN = "plan"
    FINDINGS = "findings"
    EVIDENCE = "evidence"
    RECOMPUTATION = "recomputation"
    MODEL = "model"
    DATA = "data"


LAYER_NAMES: dict[Layer, Text] = {
    Layer.FILE: Text("文件", "file"),
    Layer.ENVELOPE: Text("签名信封", "envelope"),
    Layer.PLATFORM_SIGNATURE: Text("平台签名", "platform signature"),
    Layer.TESTER_SIGNATURE: Text("测试机构签名", "tester signature"),
    Layer.PAYLOAD: Text("正文编码", "payload encoding"),
    Layer.STATEMENT: Text("声明格式", "statement"),
    Layer.PLAN: Text("评估计划摘要", "plan digest"),
    Layer.FINDINGS: Text("结果或内容摘要", "digest of findings or content"),
    Layer.EVIDENCE: Text("公开证据摘要", "public evidence digest"),
    Layer.RECOMPUTATION: Text("重新计算", "recomputation"),
    Layer.MODEL: Text("模型文件摘要", "model digest"),
    Layer.DATA: Text("数据文件摘要", "data digest"),
}


class BadLayer(Invalid):
    """A signed file fails at one layer; `layer` names it."""

    def __init__(self, layer: Layer, zh: str, en: str) -> None:
        name = LAYER_NAMES[layer]
        super().__init__(f"{name.zh}：{zh}", f"{name.en}: {en}")
        self.layer = layer


class NotCanonical(Invalid):
    """A value that canonical JSON cannot hold, or bytes that are not canonical JSON."""


class BadKey(Invalid):
    """Not an Ed25519 key in PEM."""


_NESTED = (dict, list, tuple)  # a union of types is made anew at every call


def _check_keys(value: object) -> None:
    """Raise TypeError at a key that is not text: `json` would write 1 and "1" alike."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("a key that is not text")
        value = value.values()
    for inner in value:  # type: ignore[attr-defined]  # a dictionary's values, a list or a tuple
        if isinstance(inner, _NESTED):
            _check_keys(inner)


def canonical(value: Any) -> bytes:
    """The one encoding of a JSON value: sorted keys, no spaces, UTF-8, shortest numbers.

    Args:
        value: dictionaries with text keys, lists, text, numbers, true, false, None.

    Raises:
        NotCanonical: for NaN, infinities, keys that are not text, and other types.
    """
    try:
        _check_keys([value])
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        ).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotCanonical(
            f"内容无法写成规范 JSON：{error}。请检查数值和键名。",
            f"The content cannot be written as canonical JSON: {error}. Check numbers and keys.",
        ) from error


def parse(data: bytes) -> Any:
    """Read canonical JSON, and nothing but canonical JSON.

    Args:
        data: the bytes to read.

    Raises:
        NotCanonical: when `data` is not JSON or differs from its own canonical re-encoding
            (spaces, order, repeated keys, other spellings of a number).
    """
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise NotCanonical(
            "内容不是 JSON，文件可能已损坏，请重新下载。",
            "The content is not JSON; the file may be damaged, download it again.",
        ) from error
    if canonical(value) != data:
        raise NotCanonical(
            "内容与自身的规范编码不一致，文件被改动过。请使用原始文件。",
            "The content differs from its canonical re-encoding: the file was changed. "
            "Use the original file.",
        )
    return value


def sha256(data: bytes) -> str:
    """The SHA-256 of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """The SHA-256 of the canonical JSON of `value`."""
    return sha256(canonical(value))


def pae(payload: bytes, payload_type: str = STATEMENT_TYPE) -> bytes:
    """The bytes that a DSSE signature covers (pre-authentication encoding)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def key_id(public: Ed25519PublicKey) -> str:
    """The identifier of a key: the SHA-256 of its DER SubjectPublicKeyInfo."""
    return sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def signature(payload: bytes, key: Ed25519PrivateKey, payload_type: str = STATEMENT_TYPE) -> bytes:
    """The bare 64-byte signature of `payload`, as the signer process hands it out."""
    return key.sign(pae(payload, payload_type))


def envelope(
    payload: bytes, signatures: Mapping[str, bytes], *, payload_type: str = STATEMENT_TYPE
) -> dict[str, Any]:
    """A DSSE envelope with its signatures in the order of their key ids.

    Args:
        payload: the signed bytes.
        signatures: key id → bare signature.
        payload_type: what the payload is.
    """
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [
            {"keyid": key, "sig": base64.b64encode(signatures[key]).decode()}
            for key in sorted(signatures)
        ],
    }


def sign(
    payload: bytes, key: Ed25519PrivateKey, *, payload_type: str = STATEMENT_TYPE
) -> dict[str, Any]:
    """An envelope around `payload` with one signature."""
    made = {key_id(key.public_key()): signature(payload, key, payload_type)}
    return envelope(payload, made, payload_type=payload_type)


def add_signature(sealed: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """The same envelope with one more signature; signing again with the same key changes nothing."""
    body, kind = payload(sealed), str(sealed["payloadType"])
    made = signatures(sealed) | {key_id(key.public_key()): signature(body, key, kind)}
    return envelope(body, made, payload_type=kind)


def payload(sealed: Mapping[str, Any]) -> bytes:
    """The signed bytes of an envelope that `decode` returned."""
    return base64.b64decode(sealed["payload"])


def signatures(sealed: Mapping[str, Any]) -> dict[str, bytes]:
    """Key id → bare signature of an envelope that `decode` returned; none is checked yet."""
    return {each["keyid"]: base64.b64decode(each["sig"]) for each in sealed["signatures"]}


def encode(sealed: Mapping[str, Any]) -> str:
    """The canonical text of an envelope, as files and the database keep it."""
    return canonical(sealed).decode()


def decode(text: str | bytes, *, unsigned: bool = False) -> dict[str, Any]:
    """Read an envelope that is exactly its own canonical re-encoding.

    One final newline is let through, because editors and shells add it.

    Args:
        text: what a file or a form holds.
        unsigned: whether an envelope that nobody has signed yet is let through.

    Raises:
        BadLayer: at the layer *file* (too large, not JSON) or *envelope* (any other deviation).
    """
    data = (text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)[
        : MAX_ENVELOPE + 1
    ]
    data = data.removesuffix(b"\n")
    if len(data) > MAX_ENVELOPE:
        raise BadLayer(Layer.FILE, "文件过大。", "the file is too large.")
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise BadLayer(
            Layer.FILE,
            "不是 JSON 文件，请确认选对了文件。",
            "not a JSON file; make sure it is the right file.",
        ) from error
    try:
        same = _reencoded(value, unsigned=unsigned) == data
    except (KeyError, TypeError, AttributeError, ValueError, Invalid) as error:
        raise BadLayer(
            Layer.ENVELOPE,
            "缺少 DSSE 信封应有的内容，请使用平台给出的原始文件。",
            "not a DSSE envelope; use the file the platform gave out.",
        ) from error
    if not same:
        raise BadLayer(
            Layer.ENVELOPE,
            "与自身的规范编码不一致，文件被改动过，请使用原始文件。",
            "differs from its canonical re-encoding, so the file was changed; use the original.",
        )
    checked: dict[str, Any] = value
    return checked


def _reencoded(value: Any, *, unsigned: bool) -> bytes:
    """What the envelope would be if we had written it."""
    made: dict[str, bytes] = {}
    for each in value["signatures"]:
        if len(each["keyid"]) != 64 or set(each["keyid"]) - set("0123456789abcdef"):
            raise ValueError("a key id is 64 hexadecimal digits")
        made[each["keyid"]] = _base64(each["sig"])
    if not made and not unsigned:
        raise ValueError("no signature")
    return canonical(envelope(_base64(value["payload"]), made, payload_type=value["payloadType"]))


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def verify(sealed: Mapping[str, Any], public_keys: Mapping[str, Ed25519PublicKey]) -> set[str]:
    """The ids of those `public_keys` whose signature on the envelope holds.

    Args:
        sealed: what `decode` returned.
        public_keys: trusted keys by id; a signature by any other key counts for nothing.
    """
    body = pae(payload(sealed), str(sealed["payloadType"]))
    made = signatures(sealed)
    return {key for key, public in public_keys.items() if _holds(made.get(key), body, public)}


def _holds(made: bytes | None, body: bytes, public: Ed25519PublicKey) -> bool:
    if made is None:
        return False
    try:
        public.verify(made, body)
    except InvalidSignature:
        return False
    return True


def public_pem(public: Ed25519PublicKey) -> str:
    """The public key as PEM text."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(private: Ed25519PrivateKey, *, password: str = "") -> str:
    """The private key as PEM text (PKCS 8), encrypted when there is a password."""
    sealing = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing).decode()


def load_public(pem: str | bytes) -> Ed25519PublicKey:
    """Read a public key.

    Raises:
        BadKey: when `pem` is anything but an Ed25519 public key in PEM.
    """
    try:
        key = load_pem_public_key(pem.encode() if isinstance(pem, str) else pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _bad_key() from error
    if not isinstance(key, Ed25519PublicKey):
        raise _bad_key()
    return key


def load_private(pem: str | bytes, *, password: str = "") -> Ed25519PrivateKey:
    """Read a private key.

    Raises:
        BadKey: when `pem` is not an Ed25519 private key in PEM, or the password is wrong.
    """
    data = pem.encode() if isinstance(pem, str) else pem
    try:
        key = load_pem_private_key(data, password.encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _bad_key() from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _bad_key()
    return key


def _bad_key() -> BadKey:
    return BadKey(
        "这不是 PEM 格式的 Ed25519 密钥，或口令不对。用 mingsuan keys new 可以生成一对。",
        "Not an Ed25519 key in PEM, or the wrong password. `mingsuan keys new` makes a pair.",
    )
