"""RFC 6962, section 2.1: the tree, held against its definition and its published values."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from registry import merkle


def by_definition(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962: split at the largest power of two smaller than the number of entries."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    left, right = by_definition(entries[:half]), by_definition(entries[half:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_the_root_is_that_of_the_definition(entries: list[bytes]) -> None:
    assert merkle.root([merkle.leaf(each) for each in entries]) == by_definition(entries)


def test_the_roots_are_those_of_the_reference_implementation() -> None:
    """Certificate Transparency's own test data: the tree of no, one and eight entries."""
    data = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
    last = "606162636465666768696a6b6c6d6e6f"
    leaves = [merkle.leaf(bytes.fromhex(each)) for each in (*data, last)]

    assert merkle.root([]).hex() == hashlib.sha256().hexdigest()
    assert merkle.root(leaves[:1]).hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert merkle.root(leaves).hex() == (
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=20))
def test_a_node_is_no_leaf(entries: list[bytes]) -> None:
    """Without the prefixes, one entry made of two hashes would have the root of the two."""
    leaves = [merkle.leaf(each) for each in entries[:2]]
    assert merkle.root(leaves) != merkle.leaf(b"".join(leaves))
