"""What a run states of itself, in a registry or at home: the same words for the same things."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators import policy
from evaluators.plan import Plan
from evaluators.running import planning
from evaluators.running.data_doubts import Doubt
from evaluators.running.engine import Outcome
from filing.law import FILING_STATEMENT
from registry import attestation
from registry.findings import Verdict

PACKAGES = ("mingsuan", "numpy", "scipy", "pyarrow", "scikit-learn", "mlflow-skinny")


def measured(
    plan: Plan,
    outcome: Outcome,
    configuration: Mapping[str, str],
    doubts: Sequence[Doubt] = (),
) -> dict[str, Any]:
    """The part of a report's predicate that follows from the run alone.

    Args:
        plan: what was tested.
        outcome: what was found.
        configuration: name → SHA-256 of what the run was given.
        doubts: what about the data makes the numbers doubtful.
    """
    found = [finding.as_json() for finding in outcome.findings]
    return {
        "task": planning.task(plan),
        "required_probes": sorted(policy.required(planning.task(plan))),
        "probes": [dict(probe) for probe in outcome.probes],
        "rows_read": dict(outcome.left_out),
        "data_doubts": [each.as_json() for each in doubts],
        "findings": found,
        "findings_digest": outcome.findings_digest,
        "test_result": test_result(found, configuration),
        "statements": [FILING_STATEMENT.as_json()],
    }


def test_result(
    found: Sequence[Mapping[str, Any]], configuration: Mapping[str, str]
) -> dict[str, Any]:
    """The findings in the shape of in-toto's test-result predicate.

    A finding *equivalent* passed, *disparity* failed, and everything that is open is a warning.

    Args:
        found: findings as JSON.
        configuration: name → SHA-256 of what the run was given.
    """
    lists: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    where = {Verdict.EQUIVALENT: "passedTests", Verdict.DISPARITY: "failedTests"}
    for each in found:
        lists[where.get(Verdict(each["verdict"]), "warnedTests")].append(_test_name(each))
    failed, warned = lists["failedTests"], lists["warnedTests"]
    return {
        "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
        "configuration": [
            {"name": name, "digest": {"sha256": digest}} for name, digest in configuration.items()
        ],
        **lists,
    }


def _test_name(found: Mapping[str, Any]) -> str:
    where = ",".join(f"{name}={level}" for name, level in sorted(found["slice"].items()))
    return f"{found['probe']}@{found['version']}/{found['metric']}[{where}]"


def digested(content: dict[str, Any]) -> dict[str, Any]:
    """Content with the digest that binds it."""
    return {"digest": attestation.digest(content), "content": content}


def program() -> dict[str, Any]:
    """With which releases it ran, and on what; outside of every digest."""
    return {
        "engine": {"name": "mingsuan", "version": importlib.metadata.version("mingsuan")},
        "environment": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        },
    }
