"""n7/21: what a reader of English chooses by is in English, or marked as Chinese."""

import pytest
from sqlalchemy.orm import Session

from portal.pages import facets


@pytest.mark.parametrize(
    ("place", "english"),
    [("南山区", "Nanshan District"), ("某县", "某县 (in Chinese, not translated)")],
)
def test_a_district_is_called_in_the_language_of_the_page(
    session: Session, place: str, english: str
) -> None:
    told = facets.shown(session, {"district": {place: 3}}, {})
    (found,) = (each for each in told if each.name == "district")
    (value,) = found.values
    assert (value.id, value.said.zh, value.said.en) == (place, place, english)
