"""Small files that stand for large ones, and honest files that look a little like them."""

import gzip
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

LONG = "长" * 1667  # 5,001 bytes
ZEROS = bytes(1 << 20)


def one_word(rows: int = 2_000_000) -> pa.Table:
    """Many rows, one dictionary value of 5,000 letters."""
    codes = pa.array(np.zeros(rows, dtype=np.int32))
    return pa.table({"x": pa.DictionaryArray.from_arrays(codes, pa.array([LONG]))})


def wide_cells() -> pa.Table:
    """Four cells of 50 MB."""
    return pa.table({"x": ["a" * 50_000_000] * 4})


def parquet_of_one_word(path: Path) -> None:
    pq.write_table(one_word(), path)


def parquet_of_wide_cells(path: Path) -> None:
    pq.write_table(wide_cells(), path, compression="zstd")


def parquet_of_wide_cells_without_a_dictionary(path: Path) -> None:
    pq.write_table(wide_cells(), path, compression="zstd", use_dictionary=False)


def parquet_of_shared_beginnings(path: Path) -> None:
    """DELTA_BYTE_ARRAY: every value says how many letters it takes from the one before."""
    pq.write_table(
        pa.table({"x": [LONG] * 20_000}),
        path,
        use_dictionary=False,
        column_encoding={"x": "DELTA_BYTE_ARRAY"},
    )


def parquet_of_one_number(path: Path) -> None:
    """Twenty columns of 20,000,000 equal numbers: 3.2 GB in a few kilobytes."""
    rows = pa.array(np.zeros(1_000_000))
    with pq.ParquetWriter(path, pa.schema([(f"c{n}", pa.float64()) for n in range(20)])) as out:
        for _ in range(20):
            out.write_table(pa.table({f"c{n}": rows for n in range(20)}))


def arrow_of_one_word(path: Path) -> None:
    feather.write_feather(one_word(), str(path), compression="zstd")


def arrow_of_wide_cells(path: Path) -> None:
    feather.write_feather(wide_cells(), str(path), compression="zstd")


def csv_of_a_wide_cell(path: Path) -> None:
    path.write_text("x,y\n" + "a" * 300_000 + ",1\n")


def csv_of_one_name(path: Path) -> None:
    path.write_text("x" * 300_000)


def parquet_of_many_columns(path: Path) -> None:
    """0.6 MB: one first batch of all columns takes half a gigabyte."""
    zeros = pa.array([0.0] * 20_000)
    pq.write_table(pa.table({f"c{number}": zeros for number in range(2000)}), path)


def _of_columns(number: int) -> pa.Table:
    """One row of this many columns."""
    return pa.table([pa.array([0])] * number, names=[f"c{n}" for n in range(number)])


def parquet_of_names(path: Path) -> None:
    """One row of 30,000 columns: each is an object for whoever reads the footer."""
    pq.write_table(_of_columns(30_000), path)


def parquet_of_names_within_a_column(path: Path) -> None:
    """One column that has 30,000 within it."""
    whole = _of_columns(30_000)
    pq.write_table(pa.table({"s": pa.array([None], pa.struct(list(whole.schema)))}), path)


def parquet_of_row_groups(path: Path) -> None:
    """2,000 columns in 30 row groups of one row: 60,000 pieces to be described."""
    row = _of_columns(2000)
    with pq.ParquetWriter(path, row.schema) as out:
        for _ in range(30):
            out.write_table(row)


def parquet_of_remarks(path: Path) -> None:
    """A footer of 100 MB, nearly all of it remarks."""
    pq.write_table(pa.table({"x": [1]}).replace_schema_metadata({"k": "x" * 50_000_000}), path)


def parquet_of_small_pages(path: Path) -> None:
    """A page for every value."""
    table = pa.table({"x": range(200_000)})
    pq.write_table(table, path, data_page_size=8, write_batch_size=1, use_dictionary=False)


def arrow_of_names(path: Path) -> None:
    feather.write_feather(_of_columns(20_000), str(path), compression="uncompressed")


def arrow_of_many_names(path: Path) -> None:
    """A footer that is longer than any that is read."""
    feather.write_feather(_of_columns(90_000), str(path), compression="uncompressed")


def csv_with_an_empty_first_line(path: Path) -> None:
    """A reader that skips empty lines takes 1,500,000 names from the second."""
    path.write_text("\n" + "x," * 1_500_000 + "\n")


def csv_of_an_endless_first_line(path: Path) -> None:
    """What fits into the first bounded read is 1,990 good names and the beginning of another."""
    names = ",".join(f"{n:0200d}" for n in range(1990))
    path.write_text(f"{names},{'n' * 100}" + ",x" * 1_500_000 + "\n1\n")


def csv_of_short_lines(path: Path) -> None:
    """8 MB of lines with a field too few: a reader that names each is a program that runs for each."""
    path.write_bytes(b"a,b\n" + b"1\n" * 4_000_000)


def csv_of_long_lines(path: Path) -> None:
    """The same with a field too many, behind one line that is in order."""
    path.write_bytes(b"a,b\n1,2\n" + b"1,2,3\n" * 1_300_000)


def csv_of_short_lines_in_gbk(path: Path) -> None:
    """The same in the other encoding."""
    path.write_bytes(b"a,b\n" + "中\n".encode("gb18030") * 2_600_000)


def parquet_of_one_emoji(path: Path) -> None:
    """24 kB that stand for 8,000,000 cells of one emoji, which may stand where it does."""
    codes = pa.array(np.zeros(8_000_000, dtype=np.int32))
    pq.write_table(
        pa.table({"x": pa.DictionaryArray.from_arrays(codes, pa.array(["❤\ufe0f"]))}), path
    )


def tar_of_zeros(path: Path, *, gibibytes: int = 4) -> None:
    """A tar.gz of zeros, about a thousandth of what comes out."""
    info = tarfile.TarInfo("model/weights.bin")
    info.size = gibibytes << 30
    head = info.tobuf()
    packer = zlib.compressobj(6, wbits=-zlib.MAX_WBITS)
    begun = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers to what was before: the same bytes again are as many zeros.
    piece = packer.compress(ZEROS) + packer.flush(zlib.Z_FULL_FLUSH)
    ended = packer.compress(bytes(1024)) + packer.flush()
    crc = zlib.crc32(head)
    for _ in range(gibibytes):
        crc = crc_after_zeros(crc, 30)
    crc, size = crc_after_zeros(crc, 10), len(head) + info.size + 1024
    with path.open("wb") as file:
        file.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + begun)  # the header of gzip
        for _ in range(gibibytes << 10):
            file.write(piece)
        file.write(ended + crc.to_bytes(4, "little") + (size % (1 << 32)).to_bytes(4, "little"))


def crc_after_zeros(crc: int, power: int) -> int:
    """The CRC-32 of something that has `crc`, with two to the `power` zero bytes after it."""
    ones = (1 << 32) - 1

    def applied(columns: list[int], state: int) -> int:
        found = 0
        for place, column in enumerate(columns):
            found ^= column if state >> place & 1 else 0
        return found

    # One zero byte changes the state linearly; the square of a change is the change twice.
    change = [zlib.crc32(b"\0", (1 << place) ^ ones) ^ ones for place in range(32)]
    for _ in range(power):
        change = [applied(change, column) for column in change]
    return applied(change, crc ^ ones) ^ ones


def zip_of_zeros(path: Path) -> None:
    """A zip of 1 GiB of zeros."""
    path.write_bytes(_zip_of_zeros())


@cache
def _zip_of_zeros() -> bytes:
    made = BytesIO()
    with (
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("model/weights.bin", "w", force_zip64=True) as member,
    ):
        for _ in range(1024):
            member.write(ZEROS)
    return made.getvalue()


def zip_that_lies(path: Path) -> None:
    """The same, but the list says that the file has ten bytes."""
    zip_of_zeros(path)
    content = path.read_bytes()
    size = (1 << 30).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (10).to_bytes(4, "little")))


def pickle_of_zeros(path: Path) -> None:
    """A compressed pickle of half a gigabyte."""
    with gzip.open(path, "wb") as packed:
        packed.write(pickle.dumps(b"")[:-1])
        for _ in range(500):
            packed.write(ZEROS)


def pickle_of_steps(path: Path) -> None:
    """Twenty kilobytes that hold twenty million opcodes."""
    with gzip.open(path, "wb") as packed:
        packed.write(b"\x80\x04" + b"N0" * 9_900_000 + b"N.")


def zip_of_members(path: Path) -> None:
    """8 MB that list 170,000 files, all of them one empty file."""
    name, version = b"a", struct.pack("<H", 20)
    first = b"PK\x03\x04" + version + bytes(20) + struct.pack("<HH", len(name), 0) + name
    entry = (
        b"PK\x01\x02" + version * 2 + bytes(20) + struct.pack("<H", len(name)) + bytes(16) + name
    )
    listed = entry * 170_000
    end = struct.pack("<HHHHIIH", 0, 0, 65_535, 65_535, len(listed), len(first), 0)
    path.write_bytes(first + listed + b"PK\x05\x06" + end)


def skops_of_brackets(path: Path) -> None:
    """A skops file whose schema becomes a billion bytes of small objects."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("schema.json", "[" + "[]," * 20_000_000 + "[]]")


HEADS: tuple[Callable[[Path], None], ...] = (
    parquet_of_names,
    parquet_of_names_within_a_column,
    parquet_of_remarks,
    parquet_of_small_pages,
    arrow_of_names,
    arrow_of_many_names,
)
"""Refused at home as well: headers that cost, whatever comes out behind them."""
TABLES: tuple[Callable[[Path], None], ...] = (
    parquet_of_one_word,
    parquet_of_wide_cells,
    parquet_of_wide_cells_without_a_dictionary,
    parquet_of_shared_beginnings,
    parquet_of_one_number,
    arrow_of_one_word,
    arrow_of_wide_cells,
    csv_of_a_wide_cell,
    csv_of_one_name,
    parquet_of_many_columns,
    parquet_of_row_groups,
    csv_with_an_empty_first_line,
    csv_of_an_endless_first_line,
    csv_of_short_lines,
    csv_of_long_lines,
    csv_of_short_lines_in_gbk,
    parquet_of_one_emoji,
    *HEADS,
)
ARCHIVES: tuple[Callable[[Path], None], ...] = (tar_of_zeros, zip_of_zeros, zip_that_lies)


def honest_tables() -> dict[str, pa.Table]:
    """Tables that shrink a great deal and are what they are."""
    numbers = np.random.default_rng(1)
    rows = 500_000
    return {
        "a sparse column of 64 MiB and nothing else": pa.table(
            {"x": np.zeros(8 * 1024 * 1024 - 1024)}
        ),
        "codes with few values, sorted": pa.table(
            {f"c{n}": np.sort(numbers.integers(0, 5, rows)) for n in range(12)}
            | {"id": np.arange(rows)}
        ),
        "long texts, few of them different": pa.table(
            {"t": [LONG[: 100 + n % 7] for n in range(100_000)], "n": numbers.normal(size=100_000)}
        ),
        "texts all different": pa.table({"t": [f"{n} {LONG[:30]}" for n in range(200_000)]}),
        "one text of a quarter of a mebibyte": pa.table({"t": ["a" * 262_144, "b"]}),
        "missing values": pa.table({"t": ["甲", None] * 50_000, "n": [1.0, None] * 50_000}),
    }


def honest_archive(path: Path) -> bytes:
    """A zip of a real model's size: 60 MiB, mostly zeros, and some weights."""
    weights = BytesIO()
    np.save(weights, np.zeros(7_500_000))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("model/weights.npy", weights.getvalue())
        packed.writestr("model/MLmodel", "flavors: {}")
    return weights.getvalue()
