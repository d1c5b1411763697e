"""A registry's worker asks a model with the words of the file, and finds what a run at home finds."""

from pathlib import Path

import pytest

from evaluators.plan import Plan
from evaluators.running import engine
from portal.home import exploratory
from portal.work import worker
from registry import datasets, evaluations, reports, submission, worklist
from registry.database import transaction
from registry.datasets import Use
from tests import cast
from tests.evaluators.running.test_file_words import learnt
from tests.portal.installation import installed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PLAN = {
    "title": "词",
    "columns": {"target": "y", "favourable": 1, "cut": 0.5, "sensitive": ["sex"], "inputs": ["c"]},
    "probes": [{"id": "performance"}],
}


@pytest.mark.filterwarnings("ignore")
def test_a_registry_asks_with_the_words_of_the_file(tmp_path: Path, own_signals: None) -> None:
    """issue 9: the data set knew True and False as truths, and signed a false number."""
    saved, _ = learnt(tmp_path, ("True", "False"))
    with installed(tmp_path / "w") as place:
        with transaction(place.factory) as session:
            kept = submission.keep(place.store, saved)
            version = submission.record(
                session, kept, by=place.filer, model_name="words", mlflow_version="1"
            ).version
            data = datasets.register(
                session, place.store, by=place.tester, name="词", use=Use.EVALUATION,
                path=tmp_path / "d.csv", columns=[{"name": n, "role": r} for n, r in
                (("c", "input"), ("y", "target"), ("sex", "sensitive"))],
                source="合成数据", deidentification="合成数据，没有真人", held_out="未用于训练",
            )  # fmt: skip
            engaged = cast.engaged(
                session, version, filer=place.filer, tester=place.tester, budget=10**7
            )
            plan = Plan.parse(PLAN)
            made = evaluations.register_plan(
                session, by=place.tester, version_id=version.id, dataset_id=data.id,
                plan=plan.as_json(), predictions=engine.predictions_needed(plan, data.rows),
                engagement_id=engaged.id,
            )  # fmt: skip
        assert [column["type"] for column in data.columns] == ["boolean", "long", "string"]
        worker.run(place.settings, once=True)
        work = place.work(made)
        assert (work.state, work.error) == (worklist.State.DONE, None)
        predicate = reports.statement(place.report(made))["predicate"]
        home = exploratory.explore(
            PLAN,
            tmp_path / "d.csv",
            asked=exploratory.Asked(saved),
            settings=place.settings,
            nonce=predicate["nonce"],
            tell=engine.silent,
        )
    assert predicate["findings_digest"] == home.report["findings_digest"]
    right = {f["estimate"] for f in home.sealed["findings"] if f["metric"] == "accuracy"}
    assert right == {1.0}
