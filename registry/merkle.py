"""The Merkle tree of RFC 6962, section 2.1, over SHA-256: one hash that stands for a list of rows.

A leaf is hashed behind 0x00 and a node behind 0x01, so that no node can be passed off as a leaf.
"""

import hashlib
from collections.abc import Sequence


def leaf(data: bytes) -> bytes:
    """The hash of one entry, 32 bytes: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The hash of the whole tree, 32 bytes.

    Pairing neighbours level by level, and letting one without a neighbour rise, gives the tree
    that RFC 6962 defines by splitting at the largest power of two.

    Args:
        leaves: what `leaf` returned, in order; none of them gives the hash of nothing.
    """
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = paired + level[len(paired) * 2 :]
    return level[0]
