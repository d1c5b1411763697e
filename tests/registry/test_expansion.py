"""security/S3: small files that stand for large ones cost little, and honest files pass."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from evaluators.running import files
from registry import archives, expansion, pickles, skops_file, tables, typed_files
from registry.archives import ArchiveRefused
from registry.tables import TableRefused
from tests import exhaustive
from tests.registry import bombs

SECONDS, MEBIBYTES = 2.0, 300.0
ALONE = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "OPENBLAS_NUM_THREADS": "1"}
"""No library starts a thread when it is imported: a fork would not have it."""
Refused = Callable[[str, Path], None]
MEASURING = """
import json, os, resource, sys, tempfile, time
import pandas  # which the first array of pyarrow reads in
from pathlib import Path
from evaluators.running import files
from evaluators.running.files import FileUnfit
from registry import archives, pickles, skops_file, tables
from registry.archives import ArchiveRefused
from registry.tables import TableRefused

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def measure(what, path):
    before, begun = peak(), time.process_time()
    reasons = []
    try:
        if what == "table":
            tables.inspect(path, {})
        elif what == "own":
            files.open_rows(path)
        elif what == "archive":
            with tempfile.TemporaryDirectory(dir=path.parent) as into:
                archives.unpack(path, Path(into), limit=2 << 30)
        elif what == "pickle":
            problem = pickles.walk(path).problem
            reasons = [["pickle", problem.zh, problem.en, "-", "-"]] if problem else []
        else:
            skops_file.foreign_types(path)
    except (TableRefused, ArchiveRefused, FileUnfit) as refused:
        reasons = [[r.item, r.said.zh, r.said.en, r.remedy.zh, r.remedy.en] for r in refused.reasons]
    except ValueError as refused:
        reasons = [["skops", str(refused), str(refused), "-", "-"]]
    seconds = time.process_time() - begun
    print(json.dumps(
        {"seconds": seconds, "mebibytes": peak() - before, "reasons": reasons}
    ), flush=True)

assert len(os.listdir("/proc/self/task")) == 1  # else a fork would not have what it needs
for line in sys.stdin:
    what, path = json.loads(line)
    if (child := os.fork()) == 0:
        measure(what, Path(path))
        os._exit(0)
    if ended := os.waitpid(child, 0)[1]:
        print(json.dumps({"ended": ended}), flush=True)
"""


@pytest.fixture(scope="module")
def measuring() -> Iterator["subprocess.Popen[str]"]:
    """A process that has imported the readers and forks one of its own for each file."""
    with subprocess.Popen(
        [sys.executable, "-c", MEASURING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | ALONE,
    ) as process:
        yield process


@pytest.fixture
def refused_cheaply(measuring: "subprocess.Popen[str]") -> Refused:
    """Hold a file to the limits of time and memory, and its refusal to both languages."""

    def check(what: str, path: Path) -> None:
        assert measuring.stdin
        assert measuring.stdout
        measuring.stdin.write(json.dumps([what, str(path)]) + "\n")
        measuring.stdin.flush()
        found: dict[str, Any] = json.loads(measuring.stdout.readline())
        assert found.get("reasons"), found or "it was not refused"
        assert found["seconds"] < SECONDS, found
        assert found["mebibytes"] < MEBIBYTES, found
        for item, zh, en, remedy_zh, remedy_en in found["reasons"]:
            assert all((item, zh, en, remedy_zh, remedy_en))

    return check


@pytest.mark.parametrize("make", bombs.TABLES, ids=lambda make: make.__name__)
def test_a_small_table_that_stands_for_a_large_one_is_refused_cheaply(
    make: Callable[[Path], None], tmp_path: Path, refused_cheaply: Refused
) -> None:
    """security/S3: 2 s of CPU, 300 MiB; the Parquet files of S3 and their kin."""
    make(tmp_path / "table")
    refused_cheaply("table", tmp_path / "table")


@pytest.mark.parametrize("make", bombs.HEADS, ids=lambda make: make.__name__)
def test_a_file_at_home_is_opened_within_the_same_bounds(
    make: Callable[[Path], None], tmp_path: Path, refused_cheaply: Refused
) -> None:
    """security/S3: `mingsuan evaluate` reads what others sent, too."""
    make(tmp_path / "table")
    refused_cheaply("own", tmp_path / "table")


@pytest.mark.parametrize("form", ["parquet", "arrow", "stream"])
def test_long_texts_are_decoded_in_parts_at_home(form: str, tmp_path: Path) -> None:
    """security/S3: 60,000 rows of one text of 5,000 bytes are never 300 MB at once."""
    path, table = tmp_path / "table", bombs.one_word(60_000)
    if form == "parquet":
        pq.write_table(table, path)
    elif form == "arrow":
        feather.write_feather(table, str(path), compression="zstd")
    else:
        with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
    batches = list(map(_size_and_rows, files.open_rows(path).read()))
    assert sum(rows for _, rows in batches) == 60_000
    assert max(size for size, _ in batches) <= 1.1 * expansion.MAX_PART


def _size_and_rows(batch: pa.RecordBatch) -> tuple[int, int]:
    return batch.get_total_buffer_size(), batch.num_rows


def test_a_stream_of_too_many_columns_is_refused(tmp_path: Path) -> None:
    """security/S3: a stream has no footer; its first message is looked at."""
    whole = pa.table([pa.array([0])] * 2001, names=[f"c{n}" for n in range(2001)])
    for columns, refused in ((2001, True), (2000, False)):
        table = whole.select(range(columns))
        path = tmp_path / f"{columns}"
        with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
        with pytest.raises(files.FileUnfit, match="cannot be read") if refused else nullcontext():
            assert files.open_rows(path).rows == 1


@pytest.mark.slow
@pytest.mark.parametrize("make", bombs.ARCHIVES, ids=lambda make: make.__name__)
def test_a_small_archive_of_zeros_is_refused_cheaply(
    make: Callable[[Path], None], tmp_path: Path, refused_cheaply: Refused
) -> None:
    """security/S3: the tar.gz of 4 GiB, the zip of 1 GiB; nothing is left over."""
    make(tmp_path / "archive")
    refused_cheaply("archive", tmp_path / "archive")
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


@pytest.mark.parametrize(
    "make", [bombs.pickle_of_zeros, bombs.pickle_of_steps, bombs.zip_of_members]
)
def test_a_compressed_pickle_is_given_up_cheaply(
    make: Callable[[Path], None], tmp_path: Path, refused_cheaply: Refused
) -> None:
    """security/S3: the same kind within a submission."""
    make(tmp_path / "model.pkl")
    refused_cheaply("pickle", tmp_path / "model.pkl")


def test_a_list_of_files_is_no_skops_file_and_costs_little(
    tmp_path: Path, refused_cheaply: Refused
) -> None:
    bombs.zip_of_members(tmp_path / "model.skops")
    refused_cheaply("skops", tmp_path / "model.skops")


def test_a_schema_of_brackets_is_refused_cheaply(tmp_path: Path, refused_cheaply: Refused) -> None:
    """security/S3: the same kind within a submission."""
    bombs.skops_of_brackets(tmp_path / "model.skops")
    refused_cheaply("skops", tmp_path / "model.skops")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        exhaustive.case(name, form, kept=turn == at % 2, name=f"{name}-{form}")
        for at, name in enumerate(bombs.honest_tables())
        for turn, form in enumerate(("parquet", "feather"))
    ],
)
def test_an_honest_table_is_read_as_it_is(name: str, form: str, tmp_path: Path) -> None:
    """security/S3: sparse and repeated, but real; every value comes back."""
    table = bombs.honest_tables()[name]
    path = tmp_path / "table"
    if form == "parquet":
        pq.write_table(table, path)
    else:
        feather.write_feather(table, str(path))
    found = tables.inspect(path, {})
    assert found.rows == table.num_rows
    with path.open("rb") as stream:
        read = pa.Table.from_batches(tables.batches(stream, found.format, found.columns))
    for column in table.column_names:
        assert read[column].to_pylist() == table[column].to_pylist()


def test_large_batches_are_decoded_in_parts(tmp_path: Path) -> None:
    """security/S3: what is decoded at once stays small however long the texts are."""
    words = [chr(97 + n % 26) * 100_000 for n in range(1300)]
    pq.write_table(pa.table({"t": words, "n": range(1300)}), tmp_path / "table")
    with (tmp_path / "table").open("rb") as stream:
        size = (tmp_path / "table").stat().st_size
        file = typed_files.open_typed(stream, typed_files.PARQUET)
        object.__setattr__(file, "size", max(size, 10**9))  # the ratio is not this test's
        pieces = list(file.pieces(["t", "n"]))
    assert len(pieces) > 3
    assert all(piece.num_rows * 100_000 <= expansion.MAX_PART for piece in pieces)
    assert [n for piece in pieces for n in piece["n"].to_pylist()] == list(range(1300))


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_damaged_header_is_a_reason_and_no_crash(form: str, tmp_path: Path) -> None:
    """Every byte of the headers in turn: refused or read, never an error of the program's own."""
    path = tmp_path / "table"
    table = pa.table({"t": ["a", "bb"] * 20, "n": list(range(40))})
    if form == "parquet":
        pq.write_table(table, path)
    else:
        feather.write_feather(table, str(path), compression="lz4")
    whole = path.read_bytes()
    for place in range(6, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        with contextlib.suppress(TableRefused):
            tables.inspect(path, {})


def test_an_honest_archive_is_unpacked(tmp_path: Path) -> None:
    """security/S3: 60 MiB that shrink to a hundredth."""
    content = bombs.honest_archive(tmp_path / "archive.zip")
    (tmp_path / "into").mkdir()
    model = archives.unpack(tmp_path / "archive.zip", tmp_path / "into", limit=2 << 30)
    assert (model / "weights.npy").read_bytes() == content


def test_the_reason_names_the_limit_that_was_met(tmp_path: Path) -> None:
    """security/S3: the administrator's limit and the ratio are told apart."""
    bombs.honest_archive(tmp_path / "archive.zip")
    (tmp_path / "into").mkdir()
    with pytest.raises(ArchiveRefused) as refused:
        archives.unpack(tmp_path / "archive.zip", tmp_path / "into", limit=1000)
    assert "1,000" in refused.value.reasons[0].said.en
    assert "administrator" in refused.value.reasons[0].remedy.en


def test_walks_are_bounded() -> None:
    """The modules that open what is inside a submission go by the same rule."""
    assert pickles._room(b"x" * 100) == expansion.FLOOR
    assert pickles._room(b"x" * (20 << 20)) == pickles.MAX_BYTES
    assert skops_file.SMALL_SCHEMA < skops_file.MAX_SCHEMA
