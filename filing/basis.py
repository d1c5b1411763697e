"""The basis of a standing: what the editions say that time and later filings are held against.

Taken from published editions alone, never from the dossier, so that a draft cannot speak in
public. It is small enough to lie beside the filing's line in the catalogue, which is read without
the editions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from filing import applicability, due
from filing.fields import Answers
from filing.forms import group, told_by
from filing.gate import TASKS
from filing.meanings import Meaning, Topic

CARRIED = (Topic.DATA_SETS, Topic.DESIGN, Topic.TRAINING)  # what an evaluation rests on
EXPLAINED = (Topic.DESIGN, Topic.EXPLANATION)  # what an explanation rests on
TOLD_OF_REPORTS = (
    "id", "kind", "countersigned", "made", "model_digest", "version", "task", "required", "probes",
    "verdicts",
)  # fmt: skip


def of(contents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The basis that the last of these editions gives, as a JSON object.

    Args:
        contents: the editions' contents, oldest first.
    """
    content = contents[-1]
    told = told_by(content)
    return {
        "published": content["published"],
        "model": {name: content["model"][name] for name in ("version", "sha256")},
        "grade": {name: content["grade"].get(name) for name in ("level", "name", "changed")},
        "service": told.of(Meaning.SERVICE).get("said"),
        "task": task(told),
        "reports": [
            {name: report[name] for name in TOLD_OF_REPORTS}
            | ({"shown": report["shown"]} if "shown" in report else {})
            for report in content["reports"]
        ],
        "changed": {
            report["id"]: changed_since(contents, report) for report in content["reports"]
        },
        "explanation": content["explanation"],
        "changed_explanation": _changed_explanation(contents),
        "unexplained": unexplained(told),
        "due": [each.as_json() for each in due.every(told)],
    }


def task(told: Answers) -> str | None:
    """The task that evaluations of a filing must have; None where none is asked for.

    Args:
        told: the answers, as an edition tells them.
    """
    return TASKS.get(str(told.value(Meaning.EFFECT)))


def unexplained(told: Answers) -> list[str]:
    """The codes of the filer's own words to the public that apply and were left open.

    Args:
        told: an edition's answers.
    """
    return applicability.missing(told, Topic.EXPLANATION)


def changed_since(
    contents: Sequence[Mapping[str, Any]], report: Mapping[str, Any]
) -> list[dict[str, str]]:
    """The names of fields on data, design and training that changed after a report was made.

    The report speaks of what stood in the first edition that carries it; or in an earlier one on
    the same version, where the report was there by then and was attached only later.

    Args:
        contents: the editions' contents, oldest first.
        report: one that the last of them carries.
    """
    first = next(each for each in contents if _speaks_of(each, report))
    return differing(first["answers"], contents[-1]["answers"])


def _changed_explanation(contents: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The names of fields that an explanation rests on and that changed after it was approved."""
    made = contents[-1]["explanation"]
    if made is None:
        return []
    first = next(each for each in contents if _explained_by(each, made))
    return all_differing(_rested_on(first), _rested_on(contents[-1]))


def _explained_by(content: Mapping[str, Any], made: Mapping[str, Any]) -> bool:
    carried = (content["explanation"] or {}).get("id") == made["id"]
    same = content["model"]["sha256"] == made["model_digest"]
    return carried or bool(same and made["approved"] and content["published"] >= made["approved"])


def _rested_on(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Design and the filer's own words; what the platform fills in changes by itself."""
    form = told_by(content).form
    computed = {field.code for field in form.about(Topic.EXPLANATION).fields if field.computed}
    return [
        row
        for row in content["answers"]
        if group(row["group"]).topic in EXPLAINED and row["code"] not in computed
    ]


def _speaks_of(content: Mapping[str, Any], report: Mapping[str, Any]) -> bool:
    carried = any(each["id"] == report["id"] for each in content["reports"])
    same = content["model"]["sha256"] == report["model_digest"]
    return carried or (same and content["published"] >= report["made"])


def differing(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """The names of the fields on data, design and training whose public answers differ.

    Args:
        before: answers as an edition tells them.
        after: later ones.
    """
    return all_differing(_carried(before), _carried(after))


def all_differing(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """The names of all fields whose public answers differ.

    Args:
        before: answers as an edition tells them.
        after: later ones.
    """
    old, new = ({row["key"]: row for row in rows} for rows in (before, after))
    keys = [key for key in {**old, **new} if _said(old.get(key)) != _said(new.get(key))]
    names = ((old.get(key) or new[key])["name"] for key in keys)
    return list({name["zh"]: dict(name) for name in names}.values())


def _carried(answers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in answers if group(row["group"]).topic in CARRIED]


def _said(row: Mapping[str, Any] | None) -> Any:
    """What an answer says; of a withheld one its salted digest, which stays while the answer does."""
    if row is None or "withheld" in row:
        return row and row["withheld"]["digest"]
    said = {name: row[name] for name in ("value", "not_applicable") if name in row}
    parts = {each["part"]: each["digest"] for each in row.get("withheld_parts", ())}
    return {**said, "withheld_parts": parts} if parts else said
