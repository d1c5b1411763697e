"""Random draws that nobody can choose: a counter-based generator keyed by the registry's nonce."""

import hashlib

import numpy as np


def generator(nonce: str, *labels: object) -> np.random.Generator:
    """The generator for one purpose: the same nonce and labels give the same draws anywhere."""
    named = "|".join((nonce, *map(str, labels)))
    key = hashlib.sha256(named.encode()).digest()[:16]
    return np.random.Generator(np.random.Philox(key=np.frombuffer(key, dtype="<u8")))
