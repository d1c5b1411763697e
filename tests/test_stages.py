"""What `make test` runs its stages with."""

from pathlib import Path

from tests.stages import in_memory


def test_the_tests_keep_their_files_on_the_disk_where_memory_has_no_room(small_disk: Path) -> None:
    assert not in_memory(small_disk)
    assert not in_memory(small_disk / "nowhere")
