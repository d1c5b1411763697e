"""Third parties' probes run in a process of their own, and take nothing down with them."""

import pickle
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from evaluators.guests import installed, outsider_wire
from evaluators.guests.outsider_wire import Described, Nonsense
from evaluators.plan import PlanInvalid
from evaluators.probe import ProbeSpec
from evaluators.running import conformance, engine, passes, planning
from evaluators.running.data import Source
from registry.findings import Verdict
from registry.sandbox.pool_uids import NoFreeUid
from tests.evaluators import plugins
from tests.evaluators.plugins.rude_probes import Counts

TABLE = pa.table({"race": ["a"] * 60 + ["b"] * 60, "granted": [0, 1] * 60})


@pytest.fixture
def rude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with plugins.rude(tmp_path, monkeypatch, sandbox_seconds="5", sandbox_memory="600000000"):
        yield


def plan(*ids: str, **options: Any) -> dict[str, Any]:
    return {
        "title": "t",
        "columns": {"sensitive": ["race"], "prediction": "granted", "favourable": 1},
        "probes": [{"id": name, **options} for name in ids],
    }


def run(*ids: str, shards: int = 1, **options: Any) -> engine.Outcome:
    return engine.run(
        planning.parse(plan(*ids, **options)), TABLE, scorer=None, nonce="n", shards=shards
    )


@pytest.mark.usefixtures("rude")
def test_a_third_partys_probe_runs_without_being_imported_here() -> None:
    made = run("rude_counts", factor=3)

    assert "rude_probes" not in sys.modules
    assert [(f.group, f.n, f.estimate, f.details["people"]) for f in made.findings] == [
        ("a", 60, 0.5, 180), ("b", 60, 0.5, 180),
    ]  # fmt: skip
    (ran,) = made.probes
    assert ran["package"] == {"name": "rude_probes", "version": "1.0", "third_party": True}
    assert ran["isolation"] in {"A", "B"}
    assert "failed" not in ran
    assert made.public_evidence["tables"]["rude_counts"][0]["rows"] == [
        [["a"], [30, 30]], [["b"], [30, 30]],
    ]  # fmt: skip


@pytest.mark.usefixtures("rude")
def test_shards_do_not_matter_behind_the_wall_either() -> None:
    assert run("rude_counts").findings_digest == run("rude_counts", shards=3).findings_digest


@pytest.mark.usefixtures("rude")
def test_a_third_partys_probe_clears_nobody_on_a_handful() -> None:
    """statistics/3: a plugin's findings pass the same rule as ours, whatever units it makes up."""
    made = run("rude_clears")

    assert [ran.get("failed") for ran in made.probes] == [None]
    enough, *few = made.findings
    assert enough.verdict is Verdict.EQUIVALENT
    assert {finding.verdict for finding in few} == {Verdict.INCONCLUSIVE}
    assert "12" in few[0].reading["zh"]
    assert "fewer than 30 rows" in few[0].reading["en"]


class Elsewhere:
    """A reader like Dask's: what it reads for was sent to it."""

    def fold(self, work: passes.Pass, tell: passes.Tell) -> list[passes.Folded]:
        sent: passes.Pass = pickle.loads(pickle.dumps(work))
        return passes.Here(Source(TABLE)).fold(sent, tell)


@pytest.mark.usefixtures("rude")
def test_where_rows_are_read_elsewhere_a_third_partys_probe_stays_here() -> None:
    both = plan("rude_counts", "selection_parity")
    made = engine.run(planning.parse(both), TABLE, scorer=None, nonce="n", through=Elsewhere())

    assert not [ran for ran in made.probes if "failed" in ran]
    assert made.findings_digest == run("rude_counts", "selection_parity").findings_digest


@pytest.mark.usefixtures("rude")
def test_one_that_only_counts_gets_rows_in_groups() -> None:
    (ran,) = run("rude_tallies").findings[:1]
    kind = installed.probe_class("rude_tallies")

    assert kind.counts
    assert (ran.group, ran.n, ran.estimate) == ("a", 60, 0.5)
    assert [
        each.passes
        for each in engine.costs(planning.parse(plan("rude_tallies")), 120, scored=False)
    ] == [1]


@pytest.mark.usefixtures("rude")
def test_small_cells_of_tables_that_stay_sealed_are_withheld_too() -> None:
    rare = pa.table({"race": ["a"] * 60 + ["b"] * 60, "granted": [0, 1] * 30 + [1] * 5 + [0] * 55})
    own = plan("rude_reshapes")
    made = engine.run(planning.parse(own), rare, scorer=None, nonce="n")

    assert made.public_evidence["tables"] == {}
    assert all(finding.suppressed and finding.n is None for finding in made.findings)
    assert {f["n"] for f in made.sealed_evidence["findings"]} == {60}
    assert made.sealed_evidence["tables"]["rude_reshapes"]


@pytest.mark.usefixtures("rude")
def test_a_failing_plugin_is_named_and_the_others_finish() -> None:
    made = run("rude_raises", "selection_parity")

    failed, ours = made.probes
    assert "rude_probes 1.0" in failed["failed"]
    assert "ValueError" in failed["failed"]
    assert "failed" not in ours
    verdicts = {f.probe: f.verdict for f in made.findings}
    assert verdicts["rude_raises"] is Verdict.NOT_EVALUABLE
    assert verdicts["selection_parity"] is not Verdict.NOT_EVALUABLE
    # What it said itself may quote rows: the authority and the tester read it, the public not.
    assert "row 17" in made.sealed_evidence["told"]["rude_raises"]
    assert "row 17" not in repr((made.probes, made.findings, made.public_evidence))


@pytest.mark.usefixtures("rude")
def test_tables_that_contradict_ours_are_not_published() -> None:
    made = run("rude_contradicts", "selection_parity")

    assert set(made.public_evidence["tables"]) == {"selection_parity"}
    assert "contradict" in made.sealed_evidence["told"]["rude_contradicts"]
    assert not any(finding.suppressed for finding in made.findings)


@pytest.mark.usefixtures("rude")
def test_a_plugin_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(PlanInvalid) as refused:
        planning.parse(plan("rude_broken", "selection_parity"))

    (reason,) = refused.value.reasons
    assert reason.item == "probes.rude_broken"
    assert "rude_absent" in reason.said.en


@pytest.mark.usefixtures("rude")
def test_wrong_options_are_told_by_the_plugin_itself() -> None:
    with pytest.raises(PlanInvalid) as refused:
        planning.parse(plan("rude_counts", factor="many", color="red"))

    assert {reason.item for reason in refused.value.reasons} == {
        "probes.rude_counts.factor", "probes.rude_counts.color",
    }  # fmt: skip


def test_without_a_sandbox_third_parties_probes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugins.rude(tmp_path, monkeypatch, sandbox_tier="none"):
        with pytest.raises(installed.ProbeMissing, match="sandbox") as refused:
            installed.probe_class("rude_counts")
        assert "沙箱" in refused.value.said.zh
        assert installed.probe_class("selection_parity").spec.id == "selection_parity"


@pytest.mark.usefixtures("rude")
def test_what_a_busy_machine_prevented_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise NoFreeUid

    with monkeypatch.context() as patch:
        patch.setattr("registry.sandbox.talk.Talk.of", busy)
        with pytest.raises(installed.ProbeMissing, match="did not start"):
            installed.probe_class("rude_counts")
    assert installed.probe_class("rude_counts").spec.id == "rude_counts"


def test_nobody_takes_our_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins.lay(tmp_path, "rude_probes", {"selection_parity": "rude_probes:Counts"})
    with plugins.on_path(tmp_path, monkeypatch):
        assert installed.origin("selection_parity").ours


def test_two_packages_with_one_name_are_told_apart_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = {"rude_counts": "rude_probes:Counts"}
    plugins.lay(tmp_path / "one", "rude_probes", offer)
    plugins.lay(tmp_path / "two", "rude_probes", offer, package="other_probes")
    monkeypatch.syspath_prepend(tmp_path / "two")
    with (
        plugins.on_path(tmp_path / "one", monkeypatch),
        pytest.raises(installed.ProbeMissing, match="other-probes, rude-probes"),
    ):
        installed.probe_class("rude_counts")


@pytest.mark.usefixtures("rude")
def test_the_checks_see_that_both_sides_of_the_wall_agree() -> None:
    conformance.check_isolated(Counts, plan("rude_counts"), TABLE)


def test_every_entry_of_a_spec_crosses_the_wall() -> None:
    beside = {"bare", "counts", "refines", "options_schema", "details_schema", "nulls", "planted"}
    crossing = set(Described.model_fields) - beside
    assert crossing == {f.name for f in fields(ProbeSpec)} - {"options", "details"}


REPLIES: list[tuple[Any, str]] = [
    ({"probe": "x"}, "list"),
    ([{"probe": "x"}], "version"),
    ([1] * 6000, "at most 5000"),
]


@pytest.mark.parametrize(("reply", "said"), REPLIES)
def test_findings_out_of_shape_are_not_taken(reply: Any, said: str) -> None:
    with pytest.raises(Nonsense, match=said):
        outsider_wire.findings_in(reply, probe="x", version="1")


@pytest.mark.parametrize(
    "rows", [[[["a"], [-1]]], [[["a", "b"], [1]]], [[["a"], [1]], [["a"], [2]]], [[["a"], [1.5]]]]
)
def test_tables_out_of_shape_are_not_taken(rows: Any) -> None:
    table = {"name": "t", "kind": "people", "keys": ["g"], "counts": ["n"], "rows": rows}
    with pytest.raises(Nonsense):
        outsider_wire.tables_in([table])


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"\xff", b"1" * 5000])
def test_what_is_no_json_is_nonsense(content: bytes) -> None:
    with pytest.raises(Nonsense):
        outsider_wire.read(content)


CAUSES = {
    "rude_crashes": "crashed",
    "rude_hangs": "wall_clock",
    "rude_exits": "crashed",
    "rude_floods": "output_flood",
    "rude_floods_the_answer": "output_flood",
    "rude_allocates": "Memory|memory",
    "rude_connects": "forbidden_call",
    "rude_starts": "forbidden_call",
    "rude_babbles": "protocol",
    "rude_forges": "nonsense",
}


@pytest.mark.hostile
@pytest.mark.usefixtures("rude")
def test_ten_rude_plugins_in_one_run_each_fail_alone() -> None:
    made = run(*CAUSES, "rude_looks", "rude_counts", "selection_parity")

    failed = {ran["id"]: ran.get("failed", "") for ran in made.probes}
    for name, cause in CAUSES.items():
        assert any(word in failed[name] for word in cause.split("|")), (name, failed[name])
    # It looked for our environment, files and a place to write, and found none of them.
    assert not failed["rude_looks"], made.sealed_evidence["told"]
    for name in ("rude_looks", "rude_counts", "selection_parity"):
        assert not failed[name]
        assert any(f.probe == name and f.n == 60 for f in made.findings)
