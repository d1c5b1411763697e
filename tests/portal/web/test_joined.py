"""A field on several lines is read as the list that it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web import conditional
from portal.web.joined import BETWEEN, joined
from tests.portal.published import Published

NAMES = st.sampled_from([*sorted(BETWEEN), b"authorization", b"set-cookie", b"host"])
LINES = st.lists(st.tuples(NAMES, st.binary(max_size=5)), max_size=12)


@given(LINES)
def test_every_list_has_one_line_and_nothing_is_lost(lines: list[tuple[bytes, bytes]]) -> None:
    one = joined(lines)
    for name in {each for each, _ in lines}:
        values = [value for each, value in lines if each == name]
        found = [value for each, value in one if each == name]
        assert found == ([BETWEEN[name].join(values)] if name in BETWEEN else values)
    assert joined(one) == one


def test_a_tag_on_the_second_line_is_known(published: Published) -> None:
    server = published.servers[0]
    tag = server.get(published.page).headers["etag"]
    for tags in (['"x"', tag], [tag, '"x"']):
        lines = [("if-none-match", each) for each in tags]
        assert server.get(published.page, headers=lines).status_code == 304


@pytest.mark.parametrize(
    ("lines", "packing"),
    [
        (["gzip, br", "br;q=0"], "gzip"),
        (["deflate", "br"], "br"),
        (["br;q=0", "gzip;q=0"], None),
    ],
)
def test_packings_on_several_lines_are_one_list(
    published: Published, lines: list[str], packing: str | None
) -> None:
    asked = [("accept-encoding", each) for each in lines]
    answer = published.servers[0].get(published.page, headers=asked)
    assert answer.headers.get("content-encoding") == packing
    assert conditional.encoding(", ".join(lines), ("br", "gzip")) == (packing or "identity")


def test_what_is_liked_on_the_second_line_counts(published: Published) -> None:
    lines = [("accept", "application/json;q=0.1"), ("accept", "text/html")]
    answer = published.servers[0].get("/zh/f/SH-2026-999999-P", headers=lines)
    assert answer.headers["content-type"].startswith("text/html")
