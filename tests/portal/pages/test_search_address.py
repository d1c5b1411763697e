"""Nothing that the address of a search names is left out in silence."""

import html
import re

import pytest

from portal.pages import public
from registry import districts
from registry.database import transaction
from tests.filing.papers import Scene
from tests.portal.published import Published, publish

STRANGE = {
    "grade=hgih": ("grade", "没有“hgih”这个值"),
    "grade=high&grade=hgih": ("grade", "没有“hgih”这个值"),
    "kind=nothing": ("kind", "没有“nothing”这个值"),
    "status=draft": ("status", "没有“draft”这个值"),
    "evaluated=perhaps": ("evaluated", "没有“perhaps”这个值"),
    "filer=somebody": ("filer", "没有“somebody”这个值"),
    "district=月球区": ("district", "没有“月球区”这个值"),
    "utm_source=x": ("utm_source", "搜索没有这个参数"),
    "organisation_id=x": ("organisation_id", "搜索没有这个参数"),
    "inside=2": ("inside", "没有“2”这个值"),
    "page=abc": ("page", "没有“abc”这个值"),
    "page=0": ("page", "没有“0”这个值"),
    "q=a&q=b": ("q", "只能写一次，现在只按最后一个查"),
    "q=" + "+".join("abcdefghijkl"): ("q", "最多10个词、200个字，其余没有查"),
    "&".join(f"district={each}" for each in list(districts.ENGLISH)[:21]): (
        "district",
        "最多20个值，其余没有用",
    ),
}
BY_TYPE = ("evaluated", "inside", "page", "status")
"""What the API's own types refuse, in their words."""


@pytest.mark.parametrize("query", STRANGE)
def test_what_a_search_does_not_know_is_said_and_can_be_left_out(
    published: Published, query: str
) -> None:
    server = published.servers[0]
    name, said = STRANGE[query]
    page = server.get(
        f"/zh/catalogue?q=&{query}" if "q=" not in query else f"/zh/catalogue?{query}"
    )
    assert page.status_code == 200
    text = html.unescape(page.text)
    assert f"<code>{name}</code>：{said}。" in text
    (without,) = re.findall(r'<a href="([^"]*)">去掉这些部分</a>', text)
    rest = server.get(f"/zh/catalogue{without}")
    assert "去掉这些部分" not in rest.text
    assert rest.text.count("<h2>") == page.text.count("<h2>")


@pytest.mark.parametrize("query", STRANGE)
def test_a_call_that_a_search_does_not_know_is_refused_by_parameter(
    published: Published, query: str
) -> None:
    server = published.servers[0]
    name, said = STRANGE[query]
    for address in ("/zh/catalogue.json", "/api/v1/catalogue"):
        answer = server.get(f"{address}?{query}")
        assert answer.status_code == 422, address
        named = {each["item"]: each["said"]["zh"] for each in answer.json()["reasons"]}
        if address.endswith(".json") or name not in BY_TYPE:
            assert named[f"query.{name}"] == said
        else:
            assert any(each.startswith(f"query.{name}") for each in named)


def test_what_a_search_knows_is_taken_without_a_word(published: Published) -> None:
    server = published.servers[0]
    filer = next(iter(server.get("/zh/catalogue.json").json()["facets"]["filer"]))
    for query in (
        "q=&inside=1&page=1",
        "grade=high&grade=low&kind=push",
        "evaluated=yes&evaluated=no",
        "district=浦东新区&district=长宁区&city=shanghai",
        "q=",
        f"filer={filer}",
    ):
        assert "去掉这些部分" not in server.get(f"/zh/catalogue?{query}").text, query
        assert server.get(f"/zh/catalogue.json?{query}").status_code == 200, query
    assert server.get(f"/api/v1/catalogue?filer={filer}&limit=5").json()["total"] == 1


def test_a_page_beyond_the_last_shows_the_last_and_says_so(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "PAGE_SIZE", 1)
    with transaction(published.site.state.factory) as session:
        publish(Scene(session))
    server = published.servers[0]
    page, last = (server.get(f"/zh/catalogue?page={number}").text for number in (50, 2))
    said = "没有第 50 页，一共 2 页；下面是最后一页。"
    assert said in page
    assert said not in last
    assert re.findall("<h2>.*</h2>", page) == re.findall("<h2>.*</h2>", last) != []
    assert "没有找到" not in page
    for address in ("/zh/catalogue.json?page=3", "/api/v1/catalogue?limit=1&page=3"):
        answer = server.get(address)
        assert answer.status_code == 422
        (reason,) = answer.json()["reasons"]
        assert (reason["item"], reason["said"]["zh"]) == ("query.page", "最后一页是第2页")
