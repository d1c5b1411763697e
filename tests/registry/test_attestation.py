"""Canonical JSON, DSSE envelopes and keys, against securesystemslib as the oracle."""

import base64
import copy
import json
import math
import warnings
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import attestation
from registry.attestation import BadKey, BadLayer, Layer, NotCanonical

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
TRUSTED = {attestation.key_id(key.public_key()): key.public_key() for key in (KEY, OTHER)}
PLATFORM, TESTER = TRUSTED
BODY = attestation.canonical({"说": ["明", 1, 0.5], "b": None})


@given(VALUES)
def test_canonical_json_reads_back_and_is_stable(value: Any) -> None:
    data = attestation.canonical(value)
    assert attestation.parse(data) == value
    assert attestation.canonical(attestation.parse(data)) == data


def test_canonical_json_has_sorted_keys_no_spaces_and_plain_utf8() -> None:
    assert attestation.canonical({"b": (1, 2), "a": "明"}) == '{"a":"明","b":[1,2]}'.encode()


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, {1: "a"}, {"a": {2}}, "\ud800", [{None: 1}]]
)
def test_canonical_json_refuses_what_has_no_single_encoding(value: object) -> None:
    with pytest.raises(NotCanonical):
        attestation.canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"[1.50]",
        b'"\\u0061"',
        b"[1,",
        b"NaN",
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_parse_reads_nothing_but_the_canonical_encoding(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        attestation.parse(data)


@given(st.binary(max_size=200), st.text(st.characters(codec="ascii"), min_size=1, max_size=40))
def test_the_pre_authentication_encoding_is_that_of_securesystemslib(
    body: bytes, kind: str
) -> None:
    oracle, _keys = _oracle()
    theirs = oracle.Envelope(payload=body, payload_type=kind, signatures={})
    assert attestation.pae(body, kind) == theirs.pae()


def test_our_envelope_verifies_in_securesystemslib_and_theirs_in_ours() -> None:
    oracle, keys = _oracle()
    sealed = attestation.sign(BODY, KEY)
    raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    theirs = keys.SSlibKey(PLATFORM, "ed25519", "ed25519", {"public": raw})
    assert oracle.Envelope.from_dict(copy.deepcopy(sealed)).verify([theirs], 1)

    signer = keys.CryptoSigner(KEY, theirs)
    made = oracle.Envelope(payload=BODY, payload_type=attestation.STATEMENT_TYPE, signatures={})
    made.sign(signer)
    assert made.to_dict() == sealed


def _oracle() -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from securesystemslib import dsse, signer
    return dsse, signer


def test_two_signatures_stand_in_one_envelope_whatever_their_order() -> None:
    one = attestation.add_signature(attestation.sign(BODY, KEY), OTHER)
    two = attestation.add_signature(attestation.sign(BODY, OTHER), KEY)
    assert one == two == attestation.add_signature(one, KEY)
    assert attestation.verify(attestation.decode(attestation.encode(one)), TRUSTED) == {
        PLATFORM,
        TESTER,
    }
    assert attestation.payload(one) == BODY


def test_a_signature_by_an_untrusted_key_counts_for_nothing() -> None:
    assert attestation.verify(attestation.sign(BODY, OTHER), {PLATFORM: KEY.public_key()}) == set()


def test_one_final_newline_is_let_through() -> None:
    text = attestation.encode(attestation.sign(BODY, KEY))
    assert attestation.decode(text + "\n") == attestation.decode(text.encode())


@pytest.mark.parametrize(
    ("change", "layer"),
    [
        (lambda text: text[:-1], Layer.FILE),
        (lambda _text: "", Layer.FILE),
        (lambda _text: "\ud800", Layer.FILE),
        (lambda text: text + "\n\n", Layer.ENVELOPE),
        (lambda text: " " + text, Layer.ENVELOPE),
        (lambda text: json.dumps(json.loads(text)), Layer.ENVELOPE),
        (lambda text: text.replace('"payload":', '"Payload":'), Layer.ENVELOPE),
        (lambda text: text.replace('"keyid":"', '"keyid":"z'), Layer.ENVELOPE),
        (lambda text: text.replace('"sig":', '"extra":1,"sig":'), Layer.ENVELOPE),
        (lambda _text: "[]", Layer.ENVELOPE),
        (lambda _text: "null", Layer.ENVELOPE),
        (lambda _text: '{"payload":"","payloadType":1,"signatures":[]}', Layer.ENVELOPE),
        (lambda _text: '{"payload":"é","payloadType":"a","signatures":[]}', Layer.ENVELOPE),
    ],
)
def test_an_envelope_that_was_rewritten_is_refused_by_layer(change: Any, layer: Layer) -> None:
    with pytest.raises(BadLayer) as caught:
        attestation.decode(change(attestation.encode(attestation.sign(BODY, KEY))))
    assert caught.value.layer is layer


def test_the_order_of_signatures_and_the_spelling_of_base64_are_fixed() -> None:
    sealed = attestation.add_signature(attestation.sign(BODY, KEY), OTHER)
    turned = sealed | {"signatures": sealed["signatures"][::-1]}
    twice = sealed | {"signatures": sealed["signatures"] + sealed["signatures"][:1]}
    loose = json.loads(json.dumps(sealed))
    sig = loose["signatures"][0]["sig"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = sig[:-3] + letters[letters.index(sig[-3]) ^ 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(sig)
    loose["signatures"][0]["sig"] = other
    for wrong in (turned, twice, loose):
        with pytest.raises(BadLayer) as caught:
            attestation.decode(attestation.canonical(wrong))
        assert caught.value.layer is Layer.ENVELOPE


@settings(max_examples=200)
@given(st.data())
def test_no_flipped_byte_leaves_both_signatures_standing(data: st.DataObject) -> None:
    raw = bytearray(
        attestation.canonical(attestation.add_signature(attestation.sign(BODY, KEY), OTHER))
    )
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        sealed = attestation.decode(bytes(raw))
    except BadLayer:
        return
    assert attestation.verify(sealed, TRUSTED) != {PLATFORM, TESTER}


def test_keys_read_back_from_pem_with_and_without_a_password() -> None:
    public = attestation.load_public(attestation.public_pem(KEY.public_key()))
    assert attestation.key_id(public) == PLATFORM
    for password in ("", "算学"):
        pem = attestation.private_pem(KEY, password=password)
        private = attestation.load_private(pem, password=password)
        assert attestation.key_id(private.public_key()) == PLATFORM


def test_anything_but_an_ed25519_key_is_refused() -> None:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    rsa_pem = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sealed = attestation.private_pem(KEY, password="right")
    for wrong in (b"", b"no", rsa_pem, attestation.private_pem(KEY)):
        with pytest.raises(BadKey):
            attestation.load_public(wrong)
    for pem, password in (
        (sealed, "wrong"),
        (sealed, ""),
        (attestation.public_pem(KEY.public_key()), ""),
    ):
        with pytest.raises(BadKey):
            attestation.load_private(pem, password=password)
