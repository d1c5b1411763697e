"""Public signing keys on record: those of organisations, and those of the platform's signer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry import attestation, characters, journal, lengths
from registry.database import Identified, Record, now
from registry.errors import Conflict, Invalid, NotFound
from registry.language import Text
from registry.lengths import Limit
from registry.organisations import Actor, Kind, OrganisationKey, Role, WrongRole

PROOF_TYPE = "application/vnd.mingsuan.key-proof+json"
LABEL = Limit("label", Text("名称", "label"), 100)


class PlatformKey(Identified, Record):
    """A public key of the platform's signer; retired keys still verify what they signed."""

    __tablename__ = "platform_key"

    key_id: Mapped[str] = mapped_column(String(64), unique=True)
    public_pem: Mapped[str] = mapped_column(String(400))
    retired: Mapped[datetime | None]


class KeyNotFound(NotFound):
    """No such key on record."""


class KeyTaken(Conflict):
    """The key is already registered; every organisation signs with keys of its own."""


class NoProof(Invalid):
    """What was sent is no proof of a key: make one with `mingsuan keys proof`."""


class NoPossession(Invalid):
    """The proof does not show that the organisation holds the private key."""


def proof(private: Ed25519PrivateKey, organisation_id: str) -> str:
    """What the holder of a private key sends to register it: its own claim, signed.

    Args:
        private: the organisation's key, which stays at home.
        organisation_id: for whom; a proof serves no other organisation.
    """
    pem = attestation.public_pem(private.public_key())
    body = attestation.canonical(_claim(pem, organisation_id))
    return attestation.encode(attestation.sign(body, private, payload_type=PROOF_TYPE))


def _claim(pem: str, organisation_id: str) -> dict[str, Any]:
    return {"purpose": "register-key", "organisation": organisation_id, "public_pem": pem}


def register(session: Session, *, by: Actor, proof_text: str, label: str = "") -> OrganisationKey:
    """Register a public key for the actor's organisation.

    Args:
        session: the caller's transaction.
        by: an administrator of the organisation.
        proof_text: what `proof` made; it carries the public key.
        label: what the organisation calls the key.

    Raises:
        WrongRole: unless `by` is an administrator.
        TextRefused, TextTooLong: when the label holds a character that cannot be seen, or too many.
        NoProof: when the text is none.
        NoPossession: when the proof is for another organisation or its signature does not hold.
        KeyTaken: when the key is on record already, revoked or not.
    """
    by.require(Role.ADMINISTRATOR)
    characters.check("label", label, lines=False)
    lengths.check([(LABEL, label)])
    public = _proven(proof_text, by.organisation_id)
    key_id = attestation.key_id(public)
    if session.scalar(select(OrganisationKey).where(OrganisationKey.key_id == key_id)):
        raise KeyTaken(
            "这把公钥已经登记过。请用 mingsuan keys new 生成新的一对。",
            "This key is already on record. Make a new pair with `mingsuan keys new`.",
        )
    key = OrganisationKey(
        organisation_id=by.organisation_id,
        key_id=key_id,
        public_pem=attestation.public_pem(public),
        label=label.strip(),
    )
    session.add(key)
    session.flush()
    _record(session, "organisation:key:registered", key, by)
    return key


def _proven(proof_text: str, organisation_id: str) -> Ed25519PublicKey:
    try:
        sealed = attestation.decode(proof_text.strip())
        claim = attestation.parse(attestation.payload(sealed))
        pem = claim.get("public_pem") if isinstance(claim, dict) else None
        public = attestation.load_public(str(pem))
    except (attestation.BadLayer, attestation.BadKey) as error:
        raise NoProof(
            "这不是钥匙的证明。请把 mingsuan keys proof 的输出完整地粘贴过来。",
            "This is no proof of a key. Paste the whole output of `mingsuan keys proof`.",
        ) from error
    holds = attestation.verify(sealed, {attestation.key_id(public): public})
    wanted = _claim(attestation.public_pem(public), organisation_id)
    if not holds or claim != wanted or sealed["payloadType"] != PROOF_TYPE:
        raise NoPossession(
            "这份证明不是为本单位签的，或签名不对。请用 mingsuan keys new 重新生成证明。",
            "This proof is not for your organisation, or its signature does not hold. "
            "Make it again with `mingsuan keys new`.",
        )
    return public


def revoke(session: Session, *, by: Actor, key_id: str) -> OrganisationKey:
    """Revoke a key of the actor's organisation; what it signed before stays signed.

    Raises:
        WrongRole: unless `by` is an administrator.
        KeyNotFound: when there is no such key.
        NotYours: when it belongs to another organisation.
    """
    by.require(Role.ADMINISTRATOR)
    key = session.scalar(select(OrganisationKey).where(OrganisationKey.key_id == key_id))
    if key is None:
        raise KeyNotFound("没有这把公钥，请检查编号。", "No such key: check its id.")
    by.own(key.organisation_id)
    if key.revoked is None:
        key.revoked = now()
        session.flush()
        _record(session, "organisation:key:revoked", key, by)
    return key


def _record(session: Session, name: str, key: OrganisationKey, by: Actor) -> None:
    journal.record(
        session,
        name,
        key.id,
        person_id=by.person_id,
        organisation_id=by.organisation_id,
        key_id=key.key_id,
    )


def of_organisation(session: Session, organisation_id: str) -> list[OrganisationKey]:
    """Every key the organisation ever registered, oldest first."""
    mine = select(OrganisationKey).where(OrganisationKey.organisation_id == organisation_id)
    return list(session.scalars(mine.order_by(OrganisationKey.created)))


def standing(session: Session, organisation_id: str) -> dict[str, Ed25519PublicKey]:
    """Key id → key, for the keys with which the organisation may sign today."""
    return {
        key.key_id: attestation.load_public(key.public_pem)
        for key in of_organisation(session, organisation_id)
        if key.revoked is None
    }


def enrol_first_platform(session: Session, public_pem: str) -> None:
    """Put the signer's public key on record if there is none yet; otherwise change nothing.

    Args:
        session: a writing transaction; two who set up at once wait for each other here.
        public_pem: the public key of the signer that runs.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text(f"LOCK TABLE {PlatformKey.__tablename__} IN EXCLUSIVE MODE"))
    if not platform(session):
        enrol_platform(session, public_pem)


def enrol_platform(session: Session, public_pem: str, *, by: Actor | None = None) -> PlatformKey:
    """Put a public key of the platform's signer on record; once more changes nothing.

    Args:
        session: the caller's transaction.
        public_pem: the key, PEM.
        by: an administrator of the authority; None for whoever runs the installation.

    Raises:
        WrongRole: when `by` is anyone else.
        BadKey: when it is no Ed25519 public key.
    """
    if by is not None:
        by.require(Role.ADMINISTRATOR)
        if by.kind is not Kind.AUTHORITY:
            raise WrongRole(
                "平台公钥由主管部门的管理员登记。请他们办理。",
                "An administrator of the authority enrols the platform's keys. Ask one of them.",
            )
    public = attestation.load_public(public_pem)
    key_id = attestation.key_id(public)
    known = session.scalar(select(PlatformKey).where(PlatformKey.key_id == key_id))
    if known is not None:
        return known
    key = PlatformKey(key_id=key_id, public_pem=attestation.public_pem(public))
    session.add(key)
    session.flush()
    journal.record(
        session,
        "platform:key:enrolled",
        key.id,
        person_id=by.person_id if by else None,
        organisation_id=by.organisation_id if by else None,
        key_id=key_id,
    )
    return key


def platform_records(session: Session) -> list[PlatformKey]:
    """Every key with which the platform may have signed, oldest first."""
    return list(session.scalars(select(PlatformKey).order_by(PlatformKey.created)))


def platform(session: Session) -> Mapping[str, Ed25519PublicKey]:
    """Key id → key, for every key with which the platform ever signed."""
    return {
        key.key_id: attestation.load_public(key.public_pem) for key in platform_records(session)
    }
