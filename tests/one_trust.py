"""The authorities that a client trusts are read once for a test's process, not for every request.

httpx reads the whole bundle whenever a client is made, also for a server on loopback without TLS:
25 ms of processor time, where the request itself takes two.
"""

import os
import ssl
from functools import lru_cache
from typing import Any

from httpx import _config
from httpx._transports import default

_NAMED = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def install() -> None:
    """Have every client of httpx that is made from now on work so."""
    default.create_ssl_context = _context  # type: ignore[attr-defined, assignment]


def _context(verify: Any = True, cert: Any = None, *, trust_env: bool = True) -> ssl.SSLContext:
    if verify is not True or cert is not None:
        return _config.create_ssl_context(verify, cert, trust_env)
    return _usual(trust_env, *(os.environ.get(each) for each in _NAMED))


@lru_cache
def _usual(trust_env: bool, *_named: str | None) -> ssl.SSLContext:
    return _config.create_ssl_context(trust_env=trust_env)
