"""F-n7/2: a plan that cannot run on the data is refused before it is registered, and so not spent."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from evaluators.plan import Plan
from evaluators.running import planning
from evaluators.running.data import DataUnfit
from portal.work import fitting
from registry import artifacts, datasets
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.datasets import Dataset, Use
from registry.evaluations import Evaluation
from registry.organisations import Role
from registry.submission import Version
from tests import cast
from tests.portal.world import World

COLUMNS = [
    {"name": "income", "role": "input"},
    {"name": "sex", "role": "sensitive"},
    {"name": "outcome", "role": "target"},
]
ROLES: dict[str, Any] = {
    "target": "outcome", "favourable": "归还", "score_favourable": 0, "cut": 0.5,
    "sensitive": ["sex"], "inputs": ["income"],
}  # fmt: skip


def _plan(**columns: Any) -> dict[str, Any]:
    return {"title": "押金", "columns": {**ROLES, **columns}, "probes": [{"id": "error_parity"}]}


class Case:
    """A version, and data with outcomes in words, of one organisation."""

    def __init__(self, world: World, folder: Path, *, twice: bool = False) -> None:
        self.world, self.member = world, world.member("enterprise-own", Role.FILER)
        rows: dict[str, list[Any]] = {
            "income": [1.0, 2.0, 3.0] * 40,
            "sex": ["女", "男"] * 60,
            "outcome": ["归还", "归还", "未归还"] * 40,
        }
        if twice:
            rows["income"] = [float(n) for n in range(60)] * 2
            rows = {name: values[:60] * 2 for name, values in rows.items()}
        pq.write_table(pa.table(rows), folder / "rows.parquet")
        settings = world.site.state.settings
        self.store: ArtifactStore = artifacts.open_store(settings)
        with transaction(world.site.state.factory) as session:
            self.version: Version = cast.version(session, self.member.actor)
            self.version.inputs = [{"name": "income", "type": "double"}]
            self.dataset: Dataset = datasets.register(
                session, self.store, by=self.member.actor, name="押金", use=Use.EVALUATION,
                path=folder / "rows.parquet", columns=COLUMNS, source="合成数据",
                deidentification="合成数据，没有真人", held_out="未用于训练",
            )  # fmt: skip

    def count(self) -> int:
        with self.world.site.state.factory() as session:
            return int(session.query(Evaluation).count())


@pytest.fixture
def case(world: World, tmp_path: Path) -> Case:
    return Case(world, tmp_path)


BAD = [
    ({"favourable": 1, "score_favourable": None}, "columns.favourable", "“归还” 80、“未归还” 40"),
    ({"score_favourable": None}, "columns.score_favourable", "score_favourable"),
    ({"sensitive": ["town"]}, "town", ""),
]


@pytest.mark.parametrize(("columns", "item", "told"), BAD)
def test_what_the_run_would_refuse_is_refused_with_the_same_reasons(
    case: Case, columns: dict[str, Any], item: str, told: str
) -> None:
    plan = planning.parse(_plan(**columns))
    with pytest.raises(DataUnfit) as refused:
        fitting.check(case.store, plan, case.version, case.dataset)
    assert item in {reason.item for reason in refused.value.reasons}
    assert any(told in reason.said.zh + reason.remedy.zh for reason in refused.value.reasons)


def test_a_reference_that_nobody_belongs_to_is_refused(case: Case) -> None:
    plan = planning.parse({**_plan(), "reference": {"sex": "其他"}})
    with pytest.raises(DataUnfit) as refused:
        fitting.check(case.store, plan, case.version, case.dataset)
    assert [reason.item for reason in refused.value.reasons] == ["reference.sex"]


def test_a_plan_that_fits_is_let_through_and_large_data_are_left_to_the_run(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = planning.parse(_plan()), Plan.parse(_plan(score_favourable=None))
    fitting.check(case.store, good, case.version, case.dataset)
    monkeypatch.setattr(fitting, "CELLS", 10)
    fitting.check(case.store, bad, case.version, case.dataset)


@pytest.mark.parametrize(("columns", "item", "told"), BAD)
def test_neither_the_interface_nor_the_page_registers_it(
    case: Case, columns: dict[str, Any], item: str, told: str
) -> None:
    plan = _plan(**{name: value for name, value in columns.items() if value is not None})
    plan["columns"] = {k: v for k, v in plan["columns"].items() if columns.get(k, "") is not None}
    with TestClient(case.world.site) as http:
        answer = http.post(
            f"/api/v1/versions/{case.version.id}/evaluations", headers=case.member.bearer,
            json={"dataset_id": case.dataset.id, "plan": plan},
        )  # fmt: skip
    assert answer.status_code == 422
    assert item in {reason["item"] for reason in answer.json()["reasons"]}

    client, csrf = case.world.browser(case.member)
    fields = {
        "csrf": csrf,
        "version": case.version.id,
        "dataset": case.dataset.id,
        "plan": _toml(plan),
    }
    page = client.post("/zh/evaluations/new", data=fields)
    assert page.status_code == 422
    assert told in page.text
    assert "押金" in page.text
    assert case.count() == 0


def test_doubts_about_the_data_are_told_before_the_run_by_interface_and_page(
    world: World, tmp_path: Path
) -> None:  # statistics/17
    case = Case(world, tmp_path, twice=True)
    plan = planning.parse(_plan())
    (doubt,) = fitting.doubts(case.store, plan, case.version, case.dataset)
    assert doubt.kind == "repeated"
    assert fitting.doubts(case.store, plan, case.version, case.dataset)[0] is doubt  # kept
    with TestClient(world.site) as http:
        answer = http.post(
            f"/api/v1/versions/{case.version.id}/evaluations", headers=case.member.bearer,
            json={"dataset_id": case.dataset.id, "plan": _plan()},
        )  # fmt: skip
    assert answer.status_code == 201
    assert answer.json()["doubts"] == [doubt.told.as_json()]
    client, _ = world.browser(case.member)
    for language, said in (("zh", doubt.told.zh), ("en", doubt.told.en)):
        page = client.get(f"/{language}/evaluations/{answer.json()['id']}")
        assert said in page.text


def _toml(plan: dict[str, Any]) -> str:
    from portal.pages import plan_again

    return plan_again.as_toml(plan)
