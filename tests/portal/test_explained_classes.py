"""The explanation of a classifier that answers with words goes by the evaluation's own rule."""

from collections.abc import Iterator
from typing import Any

import pytest

from portal.work import worker
from registry import explanations, submission
from registry.class_names import ClassesUnfit
from registry.database import transaction
from registry.explanations import Explanation
from registry.submission import Version
from registry.worklist import Work
from tests import models
from tests.portal.installation import EXPLANATION, Installation, installed

pytestmark = pytest.mark.slow
NAMED = {"classes": ["refuse", "approve"], "favourable": "approve"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("words")) as made:
        yield made


@pytest.fixture(scope="module")
def version(place: Installation, tmp_path_factory: pytest.TempPathFactory) -> Version:
    """A classifier whose first class, by its library's order, is the favourable one."""
    folder = models.worded_model(tmp_path_factory.mktemp("model") / "model")
    with transaction(place.factory) as session:
        screened = submission.keep(place.store, folder)
        return submission.record(
            session, screened, by=place.filer, model_name="words", mlflow_version="1"
        ).version


def made(place: Installation, version: Version, plan: dict[str, Any]) -> tuple[Work, Explanation]:
    asked = place.explain(plan, version=version)
    worker.run(place.settings, once=True)
    with place.factory() as session:
        return place.work(asked), explanations.get(session, asked.id)


def sentences(content: dict[str, Any]) -> list[dict[str, Any]]:
    lead: list[dict[str, Any]] = content["questions"][0]["lead"]
    return lead


def test_the_plan_names_the_class_whose_probability_is_explained(
    place: Installation, version: Version, own_signals: None
) -> None:
    work, done = made(place, version, EXPLANATION | NAMED)

    assert work.error is None
    assert done.content is not None
    assert done.content["plan"]["classes"] == {
        "names": ["refuse", "approve"],
        "favourable": "approve",
    }
    (overall,) = [each for each in sentences(done.content) if "favourable" in each["evidence"]]
    assert overall["evidence"]["favourable"] > 0.6 * overall["evidence"]["n"]
    (chosen,) = [each for each in sentences(done.content) if "cut" in each["evidence"]]
    assert "“approve”的机会" in chosen["zh"]
    assert "the chance of “approve”" in chosen["en"]


def test_without_them_it_is_refused_with_what_to_write(
    place: Installation, version: Version, own_signals: None
) -> None:
    work, done = made(place, version, EXPLANATION)

    assert done.content is None
    assert work.error is not None
    assert "说明：classes 和 favourable" in work.error["zh"]
    assert [reason["item"] for reason in work.error["reasons"]] == ["approve", "refuse"]


@pytest.mark.parametrize(
    ("told", "items"),
    [
        ({"classes": ["good"], "favourable": "good"}, {"classes"}),
        ({"classes": "good, bad", "favourable": "good"}, {"classes"}),
        ({"classes": ["good", "bad"]}, {"favourable"}),
        ({"classes": ["good", "bad"], "favourable": "fair"}, {"favourable"}),
        ({"favourable": "good"}, {"classes"}),
        ({**NAMED, "favourable_above": False}, {"favourable_above"}),
        ({**NAMED, "task": "price"}, {"classes"}),
        ({"classes": ["g" * 81, "bad"], "favourable": "bad"}, {"classes"}),
    ],
)
def test_classes_that_do_not_fit_are_refused_when_it_is_asked_for(
    place: Installation, version: Version, told: dict[str, Any], items: set[str]
) -> None:
    with pytest.raises(ClassesUnfit) as refused:
        place.explain(EXPLANATION | told, version=version)

    assert {reason.item for reason in refused.value.reasons} == items
    assert all(reason.remedy.zh and reason.remedy.en for reason in refused.value.reasons)
