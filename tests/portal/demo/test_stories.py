"""What the demo files about its two models is true of a demonstration."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from filing.forms import current
from filing.gate import SERVING
from portal.demo import data

STORIES = Path(data.__file__).parent / "stories"


def story(name: str) -> dict[str, Any]:
    return tomllib.loads((STORIES / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["credit", "pricing"])
def test_a_demonstration_claims_no_service(name: str) -> None:
    """The record itself says so, and so page, list and JSON do, which are made from it."""
    told = story(name)
    answers = told["answers"]
    assert answers["B8"] == "demonstration"
    assert answers["B8"] not in SERVING
    assert "B9" not in answers
    option = current().field("B8").value.option(answers["B8"])
    assert option is not None
    assert "服务中" not in option.name.zh
    assert "演示" in told["explanation"]["declared"]["who"]["zh"]


@pytest.mark.parametrize("name", ["credit", "pricing"])
def test_what_is_used_is_not_left_out_of_what_the_filer_says(name: str) -> None:
    """Every protected input that the model is given is named among the information (H3)."""
    told = story(name)
    columns = told["explanation"]["columns"]
    personal = [each for each in columns.values() if each.get("protected") and "values" in each]
    assert [
        each["plain"]["zh"]
        for each in personal
        if each["plain"]["zh"] not in told["answers"]["H3"]["zh"]
    ] == []


@pytest.mark.parametrize("name", ["credit", "pricing"])
def test_what_people_send_about_a_demonstration_says_that_it_is_one(name: str) -> None:
    """An appeal that is answered, and a report that waits for the authority."""
    appeal, report = story(name)["concerns"]
    assert (appeal["route"], report["route"]) == ("appeal", "report")
    assert "answer" not in report
    for said in (appeal["words"], appeal["answer"], report["words"]):
        assert said.startswith("（演示）")


@pytest.mark.parametrize(
    ("name", "decision"), [("credit", "propose_entry"), ("pricing", "propose_refusal")]
)
def test_one_is_recommended_and_one_is_refused_and_both_say_that_it_is_a_demonstration(
    name: str, decision: str
) -> None:
    told = story(name)["recommended"]
    assert told["decision"] == decision
    for said in (told["words"], told["ties"], *told["offer"].values()):
        assert said["zh"].startswith("（演示）")
        assert said["en"].lower().startswith("(demonstration)")
