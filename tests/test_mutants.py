"""A changed number is told from none: what `make mutants` counts is not caught by chance."""

from pathlib import Path

from evaluators.guests import installed
from evaluators.judging import equivalence
from tests import mutants

PROBE = "text_swap"


def test_a_seed_gives_the_same_changes_and_every_probe_has_one() -> None:
    chosen = mutants.chosen(1, 60)
    assert chosen == mutants.chosen(1, 60)
    assert chosen != mutants.chosen(2, 60)
    modules = {each.module for each in chosen}
    assert {installed.probe_class(name).__module__ for name in installed.names()} <= modules
    assert all(each.old != each.new for each in chosen)


def test_a_changed_number_moves_a_certificate_and_a_mere_copy_none(tmp_path: Path) -> None:
    mutants.copied(str(tmp_path))
    assert not mutants.moved(PROBE, str(tmp_path))
    file = tmp_path.joinpath(*equivalence.__name__.split(".")).with_suffix(".py")
    text = file.read_text("utf-8")
    assert text.count('POLICY.value("min_units")') == 1
    file.write_text(text.replace('POLICY.value("min_units")', "10**9"), "utf-8")
    assert mutants.moved(PROBE, str(tmp_path))
