"""Verifying at home: every layer is named when it fails, and nothing is trusted from the file."""

import base64
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from evaluators.plan import Plan
from evaluators.running import engine as evaluation_engine
from portal import cli
from portal.home import verify
from portal.home.verify import AlreadySigned, AlreadyThere, KeyFileNotFound, Status
from registry import attestation, evaluations, keys, screening, statements
from registry.attestation import BadKey, BadLayer, Layer
from registry.database import transaction
from registry.organisations import Kind
from tests import cast, models

PLAN = Plan.parse(
    {
        "title": "贷款审批",
        "columns": {
            "target": "repaid",
            "prediction": "granted",
            "favourable": 1,
            "sensitive": ["sex"],
        },
        "probes": [{"id": "selection_parity"}, {"id": "error_parity"}],
    }
)


@dataclass(frozen=True)
class Signed:
    """A countersigned report and the keys of both sides."""

    data: bytes
    platform: Ed25519PrivateKey
    tester: Ed25519PrivateKey

    @property
    def trusted(self) -> dict[str, Any]:
        return {"platform": trust(self.platform), "testers": trust(self.tester)}

    def resigned(self, statement: object) -> bytes:
        """Another statement under both signatures, as if both sides had erred."""
        sealed = attestation.sign(attestation.canonical(statement), self.platform)
        return attestation.encode(attestation.add_signature(sealed, self.tester)).encode()

    @property
    def statement(self) -> dict[str, Any]:
        read: dict[str, Any] = attestation.parse(
            attestation.payload(attestation.decode(self.data))
        )
        return read


def trust(key: Ed25519PrivateKey) -> dict[str, Any]:
    return {attestation.key_id(key.public_key()): key.public_key()}


def measured() -> dict[str, Any]:
    """What a real run on synthetic answers adds to a statement."""
    numbers = np.random.default_rng(3)
    table = pa.table(
        {
            "sex": numbers.choice(["女", "男"], size=500),
            "granted": numbers.integers(0, 2, size=500),
            "repaid": numbers.integers(0, 2, size=500),
        }
    )
    outcome = evaluation_engine.run(PLAN, table, scorer=None, nonce="0" * 64)
    content = outcome.public_evidence
    return {
        "probes": [dict(probe) for probe in outcome.probes],
        "findings": [finding.as_json() for finding in outcome.findings],
        "findings_digest": outcome.findings_digest,
        "evidence": {
            "public": {"digest": attestation.digest(content), "content": content},
            "sealed": {"digest": attestation.digest(outcome.sealed_evidence)},
        },
    }


@pytest.fixture
def signed(session: Session) -> Signed:
    filer, tester = cast.actor(session), cast.actor(session, Kind.TESTER)
    version = cast.version(session, filer)
    made = evaluations.register_plan(
        session,
        by=tester,
        version_id=version.id,
        dataset_id=cast.dataset(session, tester).id,
        plan=PLAN.as_json(),
        engagement_id=cast.engaged(session, version, filer=filer, tester=tester).id,
    )
    evaluations.issue_nonce(session, made.id)
    platform, own = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    body = cast.report_statement(session, made, **measured())
    text = attestation.encode(attestation.sign(body, platform))
    return Signed(verify.sign(text.encode(), own).encode(), platform, own)


def statuses(result: verify.Verification) -> dict[Layer, Status]:
    return {check.layer: check.status for check in result.checks}


def test_a_true_report_holds_and_says_what_was_recomputed(signed: Signed) -> None:
    result = verify.verify(signed.data, **signed.trusted)
    assert result.holds, result.as_json()
    assert result.failed is None
    assert [check.layer for check in result.checks] == list(Layer)
    for layer, status in statuses(result).items():
        files = layer in {Layer.MODEL, Layer.DATA}
        assert status == (Status.NOT_CHECKED if files else Status.OK), layer
    assert result.recomputed
    json.dumps(result.as_json())


def test_one_final_newline_does_no_harm(signed: Signed) -> None:
    assert verify.verify(signed.data + b"\n", **signed.trusted).holds


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_byte_is_caught_and_its_layer_named(
    signed: Signed, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(signed.data) - 1))
    changed = bytearray(signed.data)
    changed[place] ^= data.draw(st.integers(1, 255))
    result = verify.verify(bytes(changed), **signed.trusted)
    assert not result.holds
    assert result.failed in expected(signed, place), (place, result.as_json())


def expected(signed: Signed, place: int) -> set[Layer]:
    """The layers that may be named for a byte: the envelope's form, or whose bytes they are."""
    form = {Layer.FILE, Layer.ENVELOPE}
    for key, layer in (
        (signed.platform, Layer.PLATFORM_SIGNATURE),
        (signed.tester, Layer.TESTER_SIGNATURE),
    ):
        start = signed.data.index(attestation.key_id(key.public_key()).encode())
        if start <= place < signed.data.index(b"}", start):
            return form | {layer}
    return form | {Layer.PLATFORM_SIGNATURE}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_of_the_payload_fails_at_the_signature(
    signed: Signed, data: st.DataObject
) -> None:
    sealed = json.loads(signed.data)
    body = bytearray(base64.b64decode(sealed["payload"]))
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    sealed["payload"] = base64.b64encode(bytes(body)).decode()
    result = verify.verify(attestation.canonical(sealed), **signed.trusted)
    assert result.failed is Layer.PLATFORM_SIGNATURE
    assert statuses(result)[Layer.RECOMPUTATION] is not Status.OK


def _set(statement: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    *outer, last = path.split(".")
    place: Any = statement
    for name in outer:
        place = place[int(name) if name.isdigit() else name]
    place[last] = value
    return statement


@pytest.mark.parametrize(
    ("path", "value", "layer"),
    [
        ("_type", "https://in-toto.io/Statement/v0.1", Layer.STATEMENT),
        ("predicateType", "urn:other", Layer.STATEMENT),
        ("predicate.extra", 1, Layer.STATEMENT),
        ("predicate.data.rows", "many", Layer.STATEMENT),
        ("subject.0.digest.sha256", "short", Layer.STATEMENT),
        ("predicate.plan.content.title", "另一个计划", Layer.PLAN),
        ("predicate.findings.0.verdict", "equivalent", Layer.FINDINGS),
        ("predicate.findings_digest", "0" * 64, Layer.FINDINGS),
        ("predicate.evidence.public.content.more", 1, Layer.EVIDENCE),
    ],
)
def test_what_was_signed_in_error_fails_at_its_own_layer(
    signed: Signed, path: str, value: object, layer: Layer
) -> None:
    wrong = signed.resigned(_set(signed.statement, path, value))
    result = verify.verify(wrong, **signed.trusted)
    assert result.failed is layer
    found = statuses(result)
    assert found[Layer.PLATFORM_SIGNATURE] is found[Layer.TESTER_SIGNATURE] is Status.OK
    assert found[Layer.RECOMPUTATION] is Status.NOT_CHECKED


def test_a_number_that_does_not_follow_from_the_evidence_is_found(signed: Signed) -> None:
    statement = signed.statement
    finding = statement["predicate"]["findings"][0]
    finding["estimate"] = round(finding["estimate"] / 2, 10)
    findings = statement["predicate"]["findings"]
    wrong = signed.resigned(
        _set(statement, "predicate.findings_digest", attestation.digest(findings))
    )
    result = verify.verify(wrong, **signed.trusted)
    assert result.failed is Layer.RECOMPUTATION


def test_a_payload_that_is_not_canonical_fails_there(signed: Signed) -> None:
    sealed = attestation.sign(json.dumps(signed.statement).encode(), signed.platform)
    both = attestation.encode(attestation.add_signature(sealed, signed.tester)).encode()
    assert verify.verify(both, **signed.trusted).failed is Layer.PAYLOAD


def test_evidence_without_its_tables_rests_on_signature_and_digest(signed: Signed) -> None:
    cases: list[tuple[dict[str, Any], Status]] = [
        ({}, Status.NOT_CHECKED),
        ({"tables": {}}, Status.NOT_CHECKED),
        ({"tables": {"selection_parity": [{}]}}, Status.FAILED),
    ]
    for content, status in cases:
        public = {"digest": attestation.digest(content), "content": content}
        data = signed.resigned(_set(signed.statement, "predicate.evidence.public", public))
        result = verify.verify(data, **signed.trusted)
        assert statuses(result)[Layer.RECOMPUTATION] is status, result.as_json()
        assert not result.recomputed


def test_an_explanation_is_verified_by_the_same_layers(signed: Signed) -> None:
    statement = signed.statement
    predicate = statement["predicate"]
    content: dict[str, Any] = {"questions": []}
    statement["predicateType"] = statements.EXPLANATION
    statement["predicate"] = {
        "explanation": {"id": "e1"},
        "plan": predicate["plan"],
        "data": predicate["data"],
        "nonce": predicate["nonce"],
        "content": content,
        "content_digest": attestation.digest(content),
        "report": None,
        "provenance": {},
        "statements": [],
    }
    result = verify.verify(signed.resigned(statement), **signed.trusted)
    assert result.holds
    assert statuses(result)[Layer.EVIDENCE] is Status.NOT_CHECKED
    wrong = signed.resigned(_set(statement, "predicate.content", {"questions": [1]}))
    assert verify.verify(wrong, **signed.trusted).failed is Layer.FINDINGS


def test_trust_comes_from_the_verifier_alone(signed: Signed) -> None:
    nobody = verify.verify(signed.data, platform={})
    assert nobody.failed is None
    assert not nobody.holds
    stranger = trust(Ed25519PrivateKey.generate())
    assert verify.verify(signed.data, platform=stranger).failed is Layer.PLATFORM_SIGNATURE
    swapped = verify.verify(
        signed.data, platform=trust(signed.tester), testers=trust(signed.platform)
    )
    assert swapped.holds  # who is who is the verifier's word, not the file's
    wrong = verify.verify(signed.data, platform=trust(signed.platform), testers=stranger)
    assert wrong.failed is Layer.TESTER_SIGNATURE


def test_without_the_platforms_key_the_testers_signature_alone_is_told(signed: Signed) -> None:
    """It “did not agree”, for the platform's was one of unknown origin."""
    found = verify.verify(signed.data, platform={}, testers=trust(signed.tester))
    by_layer = {each.layer: each for each in found.checks}
    assert by_layer[Layer.TESTER_SIGNATURE].status is Status.OK
    assert "was not checked" in by_layer[Layer.TESTER_SIGNATURE].said.en
    assert by_layer[Layer.PLATFORM_SIGNATURE].status is Status.NOT_CHECKED
    stranger = trust(Ed25519PrivateKey.generate())
    found = verify.verify(signed.data, platform={}, testers=stranger)
    assert {each.layer for each in found.checks if each.status is Status.FAILED} >= {
        Layer.TESTER_SIGNATURE
    }


def test_the_testers_signature_is_unchecked_without_its_key_and_demanded_with_it(
    signed: Signed,
) -> None:
    result = verify.verify(signed.data, platform=trust(signed.platform))
    assert result.holds
    assert statuses(result)[Layer.TESTER_SIGNATURE] is Status.NOT_CHECKED
    body = attestation.payload(attestation.decode(signed.data))
    alone = attestation.encode(attestation.sign(body, signed.platform)).encode()
    assert (
        statuses(verify.verify(alone, platform=trust(signed.platform)))[Layer.TESTER_SIGNATURE]
        is Status.NOT_CHECKED
    )
    assert verify.verify(alone, **signed.trusted).failed is Layer.TESTER_SIGNATURE
    third = verify.sign(signed.data, Ed25519PrivateKey.generate()).encode()
    assert verify.verify(third, **signed.trusted).failed is Layer.TESTER_SIGNATURE


def test_model_and_data_are_held_against_their_digests(signed: Signed, tmp_path: Path) -> None:
    folder = models.credit_model(tmp_path / "model")
    other = models.credit_model(tmp_path / "other", seed=1)
    (tmp_path / "people.csv").write_bytes(b"income\n1\n")
    statement = _set(signed.statement, "subject.0.digest.sha256", screening.screen(folder).digest)
    statement = _set(statement, "predicate.data.digest", attestation.sha256(b"income\n1\n"))
    data = signed.resigned(statement)
    good = verify.verify(data, model=folder, dataset=tmp_path / "people.csv", **signed.trusted)
    assert good.holds
    assert statuses(good)[Layer.MODEL] is statuses(good)[Layer.DATA] is Status.OK
    assert verify.verify(data, model=other, **signed.trusted).failed is Layer.MODEL
    assert verify.verify(data, model=tmp_path / "none", **signed.trusted).failed is Layer.MODEL
    for wrong in (tmp_path / "model" / "MLmodel", tmp_path / "none", tmp_path):
        assert verify.verify(data, dataset=wrong, **signed.trusted).failed is Layer.DATA


def test_the_last_line_names_what_nobody_looked_at(
    signed: Signed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.json").write_bytes(signed.data)
    pem = signed.platform.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "platform.pem").write_bytes(pem)
    with pytest.raises(SystemExit) as ended:
        cli.main(
            ["verify", str(tmp_path / "report.json"), "--key", str(tmp_path / "platform.pem")]
        )
    last = " ".join(capsys.readouterr().out.split("核对过的都对得上；")[1].split())
    assert ended.value.code == 0
    assert last.startswith("没有核对：测试机构签名、模型文件摘要、数据文件摘要。")
    assert last.endswith(
        "What was checked agrees; not checked: tester signature, model digest, data digest."
    )


def test_what_is_no_report_is_not_signed(signed: Signed) -> None:
    key = Ed25519PrivateKey.generate()
    foreign = attestation.encode(attestation.sign(b'{"pay":1000000}', key)).encode()
    for wrong in (b"", b"{}", signed.data[:-1], foreign):
        with pytest.raises(BadLayer):
            verify.sign(wrong, key)
    with pytest.raises(AlreadySigned):
        verify.sign(signed.data, signed.tester)


def test_a_new_key_is_written_for_its_owner_alone_and_never_over_another(tmp_path: Path) -> None:
    made = verify.new_key(tmp_path / "our.pem", password="算", organisation_id="o1")
    assert stat.S_IMODE(made.private.stat().st_mode) == 0o600
    private = attestation.load_private(made.private.read_bytes(), password="算")
    assert attestation.key_id(private.public_key()) == made.key_id
    assert list(verify.load_keys([made.public])) == [made.key_id]
    assert made.proof is not None
    assert attestation.verify(
        attestation.decode(made.proof.read_bytes()), {made.key_id: private.public_key()}
    )
    before = made.private.read_bytes()
    with pytest.raises(AlreadyThere):
        verify.new_key(tmp_path / "our.pem")
    assert made.private.read_bytes() == before
    assert verify.new_key(tmp_path / "plain.pem").proof is None


def test_the_proof_of_a_new_key_registers_it(
    factory: sessionmaker[Session], tmp_path: Path
) -> None:
    with transaction(factory) as session:
        by = cast.actor(session, Kind.TESTER)
        made = verify.new_key(tmp_path / "our.pem", organisation_id=by.organisation_id)
        assert made.proof is not None
        registered = keys.register(session, by=by, proof_text=made.proof.read_text())
    assert registered.key_id == made.key_id


def test_trusted_keys_are_read_from_files_folders_and_joined_settings(tmp_path: Path) -> None:
    folder = tmp_path / "trusted"
    folder.mkdir()
    made = [verify.new_key(tmp_path / f"{name}.pem") for name in "abc"]
    for key in made[:2]:
        (folder / key.public.name).write_bytes(key.public.read_bytes())
    joined = f"{folder}:{made[2].public}"
    assert set(verify.load_keys([joined])) == {key.key_id for key in made}
    with pytest.raises(KeyFileNotFound):
        verify.load_keys([tmp_path / "none.pem"])
    with pytest.raises(BadKey):
        verify.load_keys([made[0].private])
