"""Every answer may say where it was taken from, with the digest of that."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from filing import dossier, editions, in_full, sources
from filing.answers import WrongAnswer, store
from filing.forms import current
from filing.sources import Origin
from registry import attestation
from tests import cast
from tests.filing.papers import Scene

TAKEN = {"kind": "mlmodel", "sha256": "a" * 64, "place": "signature"}
TEXT = {"zh": "由模型文件写成"}


def refill(scene: Scene, filing: dossier.Filing, raw: Any) -> dict[str, Any]:
    dossier.fill(
        scene.session, by=scene.filer, filing_id=filing.id, revision=filing.revision,
        answers={"D1": raw},
    )  # fmt: skip
    kept: dict[str, Any] = filing.answers["D1"]
    return kept


@pytest.mark.parametrize("kind", [each for each in Origin if each is not Origin.TYPED])
def test_an_answer_carries_its_source_and_says_it_in_both_languages(kind: Origin) -> None:
    kept = store(current(), "D1", {"value": TEXT, "source": TAKEN | {"kind": kind.value}})
    assert kept is not None
    assert kept["source"] == TAKEN | {"kind": kind.value}
    said = in_full.stored(current().field("D1"), kept)
    assert sources.NAMES[kind].zh in said.zh
    assert sources.NAMES[kind].en in said.en
    assert "a" * 64 in said.zh


@pytest.mark.parametrize(
    "wrong",
    [
        "mlmodel", {"kind": "dream", "sha256": "a" * 64}, {"kind": "mlmodel"},
        {"kind": "mlmodel", "sha256": "A" * 64}, {"kind": "mlmodel", "sha256": "a" * 63},
        TAKEN | {"more": 1}, TAKEN | {"place": "x" * 201}, TAKEN | {"place": 7}, {"kind": []},
    ],
)  # fmt: skip
def test_a_source_without_kind_or_digest_is_refused_with_a_remedy(wrong: Any) -> None:
    with pytest.raises(WrongAnswer) as told:
        store(current(), "D1", {"value": TEXT, "source": wrong})
    (reason,) = told.value.reasons
    assert reason.item == "D1"
    assert reason.remedy.zh
    assert reason.remedy.en


def test_a_source_stays_with_its_value_and_goes_with_it(scene: Scene) -> None:
    filing = scene.opened()
    assert refill(scene, filing, {"value": TEXT, "source": TAKEN})["source"] == TAKEN
    assert refill(scene, filing, {"value": TEXT})["source"] == TAKEN, "saved again by the page"
    assert refill(scene, filing, {"value": TEXT, "source": {"kind": "typed"}}) == {"value": TEXT}
    refill(scene, filing, {"value": TEXT, "source": TAKEN})
    assert refill(scene, filing, {"zh": "另写的"}) == {"value": {"zh": "另写的"}}


def test_what_is_copied_from_an_earlier_filing_says_so(scene: Scene) -> None:
    filing = scene.published(D1={"value": TEXT, "source": TAKEN})
    edition = editions.newest(scene.session, filing.id)
    assert edition is not None
    told = {row["key"]: row.get("source") for row in edition.read()["answers"]}
    assert told["D1"] == TAKEN
    assert told["B1"] is None

    again = dossier.open_filing(
        scene.session,
        by=scene.filer,
        version_id=cast.version(scene.session, scene.filer).id,
    )
    assert again.answers["D1"]["source"] == TAKEN, "it was taken from there in the first place"
    value = again.answers["B1"]["value"]
    assert again.answers["B1"]["source"] == {
        "kind": "earlier_filing", "sha256": attestation.digest(value),
    }  # fmt: skip


def test_no_digest_tells_of_a_part_that_is_not_shown(session: Session) -> None:
    scene = Scene(session)
    person = {"post": {"zh": "首席风险官"}, "person": "王小明"}
    filing = scene.published(A6={"value": person, "source": sources.earlier(person)})
    edition = editions.newest(session, filing.id)
    assert edition is not None
    row = next(each for each in edition.read()["answers"] if each["key"] == "A6")
    assert "source" not in row
    assert "source" in filing.answers["A6"]
