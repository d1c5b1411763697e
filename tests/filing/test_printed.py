"""What is looked for inside: the sentences of explanation and reports that a filed page prints."""

from typing import Any

from sqlalchemy import update

from filing import catalogue, dossier, editions, printed
from filing.dossier import Filing
from filing.listings import Listing
from filing.search_index import SearchIndex
from registry import attestation
from registry.reports import Report
from tests.filing import papers
from tests.filing.papers import Scene


def _said(zh: str, kind: str = "measured") -> dict[str, Any]:
    limit = {"zh": f"{zh}的局限。", "en": f"What {zh} does not show."}
    return {"zh": f"{zh}。", "en": f"It says {zh}.", "kind": kind, "limit": limit}


def _explained(scene: Scene, filing: Filing, lead: str) -> None:
    made = papers.explanation(scene.session, scene.version, scene.filer)
    question = {"id": "moves", "title": {"zh": "什么影响结果", "en": "What moves it"}}
    part = {"title": {"zh": "细说", "en": "In detail"}, "sentences": [_said("更细的一句")]}
    lead_of = [_said(lead), _said("没有人说过这一句", "missing")]
    made.content = {"questions": [{**question, "lead": lead_of, "detail": [part]}]}
    scene.session.flush()
    dossier.attach(
        scene.session,
        by=scene.filer,
        filing_id=filing.id,
        revision=filing.revision,
        explanation_id=made.id,
    )


def _found(scene: Scene, report: Report, readings: list[tuple[str, str]]) -> None:
    """Give a report findings of one probe, each with its verdict and reading."""
    statement = attestation.parse(attestation.payload(attestation.decode(report.envelope)))
    statement["predicate"]["findings"] = [
        {"probe": "x", "verdict": verdict, "reading": {"zh": zh, "en": f"On {zh}"}, "limit": {}}
        for zh, verdict in readings
    ]
    signed = attestation.sign(attestation.canonical(statement), papers.KEY)
    report.envelope = attestation.encode(signed)
    scene.session.flush()


def _published(scene: Scene) -> Filing:
    filing = scene.evaluated()
    report = scene.session.get_one(Report, filing.report_ids[0])
    found = [(f"差异很小之{n}", "equivalent") for n in "甲乙丙丁"]
    _found(scene, report, [*found, ("差得太多的一项", "disparity")])
    _explained(scene, filing, "收入高的人更容易得到")
    scene.file(filing, "check", "submit")
    return scene.rule(filing, "accept", "file", "publish")


INSIDE = (
    *("收入高的人更容易得到", "更容易得到的局限", "更细的一句", "差得太多的一项", "差异很小之丙"),
    *("收入高的人更容易得到。", "It says 收入高", "What moves it", "On 差异很小之甲"),
)


def _missing(scene: Scene, *, index: SearchIndex | None = None) -> list[str]:
    return [each for each in INSIDE if not _total(scene, each, index)]


def _total(scene: Scene, query: str, index: SearchIndex | None = None) -> int:
    return catalogue.search(scene.session, index or SearchIndex(), query, inside=True).total


def test_a_sentence_of_explanation_and_findings_is_found_inside(scene: Scene) -> None:
    _published(scene)
    assert _missing(scene) == []
    assert scene.search("收入高的人更容易得到").total == 0


def test_what_the_page_does_not_print_is_not_found(scene: Scene) -> None:
    """Only the gravest findings of a question stand there, and no sentence that nothing was said."""
    _published(scene)
    assert (_total(scene, "差异很小之丁"), _total(scene, "没有人说过这一句")) == (0, 0)


def test_another_explanation_takes_the_place_of_the_one_before(scene: Scene) -> None:
    index, filing = SearchIndex(), _published(scene)
    assert _total(scene, "收入高的人更容易得到", index) == 1
    scene.file(filing, "amend")
    _explained(scene, filing, "负债低的人更容易得到")
    scene.file(filing, "submit", reason={"zh": "换了说明", "en": "Another one"})
    assert _total(scene, "负债低的人更容易得到", index) == 0
    scene.rule(filing, "accept", "file", "publish")
    assert _total(scene, "收入高的人更容易得到", index) == 0
    assert _total(scene, "负债低的人更容易得到", index) == 1


def test_a_line_of_an_earlier_release_is_indexed_with_what_its_page_prints(scene: Scene) -> None:
    filing = _published(scene)
    listing = scene.session.query(Listing).filter_by(filing_id=filing.id).one()
    card = {name: said for name, said in listing.card.items() if name != "printed"}
    bare = listing.words.split("什么影响结果")[0]
    scene.session.execute(update(Listing).values(card=card, words=bare))
    scene.session.expire_all()
    assert _missing(scene) == []


def test_every_text_stands_once(scene: Scene) -> None:
    filing = _published(scene)
    edition = editions.newest(scene.session, filing.id)
    assert edition is not None
    texts = printed.texts(scene.session, edition.read())
    assert len(texts) == len(set(texts))


def test_no_phrase_reaches_over_two_texts(scene: Scene) -> None:
    """A number ends where a name begins: what stands nowhere is not found."""
    scene.published(B1={"zh": "住房贷款", "en": "A loan"})
    assert [scene.search(each).total for each in ("p住房贷款", "贷款a", "loan示例")] == [0, 0, 0]
    assert scene.search("住房贷款").total == 1
