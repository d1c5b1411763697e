"""What the register itself says of a filing: every row of the list's last group, told from the record."""

from typing import Any

from filing import catalogue, recorded
from filing.dossier import Filing
from registry import legal_day
from tests.filing.papers import Scene
from tests.filing.test_catalogue import again, sealed

LISTED = (
    "number", "address", "form", "state", "clocks", "chain", "notes", "log", "completeness",
    "consistency", "links", "freshness", "open", "confirmed",
)  # fmt: skip
"""In the order of the list of what a filing holds."""


def told(scene: Scene, filing: Filing) -> dict[str, Any]:
    rows = recorded.rows(*catalogue.told(scene.session, str(filing.number)))
    return {each.id: each for each in rows}


def test_every_row_of_the_list_is_told_in_its_order_and_in_both_languages(scene: Scene) -> None:
    rows = told(scene, scene.published())
    assert tuple(rows) == LISTED
    assert [each.code for each in rows.values()] == [f"J{n}" for n in range(1, 15)]
    assert all(each.said.zh and each.said.en for each in rows.values())


def test_number_state_and_editions_are_those_of_the_record(scene: Scene) -> None:
    filing = sealed(scene)
    again(scene, filing, {"B1": "新名称"})
    rows, today = told(scene, filing), legal_day.today()
    assert rows["number"].said.zh == filing.number
    assert rows["state"].said.zh == f"已公示，{today}起"
    digests = [each.digest for each in catalogue.history(scene.session, str(filing.number)).turns]
    assert all(each in rows["chain"].said.zh for each in digests)
    assert rows["notes"].said.zh == "第2次：更新"
    assert "全部或者部分申请不公开的1项" in rows["completeness"].said.zh
    assert rows["open"].said.zh == "0件，尚未核实"


def test_what_is_not_looked_at_is_told_as_that(scene: Scene) -> None:
    rows = told(scene, scene.published())
    assert rows["links"].said.zh == "材料里的网址没有核对能不能打开。"
    assert rows["clocks"].said.zh == "这里没有按期限计时。"
