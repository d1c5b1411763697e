"""Sign and verify at home: what `mingsuan sign`, `mingsuan keys new` and `mingsuan verify` do.

Verifying needs no network, no database and no account. Trusted keys come from the command line or
the configuration, never from the file that is verified. Every layer says *ok*, *failed* or *not
checked*, and the result says which numbers were computed again and which rest on the signatures.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry import attestation, statements
from registry.attestation import LAYER_NAMES, BadLayer, Layer
from registry.errors import Conflict, NotFound, RegisterError
from registry.language import Text

Keys = Mapping[str, Ed25519PublicKey]


class Status(StrEnum):
    """What came of one layer."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


STATUS_NAMES: dict[Status, Text] = {
    Status.OK: Text("对得上", "agrees"),
    Status.FAILED: Text("对不上", "does not agree"),
    Status.NOT_CHECKED: Text("未核验", "not checked"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One layer: what came of it, and why."""

    layer: Layer
    status: Status
    said: Text

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "layer": self.layer.value,
            "name": LAYER_NAMES[self.layer].as_json(),
            "status": self.status.value,
            "said": self.said.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """Every layer, outermost first.

    Args:
        checks: one per layer.
        statement: what the file states; None when it could not be read.
        recomputed: {finding, numbers} that were computed again from the public evidence.
        signature_only: {finding} for those that rest on the signatures.
    """

    checks: tuple[Check, ...]
    statement: dict[str, Any] | None = None
    recomputed: tuple[Mapping[str, Any], ...] = ()
    signature_only: tuple[Mapping[str, Any], ...] = ()

    @property
    def failed(self) -> Layer | None:
        """The outermost layer that fails."""
        return next((c.layer for c in self.checks if c.status == Status.FAILED), None)

    @property
    def holds(self) -> bool:
        """Whether nothing fails and a trusted platform key signed it; never when exploratory."""
        signed = {c.layer for c in self.checks if c.status == Status.OK}
        if (self.statement or {}).get("predicateType") not in statements.PLATFORMS_OWN:
            return False
        return Layer.PLATFORM_SIGNATURE in signed and self.failed is None

    @property
    def exploratory(self) -> bool:
        """Whether it was made outside a registry, says so, and nothing in it fails."""
        kind = (self.statement or {}).get("predicateType")
        return kind == statements.EXPLORATORY and self.failed is None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "holds": self.holds,
            "exploratory": self.exploratory,
            "failed": self.failed,
            "layers": [check.as_json() for check in self.checks],
            "recomputed": [dict(each) for each in self.recomputed],
            "signature_only": [dict(each) for each in self.signature_only],
        }


class KeyFileNotFound(NotFound):
    """No key at that place."""


class AlreadyThere(Conflict):
    """A file of that name exists; keys are never overwritten."""


class AlreadySigned(Conflict):
    """The file carries a signature by this key."""


def load_keys(paths: Iterable[str | os.PathLike[str]]) -> dict[str, Ed25519PublicKey]:
    """Read trusted public keys from PEM files, or from every `*.pem` in a folder.

    Args:
        paths: files and folders; a setting may join several with the system's path separator.

    Raises:
        KeyFileNotFound: when there is nothing at one of the places.
        BadKey: when a file is no Ed25519 public key.
    """
    found: dict[str, Ed25519PublicKey] = {}
    for place in (Path(part) for each in paths for part in os.fspath(each).split(os.pathsep)):
        files = sorted(place.glob("*.pem")) if place.is_dir() else [place]
        if not files or not all(file.is_file() for file in files):
            raise KeyFileNotFound(
                f"{place} 处没有公钥文件。", f"There is no public key at {place}."
            )
        for file in files:
            public = attestation.load_public(file.read_bytes())
            found[attestation.key_id(public)] = public
    return found


@dataclass(frozen=True, slots=True)
class NewKey:
    """Where a new pair of keys lies; the proof is what registers the public key."""

    key_id: str
    private: Path
    public: Path
    proof: Path | None


def new_key(path: Path, *, password: str = "", organisation_id: str | None = None) -> NewKey:
    """Draw a pair of keys and write it beside each other, the private one for its owner alone.

    Args:
        path: of the private key; the public one gets the suffix `.pub.pem`.
        password: encrypts the private key; empty for none.
        organisation_id: whose key it will be; writes the proof that registers it, `.proof.json`.

    Raises:
        AlreadyThere: when one of the files exists.
    """
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    texts = {
        path: (attestation.private_pem(private, password=password), 0o600),
        path.with_suffix(".pub.pem"): (attestation.public_pem(public), 0o644),
    }
    if organisation_id is not None:
        from registry import keys

        proof = keys.proof(private, organisation_id)
        texts[path.with_suffix(".proof.json")] = (proof + "\n", 0o644)
    for place in texts:
        if place.exists():
            raise AlreadyThere(
                f"{place} 已存在，不会覆盖。请换一个文件名。",
                f"{place} exists and is not overwritten. Choose another name.",
            )
    for place, (text, mode) in texts.items():
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
    written = list(texts)
    return NewKey(
        attestation.key_id(public), path, written[1], written[2] if len(written) > 2 else None
    )


def sign(data: bytes, key: Ed25519PrivateKey) -> str:
    """Add a signature to a report that the platform gave out.

    Args:
        data: the file.
        key: the organisation's private key, which stays at home.

    Returns:
        The canonical text of the envelope with one more signature.

    Raises:
        BadLayer: when the file is no statement of ours; nothing unread is ever signed.
        AlreadySigned: when this key has signed it.
    """
    sealed = attestation.decode(data, unsigned=True)
    statements.read(attestation.payload(sealed))
    if attestation.key_id(key.public_key()) in attestation.signatures(sealed):
        raise AlreadySigned(
            "这把密钥已签过这份文件，无须再签。", "This key has signed the file; nothing to do."
        )
    return attestation.encode(attestation.add_signature(sealed, key))


def verify(
    data: bytes,
    *,
    platform: Keys,
    testers: Keys | None = None,
    model: Path | None = None,
    dataset: Path | None = None,
) -> Verification:
    """Check a signed file layer by layer.

    Args:
        data: the file.
        platform: the platform's keys, as the verifier knows them.
        testers: keys of testers that the verifier trusts; None leaves their signature unchecked.
        model: the model directory the file is said to be about.
        dataset: the data file it is said to be about.
    """
    going = _Going(platform, testers or {}, model, dataset)
    going.go(data)
    return Verification(
        tuple(going.found.get(layer, _unchecked(layer)) for layer in Layer),
        going.statement,
        tuple(going.recomputed),
        tuple(going.signature_only),
    )


NO_SIGNATURE = Text("尚未签章确认", "not countersigned")
UNREACHED = Text("外层对不上，未再往里核验。", "an outer layer failed, so this was not reached")


def _unchecked(layer: Layer, said: Text = UNREACHED) -> Check:
    return Check(layer, Status.NOT_CHECKED, said)


@dataclass
class _Going:
    """A verification under way."""

    platform: Keys
    testers: Keys
    model: Path | None
    data_file: Path | None
    found: dict[Layer, Check] = field(default_factory=dict)
    statement: dict[str, Any] | None = None
    recomputed: list[Mapping[str, Any]] = field(default_factory=list)
    signature_only: list[Mapping[str, Any]] = field(default_factory=list)

    def ok(self, layer: Layer, zh: str, en: str) -> None:
        self.found[layer] = Check(layer, Status.OK, Text(zh, en))

    def fail(self, layer: Layer, zh: str, en: str) -> None:
        self.found[layer] = Check(layer, Status.FAILED, Text(zh, en))

    def skip(self, layer: Layer, zh: str, en: str) -> None:
        self.found[layer] = _unchecked(layer, Text(zh, en))

    def go(self, data: bytes) -> None:
        try:
            sealed = attestation.decode(data, unsigned=True)
        except BadLayer as error:
            if error.layer is not Layer.FILE:
                self.ok(Layer.FILE, "是 JSON", "is JSON")
            self.fail(error.layer, error.said.zh, error.said.en)
            return
        self.ok(Layer.FILE, "是 JSON", "is JSON")
        self.ok(Layer.ENVELOPE, "与自身的规范编码一致", "equals its canonical re-encoding")
        self.signatures(sealed)
        self.inside(attestation.payload(sealed))

    def signatures(self, sealed: Mapping[str, Any]) -> None:
        made, layer = set(attestation.signatures(sealed)), Layer.PLATFORM_SIGNATURE
        ours = attestation.verify(sealed, self.platform)
        if _exploratory(sealed):
            self.skip(
                layer,
                "探索性报告：在登记系统之外做的，平台不签",
                "exploratory: made outside a registry, so the platform does not sign it",
            )
        elif not self.platform:
            self.skip(layer, "没有给出平台公钥（--key）", "no platform key was given (use --key)")
        elif ours:
            self.ok(layer, f"由 {_short(ours)} 签名", f"signed by {_short(ours)}")
        else:
            self.fail(
                layer,
                "没有可信平台公钥的有效签名：正文或签名被改动，或由别人签发",
                "no valid signature by a trusted platform key: payload or signature was "
                "changed, or someone else signed",
            )
        self.countersignature(sealed, made - set(self.platform))

    def countersignature(self, sealed: Mapping[str, Any], others: set[str]) -> None:
        layer, theirs = Layer.TESTER_SIGNATURE, attestation.verify(sealed, self.testers)
        if not self.testers and not others:
            self.found[layer] = _unchecked(layer, NO_SIGNATURE)
        elif not self.testers:
            self.skip(
                layer,
                f"有 {_short(others)} 的签名，没有给出其公钥（--tester-key）",
                f"there is a signature by {_short(others)}, whose key was not given "
                "(use --tester-key)",
            )
        elif theirs and others <= theirs:
            self.ok(layer, f"由 {_short(theirs)} 签名", f"signed by {_short(theirs)}")
        elif theirs and not self.platform and len(others - theirs) == 1:
            rest = _short(others - theirs)  # the platform's, which nobody can tell without its key
            self.ok(
                layer,
                f"由 {_short(theirs)} 签名；另有 {rest} 的签名，没有给出平台公钥，未核验",
                f"signed by {_short(theirs)}; a further signature by {rest} was not checked, since no platform key was given",
            )
        else:
            self.fail(
                layer,
                "没有可信测试机构公钥的有效签名，或另有来历不明的签名",
                "no valid signature by a trusted tester key, or one more of unknown origin",
            )

    def uncountersigned(self) -> list[Layer]:
        """The tester's layer, of a file that no tester signs; not where somebody else did sign it."""
        layer = Layer.TESTER_SIGNATURE
        return [layer] if self.found[layer] == _unchecked(layer, NO_SIGNATURE) else []

    def inside(self, payload: bytes) -> None:
        try:
            statement = statements.read(payload)
        except BadLayer as error:
            if error.layer is not Layer.PAYLOAD:
                self.ok(Layer.PAYLOAD, "是规范 JSON", "is canonical JSON")
            self.fail(error.layer, error.said.zh, error.said.en)
            return
        self.statement = statement
        kind = statement["predicateType"]
        self.ok(Layer.PAYLOAD, "是规范 JSON", "is canonical JSON")
        self.ok(Layer.STATEMENT, f"符合 {kind}", f"has the shape of {kind}")
        predicate = statement["predicate"]
        if kind == statements.RECOMMENDED:
            self.catalogue(predicate)
            return
        self.bound(Layer.PLAN, predicate["plan"]["digest"], predicate["plan"].get("content"))
        if kind in (statements.REPORT, statements.EXPLORATORY):
            self.bound(Layer.FINDINGS, predicate["findings_digest"], predicate["findings"])
            public = predicate["evidence"]["public"]
            self.bound(Layer.EVIDENCE, public["digest"], public.get("content"))
            self.recompute(predicate)
        else:
            self.bound(Layer.FINDINGS, predicate["content_digest"], predicate["content"])
            absent = [Layer.EVIDENCE, Layer.RECOMPUTATION, *self.uncountersigned()]
            for layer in absent:
                self.skip(layer, "说明没有这一层", "an explanation has no such layer")
        self.files(statement)

    def catalogue(self, predicate: Mapping[str, Any]) -> None:
        """A recommended catalogue: its content is bound, and its order computed again."""
        from filing.recommended import recompute

        self.bound(Layer.FINDINGS, predicate["content_digest"], predicate["content"])
        absent = [Layer.PLAN, Layer.EVIDENCE, Layer.MODEL, Layer.DATA]
        for layer in [*absent, *self.uncountersigned()]:
            self.skip(layer, "推荐目录没有这一层", "a catalogue has no such layer")
        if any(check.status == Status.FAILED for check in self.found.values()):
            return
        layer = Layer.RECOMPUTATION
        try:
            again = recompute.recompute(predicate["content"])
        except RegisterError as error:
            self.fail(layer, error.said.zh, error.said.en)
            return
        if again.agrees:
            self.ok(layer, "顺序重算一致", "the order computed again agrees")
        else:
            self.fail(layer, "顺序重算不同", "the order was computed otherwise")

    def bound(self, layer: Layer, digest: str, content: object) -> None:
        """Hold a digest against the content it stands for."""
        if content is None:
            self.skip(layer, "文件里没有内容，只有摘要", "only the digest stands in the file")
        elif attestation.digest(content) == digest:
            self.ok(layer, f"与内容一致：{digest[:16]}…", f"fits the content: {digest[:16]}…")
        else:
            self.fail(layer, "与内容不一致", "does not fit the content")

    def recompute(self, predicate: Mapping[str, Any]) -> None:
        """Compute again what the public evidence allows; only for what is signed and bound."""
        layer = Layer.RECOMPUTATION
        if any(check.status == Status.FAILED for check in self.found.values()):
            return
        from evaluators.running import recompute
        from evaluators.running.recompute import StatementUnfit

        try:
            again = recompute.recompute(predicate)
        except StatementUnfit as error:
            self.skip(layer, error.said.zh, error.said.en)
            return
        except (LookupError, TypeError, ValueError) as error:
            kind = type(error).__name__
            self.fail(layer, f"公开证据的格式不对：{kind}", f"malformed evidence: {kind}")
            return
        self.recomputed, self.signature_only = list(again.recomputed), list(again.signature_only)
        done = sum(len(each["numbers"]) for each in again.recomputed)
        rest = len(again.signature_only)
        if again.mismatched:
            names = [f"{each['finding']} · {each['number']}" for each in again.mismatched[:5]]
            self.fail(
                layer,
                f"重算结果不同：{'；'.join(names)}",
                f"computed otherwise: {'; '.join(names)}",
            )
        elif done:
            self.ok(
                layer,
                f"重算 {done} 个数，全部一致；另有 {rest} 项结果只核验了签名和摘要",
                f"{done} numbers computed again, all agree; {rest} more findings by signature "
                "and digest only",
            )
        else:
            self.skip(
                layer,
                f"公开证据不足以重算；{rest} 项结果只核验了签名和摘要",
                f"the public evidence does not suffice; {rest} findings by signature and digest "
                "only",
            )

    def files(self, statement: Mapping[str, Any]) -> None:
        stated = statement["subject"][0]["digest"]["sha256"]
        if statement["predicateType"] == statements.EXPLORATORY:
            stated = (statement["predicate"]["model"] or {}).get("digest", "")
        self.file(Layer.MODEL, "--model", stated, self.model, _model_digest)
        stated = statement["predicate"]["data"]["digest"]
        self.file(Layer.DATA, "--data", stated, self.data_file, _file_digest)

    def file(
        self,
        layer: Layer,
        option: str,
        stated: str,
        path: Path | None,
        read: Callable[[Path], str],
    ) -> None:
        if path is None:
            self.skip(layer, f"没有给出文件（{option}）", f"no file was given (use {option})")
            return
        try:
            found = read(path)
        except RegisterError as error:
            self.fail(layer, error.said.zh, error.said.en)
        except OSError as error:
            self.fail(layer, f"读不到 {path}：{error.strerror}", f"{path}: {error.strerror}")
        else:
            same = found == stated
            change = self.ok if same else self.fail
            change(
                layer,
                f"{'一致' if same else '不是同一份'}：{found[:16]}…",
                f"{'the same' if same else 'another'}: {found[:16]}…",
            )


def _exploratory(sealed: Mapping[str, Any]) -> bool:
    """Whether the payload says that it was made outside a registry."""
    try:
        statement = statements.read(attestation.payload(sealed))
    except BadLayer:
        return False
    return bool(statement["predicateType"] == statements.EXPLORATORY)


def _short(key_ids: Iterable[str]) -> str:
    return ", ".join(f"{key_id[:16]}…" for key_id in sorted(key_ids))


def _model_digest(path: Path) -> str:
    from registry import screening

    return screening.screen(path).digest


def _file_digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
