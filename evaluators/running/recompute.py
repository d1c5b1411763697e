"""Compute the findings of a statement again, from the public evidence inside it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.guests import installed, outsider_visit
from evaluators.judging import findings
from evaluators.plan import Plan
from evaluators.probe import Oracle, Run, Table
from evaluators.running import planning, sufficiency
from evaluators.running.engine import bound
from registry.errors import Invalid
from registry.findings import Finding, Verdict, as_told

EXACT = ("n", "n_reference", "estimate", "reference_estimate", "effect.value", "p_value",
         "details.difference")  # fmt: skip
WHOLE_FAMILY = (*EXACT, "ci.low", "ci.high", "p_adjusted", "equivalence.p", "mde", "verdict")


class StatementUnfit(Invalid):
    """The statement lacks what a recomputation needs: check its signature and digests only."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What a recomputation says of every finding.

    Args:
        recomputed: {finding, numbers}: these numbers were computed again and agree.
        signature_only: {finding}: nothing public to compute it from; signature and digest hold.
        mismatched: {finding, number, stated, recomputed}.
    """

    recomputed: tuple[Mapping[str, Any], ...]
    signature_only: tuple[Mapping[str, Any], ...]
    mismatched: tuple[Mapping[str, Any], ...]


def recompute(predicate: Mapping[str, Any]) -> Recomputed:
    """Compute a statement's findings again from its public tables.

    Args:
        predicate: of an evaluation report's statement: `plan`, `nonce`, `findings`, `evidence`.

    Raises:
        StatementUnfit: a part is missing.
    """
    try:
        plan = planning.parse(predicate["plan"]["content"])
        stated = [as_told(finding) for finding in predicate["findings"]]
        tables = predicate["evidence"]["public"]["content"]["tables"]
        nonce = str(predicate["nonce"])
    except (KeyError, TypeError, Invalid) as error:
        raise StatementUnfit(
            "这份声明缺少重新计算所需的内容，只能核对签名和摘要。",
            "The statement lacks what a recomputation needs; only signature and digests can be checked.",
        ) from error
    with outsider_visit.visiting():
        again = _again(plan, tables, nonce, stated)
    done, unseen, wrong = [], [], list(_miscounted(predicate, stated))
    for finding in stated:
        name, found = _name(finding), again.get(_key(finding))
        if found is not None and _turned(finding, found):
            found = {**found, "verdict": finding["verdict"]}
        numbers = [] if found is None else _comparable(finding, found, tables)
        if not numbers or found is None:
            unseen.append({"finding": name})
            continue
        differing = [n for n in numbers if not _same(_at(finding, n), _at(found, n))]
        wrong += [
            {"finding": name, "number": n, "stated": _at(finding, n), "recomputed": _at(found, n)}
            for n in differing
        ]
        if not differing:
            done.append({"finding": name, "numbers": numbers})
    return Recomputed(tuple(done), tuple(unseen), tuple(wrong))


def _miscounted(
    predicate: Mapping[str, Any], stated: Sequence[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """Findings that leave out other rows than the report as a whole says, or use more than are left."""
    read = predicate.get("rows_read")
    if not read:
        return
    known = {(each["cause"], each["column"]): each["rows"] for each in read["without"]}
    for finding in stated:
        own = finding.get("left_out") or {}
        parts = [each["rows"] for each in own.get("without", ())]
        for each in own.get("without", ()):
            cause = (each["cause"], each["column"])
            least, here = known.get(cause), each["rows"]
            if cause not in known or (here is not None and least is not None and here < least):
                yield {"finding": _name(finding), "number": f"left_out {' '.join(cause).strip()}",
                       "stated": here, "recomputed": least}  # fmt: skip
        used, rows = own.get("used"), own.get("rows")
        if rows is not None and rows != read["rows"]:
            yield {"finding": _name(finding), "number": "left_out rows", "stated": rows,
                   "recomputed": read["rows"]}  # fmt: skip
        if used is None or rows is None:
            continue
        sure = [known.get((e["cause"], e["column"])) or 0 for e in own["without"]]
        exact = rows - sum(parts) if None not in parts else used
        if used != exact or used > rows - max(sure, default=0):
            yield {"finding": _name(finding), "number": "left_out used", "stated": used,
                   "recomputed": min(exact, rows - max(sure, default=0))}  # fmt: skip


def _again(
    plan: Plan, tables: Mapping[str, Any], nonce: str, stated: Sequence[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """The findings that follow from the tables, by key."""
    found: dict[str, Mapping[str, Any]] = {}
    for planned in plan.probes:
        if planned.id not in tables or planned.id not in installed.names():
            continue
        every = (Table.of_json(entry) for entry in tables[planned.id])
        probe = bound(planned)
        given = [table for table in every if table.keys and table.kind != "units"]
        first = probe.recompute(given, plan, Run(nonce, Oracle("model"), 0))
        plans = _plans(first, [f for f in stated if f["probe"] == planned.id])
        if plans > 1:
            first = probe.recompute(given, plan, Run(nonce, Oracle("model"), 0, plans))
        for finding in first:
            held = sufficiency.judged(finding, probe.spec, plan, None)
            content = findings.settle(held).as_json()
            found[_key(content)] = content
    return found


def _turned(stated: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether what is small by the tables is left open for rows that stand in none of them."""
    left = stated.get("left_out") or {}
    return (
        bool(left.get("turns") and left.get("without"))
        and stated["verdict"] == Verdict.INCONCLUSIVE
        and found["verdict"] == Verdict.EQUIVALENT
    )


def _plans(found: Iterable[Finding], stated: Sequence[Mapping[str, Any]]) -> int:
    """How many registered plans the stated families span, from their sizes."""
    sizes = {_key(f): (f.get("family") or {}).get("size") for f in stated}
    for finding in found:
        own = (finding.family or {}).get("size")
        said = sizes.get(_key(finding.as_json()))
        if own and said and said % own == 0:
            return int(said // own)
    return 1


def _comparable(
    stated: Mapping[str, Any], found: Mapping[str, Any], tables: Mapping[str, Any]
) -> list[str]:
    """The numbers that both have; with a suppressed row the family's own can't be had."""
    if stated.get("suppressed"):
        return []
    keys = set(stated["slice"])
    whole = all(
        counts is not None
        for table in tables[stated["probe"]]
        if set(table["keys"]) == keys
        for _, counts in table["rows"]
    )
    names: tuple[str, ...] = WHOLE_FAMILY if whole else EXACT
    if stated["verdict"] == Verdict.NOT_EVALUABLE:  # why, the tables need not show
        names = tuple(name for name in names if name != "verdict")
    return [n for n in names if _at(stated, n) is not None and _at(found, n) is not None]


def _key(finding: Mapping[str, Any]) -> str:
    return repr((finding["probe"], finding["metric"], sorted(finding["slice"].items())))


def _name(finding: Mapping[str, Any]) -> str:
    about = ", ".join(f"{name}={level}" for name, level in finding["slice"].items())
    return f"{finding['probe']} {finding['metric']} {about}".strip()


def _at(finding: Mapping[str, Any], path: str) -> Any:
    value: Any = finding
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _same(stated: Any, found: Any) -> bool:
    """Equal, or equal to nine digits: another machine may round the tenth the other way."""
    if isinstance(stated, str) or isinstance(found, str):
        return str(stated) == str(found)
    return abs(float(stated) - float(found)) <= 1e-9 * max(1.0, abs(float(stated)))
