"""What a client trusts is read once, and anew where something else is named."""

import ssl
from pathlib import Path

import certifi
import httpx
import pytest

from tests import one_trust


def trusted(**given: object) -> ssl.SSLContext:
    client = httpx.Client(**given)  # type: ignore[arg-type]
    context: ssl.SSLContext = client._transport._pool._ssl_context  # type: ignore[attr-defined]
    client.close()
    return context


def test_two_clients_share_what_they_trust() -> None:
    one_trust.install()

    assert trusted() is trusted(timeout=3)
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert len(trusted().get_ca_certs()) > 50


def test_another_bundle_is_read_and_a_client_that_checks_nothing_stays_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_trust.install()
    usual = trusted()
    first = Path(certifi.where()).read_text("utf-8").partition("-----END CERTIFICATE-----")
    (tmp_path / "one.pem").write_text(first[0] + first[1] + "\n", encoding="utf-8")
    with monkeypatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(tmp_path / "one.pem"))
        assert len(trusted().get_ca_certs()) == 1
        assert trusted(trust_env=False) is not trusted()
    assert trusted(verify=False).verify_mode is ssl.CERT_NONE
    assert trusted() is usual
