"""What headers ask of an answer, by RFC 9110."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web import conditional

OPAQUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'))
PACKINGS = ("br", "gzip")


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("", False),
        ("*", True),
        (" * ", True),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a"', True),
        (' W/"b" ,, "a" ', True),
        ('"a,b"', False),
        ('"b"', False),
        ('"A"', False),
        ("a", False),
        ('"b" "a"', False),
        ('w/"a"', False),
        ('*, "b"', False),
        ('"a', False),
    ],
)
def test_a_tag_is_known_by_weak_comparison_with_each_of_a_list(asked: str, known: bool) -> None:
    assert conditional.known(asked, 'W/"a"') is known


@given(st.lists(OPAQUE, min_size=1, max_size=5), st.data())
def test_whichever_of_a_list_is_the_answers_tag_it_is_known(
    tags: list[str], data: st.DataObject
) -> None:
    one = data.draw(st.sampled_from(tags))
    header = " , ".join(f'{data.draw(st.sampled_from(["", "W/"]))}"{each}"' for each in tags)
    assert conditional.known(header, f'W/"{one}"')
    assert not conditional.known(header, 'W/"another tag with spaces"')


@given(st.text(max_size=40))
def test_no_header_breaks_it(header: str) -> None:
    assert conditional.known(header, 'W/"a"') in (True, False)
    assert conditional.encoding(header, PACKINGS) in (*PACKINGS, "identity")


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("*", "br"),
        ("*;q=0.2, br;q=0", "gzip"),
        ("identity", "identity"),
        ("identity, br;q=0.5", "identity"),
        ("BR", "br"),
        ("br;q=nonsense", "identity"),
        ("zstd", "identity"),
        ("gzip ; q = 0", "identity"),
    ],
)
def test_the_packing_is_the_best_that_the_request_likes_most(accepted: str, chosen: str) -> None:
    assert conditional.encoding(accepted, PACKINGS) == chosen


def test_a_tag_tells_bytes_apart_and_is_weak() -> None:
    assert conditional.weak_tag(b"a") != conditional.weak_tag(b"b")
    assert conditional.weak_tag(b"a").startswith('W/"')
    assert conditional.weakened('"x"') == conditional.weakened('W/"x"') == 'W/"x"'
