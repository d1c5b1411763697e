"""What is public already about the people in a data set, when one more report is made.

Two reports about the same rows may give together what each keeps back: the rows that one
suppresses follow from the other by subtraction. So a run's evidence is divided with the earlier
reports beside it: those on the same bytes, whoever registered them, and those on other data of the
same organisation that has the plan's attributes, whose rows may overlap.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from evaluators.plan import Plan
from evaluators.probe import Table
from evaluators.running.attacker import Earlier
from evaluators.running.evidence import Before
from registry import attestation
from registry.artifacts import ArtifactStore
from registry.datasets import Dataset
from registry.errors import Conflict
from registry.evaluations import Evaluation
from registry.organisations import Organisation
from registry.reports import Report, statement

# The roles that say how an answer comes about and is read.
_WORDS = ("favourable", "unfavourable", "missing")
"""How words are read: whether a row has a decision, an outcome or a group at all."""
_ANSWERS = (*_WORDS, "score", "score_favourable", "prediction", "prediction_favourable", "cut",
            "classes", "inputs")  # fmt: skip


class OvertakenByAnother(Conflict):
    """Another report about the same people was handed in meanwhile: divide the evidence again."""


def known(
    session: Session, store: ArtifactStore, made: Evaluation, plan: Plan, *, model_digest: str
) -> Before:
    """The earlier reports about the same people, oldest first.

    Args:
        session: any session.
        store: where sealed evidence is kept.
        made: the evaluation whose evidence is divided.
        plan: its plan.
        model_digest: of the version it is about.
    """
    dataset = session.get_one(Dataset, made.dataset_id)
    reports, named = [], []
    for report, other in _related(session, made, dataset, plan):
        said = statement(report)["predicate"]
        columns = said["plan"]["content"]["columns"]
        same = other.digest == dataset.digest
        with store.open(report.sealed_digest) as evidence:
            sealed = json.load(evidence)
        public = said["evidence"]["public"]["content"]["tables"]  # some tables are sealed alone
        full = tuple(_tables({name: sealed["tables"][name] for name in public}))
        reports.append(
            Earlier(
                full=full,
                shown=tuple(map(_same_rows, full, _tables(public))),
                answers=_answers(columns, report.model_digest),
                outcomes=_outcomes(columns),
                same_rows=same,
                rows=said["data"]["rows"],
            )
        )
        named.append(
            {
                "report": report.id,
                "evidence": said["evidence"]["public"]["digest"],
                "sealed": report.sealed_digest,
                "same_rows": same,
            }
        )
    mine = plan.as_json()["columns"]
    return Before(reports, named, _answers(mine, model_digest), _outcomes(mine))


def check(session: Session, made: Evaluation, plan: Plan, before: Before) -> None:
    """See in the transaction that hands a report in that no other came first.

    Args:
        session: the transaction; the organisation that owns the data is locked in it.
        made: the evaluation.
        plan: its plan.
        before: what its evidence was divided beside.

    Raises:
        OvertakenByAnother: when there is another report by now.
    """
    dataset = session.get_one(Dataset, made.dataset_id)
    session.get_one(Organisation, dataset.organisation_id, with_for_update=True)
    now = [report.id for report, _ in _related(session, made, dataset, plan)]
    if now != [one["report"] for one in before.named]:
        raise OvertakenByAnother(
            "同一批人的另一份报告刚刚交来，要重新划分可公开的内容。",
            "Another report about the same people came first; what may be published is divided anew.",
        )


def _related(
    session: Session, made: Evaluation, dataset: Dataset, plan: Plan
) -> Iterator[tuple[Report, Dataset]]:
    rows = session.execute(
        select(Report, Dataset)
        .join(Evaluation, Evaluation.id == Report.evaluation_id)
        .join(Dataset, Dataset.id == Evaluation.dataset_id)
        .where(
            Report.id != made.id,
            or_(
                Dataset.digest == dataset.digest,
                Dataset.organisation_id == dataset.organisation_id,
            ),
        )
        .order_by(Report.created, Report.id)
    )
    attributes = {*plan.columns.sensitive, *plan.columns.control}
    for report, other in rows:
        if other.digest == dataset.digest or attributes & {str(c["name"]) for c in other.columns}:
            yield report, other


def _tables(by_probe: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Table]:
    for name in sorted(by_probe):
        yield from map(Table.of_json, by_probe[name])


def _same_rows(full: Table, shown: Table) -> Table:
    """A published table with the rows of the sealed one: it also has those that nobody is of."""
    known = dict(shown.rows)
    return replace(shown, rows=tuple((key, known.get(key)) for key, _ in full.rows))


def _answers(columns: Mapping[str, Any], model_digest: str) -> str:
    """What counts of answers depend on: the model, unless the answers stand in the data."""
    model = model_digest if columns.get("inputs") else None
    return attestation.digest([model, {name: columns.get(name) for name in _ANSWERS}])


def _outcomes(columns: Mapping[str, Any]) -> str:
    return attestation.digest([columns.get(name) for name in ("target", *_WORDS)])
