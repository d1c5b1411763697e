"""Registering and revoking public keys."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from registry import attestation, journal, keys
from registry.keys import KeyNotFound, KeyTaken, NoPossession, NoProof
from registry.organisations import Actor, Kind, NotYours, Role, WrongRole
from tests import cast


@pytest.fixture
def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_a_key_is_registered_with_proof_and_revoked(
    session: Session, private: Ed25519PrivateKey
) -> None:
    by = cast.actor(session, Kind.TESTER)
    proof = keys.proof(private, by.organisation_id)
    key = keys.register(session, by=by, proof_text=f" {proof}\n", label="2026")
    assert list(keys.standing(session, by.organisation_id)) == [key.key_id]
    keys.revoke(session, by=by, key_id=key.key_id)
    keys.revoke(session, by=by, key_id=key.key_id)
    assert keys.standing(session, by.organisation_id) == {}
    assert keys.of_organisation(session, by.organisation_id) == [key]
    names = [event.name for event in journal.history(session, key.id)]
    assert names == ["organisation:key:registered", "organisation:key:revoked"]


def test_a_key_belongs_to_one_organisation_for_ever(
    session: Session, private: Ed25519PrivateKey
) -> None:
    first, second = cast.actor(session, Kind.TESTER), cast.actor(session, Kind.TESTER)
    key = keys.register(session, by=first, proof_text=keys.proof(private, first.organisation_id))
    keys.revoke(session, by=first, key_id=key.key_id)
    for by in (first, second):
        with pytest.raises(KeyTaken):
            keys.register(session, by=by, proof_text=keys.proof(private, by.organisation_id))
    with pytest.raises(NotYours):
        keys.revoke(session, by=second, key_id=key.key_id)
    with pytest.raises(KeyNotFound):
        keys.revoke(session, by=second, key_id="0" * 64)


def test_a_proof_must_be_by_the_key_and_for_the_organisation(
    session: Session, private: Ed25519PrivateKey
) -> None:
    by = cast.actor(session, Kind.TESTER)
    public = attestation.public_pem(private.public_key())
    claim = {"purpose": "register-key", "organisation": by.organisation_id, "public_pem": public}
    body = attestation.canonical(claim)
    wrong = [
        keys.proof(private, "another"),
        attestation.encode(
            attestation.sign(body, Ed25519PrivateKey.generate(), payload_type=keys.PROOF_TYPE)
        ),
        attestation.encode(attestation.sign(body, private)),
    ]
    for proof in wrong:
        with pytest.raises(NoPossession):
            keys.register(session, by=by, proof_text=proof)


def test_only_an_administrator_registers_keys(
    session: Session, private: Ed25519PrivateKey
) -> None:
    some = cast.actor(session, Kind.TESTER)
    by = Actor(some.person_id, some.organisation_id, some.kind, frozenset({Role.TESTER}))
    with pytest.raises(WrongRole):
        keys.register(session, by=by, proof_text=keys.proof(private, by.organisation_id))


def test_a_platform_key_is_enrolled_once_and_kept(session: Session) -> None:
    pem = attestation.public_pem(cast.platform_key(session).public_key())
    (key_id,) = keys.platform(session)
    assert keys.enrol_platform(session, pem).key_id == key_id
    cast.platform_key(session)
    assert len(keys.platform(session)) == 2


@pytest.mark.parametrize("text", ["", "junk", "{}", '{"payload":"e30=","signatures":[]}'])
def test_what_is_no_proof_is_refused_with_the_way_to_make_one(session: Session, text: str) -> None:
    with pytest.raises(NoProof) as refused:
        keys.register(session, by=cast.actor(session, Kind.TESTER), proof_text=text)
    assert "mingsuan keys proof" in refused.value.said.zh
    assert "mingsuan keys proof" in refused.value.said.en
