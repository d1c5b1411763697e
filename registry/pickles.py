"""What a pickle would import, found by walking its opcodes; nothing is imported or executed.

A small abstract machine follows the stack and the memo, so that names built from memoised strings
are found. A file is read as each loader that may open it reads it: joblib steps over the arrays that
it writes between opcodes, `pickle` takes their bytes for opcodes. Whatever the machine cannot decide
is a *problem*: the walk fails closed. The walk describes; it never replaces the sandbox.
"""

import bz2
import io
import lzma
import math
import pickletools
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from registry import expansion
from registry.language import Text
from registry.pickle_listed import listed

MAX_BYTES = 512 * 1024**2
MAX_OPCODES = 20_000_000
FEW_OPCODES = 1_000_000
OPCODES_PER_BYTE = 1
MAX_NAMES = 20_000
MAX_NESTING = 3
MAX_MEMBERS = 10_000

_ALIGNMENT = "numpy_array_alignment_bytes"


class Loader(Enum):
    """What may open a file; cloudpickle's loader is `pickle`'s."""

    PICKLE = "pickle"
    JOBLIB = "joblib"


@dataclass(frozen=True, slots=True)
class Walk:
    """What was found.

    Args:
        names: every (module, name) the pickle refers to.
        problem: what the walker cannot decide (with a place `{path}`); None when all is known.
        whole: whether it was followed to its end, as each loader reads it or as far as that loader
            itself would get, so that no name is missing but those put together when it is opened.
        exhausted: whether it was left because following it takes too much work.
    """

    names: frozenset[tuple[str, str]]
    problem: Text | None
    whole: bool
    exhausted: bool = False

    @property
    def unlisted(self) -> tuple[str, ...]:
        """Every `module.name` that is not on the list, sorted."""
        return tuple(
            sorted(f"{module}.{name}" for module, name in self.names if not listed(module, name))
        )


@dataclass(slots=True)
class _Seen:
    """What a walk has come upon so far."""

    names: set[tuple[str, str]] = field(default_factory=set)
    doubt: Text | None = None

    def wonder(self, why: str) -> None:
        """Note what cannot be decided; the walk goes on, for names may follow."""
        self.doubt = self.doubt or _undecided(_Undecidable(why))


class _Undecidable(Exception):
    """The walker cannot tell what a loader would do."""


class _Exhausted(_Undecidable):
    """Following it to the end would take more work than the submission is worth."""


class _Broken(Exception):
    """A loader itself stops here with an error."""


def looks_like(path: Path) -> bool:
    """Whether the file begins as a pickle of protocol 2 or later."""
    with path.open("rb") as file:
        head = file.read(2)
    return len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5


def walk(path: Path, *loaders: Loader, effort: "Effort | None" = None) -> Walk:
    """Walk a pickle file, also inside gzip, zlib, bzip2, xz, lzma and zip.

    Args:
        path: the file.
        loaders: what may open it; where none is named, any.
        effort: what may be spent on all files of a submission; None where the file came alone.
    """
    seen, effort = _Seen(), effort or Effort(path.stat().st_size)
    stopped: list[Exception] = []
    try:
        with path.open("rb") as file:
            for stream in _contents(file, path.stat().st_size):
                stopped += _look(stream, seen, effort, loaders or tuple(Loader))
    except _UNFINISHED as error:
        stopped.append(error)
    if stopped:
        exhausted = any(isinstance(each, _Exhausted) for each in stopped)
        return Walk(
            frozenset(seen.names), _undecided(stopped[0]), whole=False, exhausted=exhausted
        )
    return Walk(frozenset(seen.names), seen.doubt, whole=True)


def _look(
    stream: BinaryIO, seen: _Seen, effort: "Effort", loaders: tuple[Loader, ...]
) -> list[Exception]:
    """Read a stream as each loader does; why that tells too little, where it does.

    A loader that stops with an error shows no more than was seen, if another gets to the end. Where
    the walker cannot tell what a loader would do, the others say nothing about it.
    """
    broken: list[Exception] = []
    for loader in loaders:
        stream.seek(0)
        try:
            _Machine(stream, seen, effort, loader).run()
            if stream.read(1):
                raise _Broken("bytes after the end of the pickle")
        except _Undecidable as error:
            return [error]
        except _UNFINISHED as error:
            broken.append(error)
    return broken if len(broken) == len(loaders) else []


def _undecided(error: Exception) -> Text:
    why = " ".join(str(error).split())[:120].replace("{", "(").replace("}", ")")
    return Text(
        f"{{path}} 无法逐条查清（{why}），按不可信处理",
        f"{{path}} cannot be followed to its end ({why}); it counts as untrusted",
    )


_UNFINISHED = (
    _Undecidable,
    _Broken,
    ValueError,
    LookupError,
    OSError,
    EOFError,
    TypeError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    RuntimeError,
)
_WRAPPINGS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(31)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
    (b"\x5d\x00\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)),
    (b"\x78", zlib.decompressobj),
)
_ZIP = b"PK\x03\x04"
_PACKED = (_ZIP, *(head for head, _ in _WRAPPINGS))


def _contents(file: BinaryIO, size: int) -> Iterator[BinaryIO]:
    """What is to be walked in a file: itself, or what is packed in it."""
    head = file.read(max(len(head) for head in _PACKED))
    if size > MAX_BYTES:
        raise _Undecidable(f"more than {MAX_BYTES} bytes")
    file.seek(0)
    if head.startswith(_PACKED):
        yield from _layers(file.read(), 0)
    else:
        yield file


def _layers(data: bytes, depth: int) -> Iterator[BinaryIO]:
    if depth > MAX_NESTING:
        raise _Undecidable("nested too deeply")
    if data.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_MEMBERS:
                raise _Undecidable(f"more than {MAX_MEMBERS} files in it")
            if sum(member.file_size for member in archive.infolist()) > _room(data):
                raise _Undecidable("unpacks to too many bytes")
            for member in archive.infolist():
                yield from _layers(archive.read(member), depth + 1)
        return
    for head, opener in _WRAPPINGS:
        if data.startswith(head):
            yield from _layers(_inflate(opener(), data), depth + 1)
            return
    yield io.BytesIO(data)


def _inflate(decompressor: Any, data: bytes) -> bytes:
    inflated: bytes = decompressor.decompress(data, _room(data))
    if not decompressor.eof or decompressor.unused_data:
        raise _Undecidable("compressed data is cut off, too large or followed by more")
    return inflated


def _room(data: bytes) -> int:
    """How many bytes may come out of these; a few kilobytes cannot stand for half a gigabyte."""
    return min(MAX_BYTES, expansion.allowed(len(data), expansion.ARCHIVE_RATIO))


@dataclass(frozen=True, slots=True)
class _Global:
    module: str
    name: str


@dataclass(frozen=True, slots=True)
class _Made:
    """An object made by calling `maker`."""

    maker: _Global
    arguments: Any


_WRAPPER_ITSELF = _Global("joblib.numpy_pickle", "NumpyArrayWrapper")


class _Opaque:
    """A value whose content does not matter."""


_OPAQUE = _Opaque()
_MARK = object()
_OPCODES = {each.code: each for each in pickletools.opcodes}
_CONSTANTS = frozenset(
    [
        "INT",
        "LONG",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "FLOAT",
        "BINFLOAT",
    ]
)
_VALUES: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}


class Effort:
    """Counts the opcodes of all files of a submission against the bytes that were sent.

    Following a million takes about a second; a few kilobytes, unpacked, can hold twenty million,
    and so can each of many files. Real models need far less than one a byte, compressed.

    Args:
        sent: how many bytes came through the door, packed as they were.
    """

    def __init__(self, sent: int) -> None:
        self._left = min(MAX_OPCODES, FEW_OPCODES + OPCODES_PER_BYTE * sent)

    def count(self) -> None:
        """Count one.

        Raises:
            _Exhausted: when that is too many.
        """
        self._left -= 1
        if self._left < 0:
            raise _Exhausted("too many opcodes for its size")


class _Machine:
    """Follows one pickle: constants, tuples and small dictionaries exactly, the rest opaquely."""

    def __init__(self, stream: BinaryIO, seen: _Seen, effort: Effort, loader: Loader) -> None:
        self._stream = stream
        self._effort = effort
        self._seen = seen
        self._loader = loader
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> None:
        """Follow the opcodes up to STOP, collecting names."""
        while code := self._stream.read(1):
            self._effort.count()
            opcode = _OPCODES.get(code.decode("latin-1"))
            if opcode is None:
                raise _Broken(f"unknown opcode {code!r}")
            if opcode.name == "STOP":
                return
            self._step(opcode.name, self._argument(opcode))
        raise _Broken("no STOP")

    def _argument(self, opcode: pickletools.OpcodeInfo) -> Any:
        if opcode.arg is None:
            return None
        if opcode.name in {"INT", "LONG"}:
            return _whole_number(self._stream.readline())
        return opcode.arg.reader(self._stream)

    def _step(self, name: str, argument: Any) -> None:
        if name in _CONSTANTS:
            self._stack.append(argument)
        elif name in _VALUES:
            self._stack.append(_VALUES[name])
        elif name not in {"PROTO", "FRAME"}:
            action = getattr(self, f"_{name.lower()}", None)
            if action is None:
                raise _Broken(f"opcode {name}")
            action(argument)

    def _to_mark(self) -> list[Any]:
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place] is _MARK:
                items = self._stack[place + 1 :]
                del self._stack[place:]
                return items
        raise _Broken("no mark")

    def _readonly_buffer(self, _: Any) -> None:
        """The value on top stays what it is."""

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _empty_dict(self, _: Any) -> None:
        self._stack.append({})

    def _empty_list(self, _: Any) -> None:
        self._stack.append(_OPAQUE)

    _empty_set = _empty_list

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._to_mark()))

    def _gather(self, count: int) -> None:
        items = [self._stack.pop() for _ in range(count)]
        self._stack.append(tuple(reversed(items)))

    def _tuple1(self, _: Any) -> None:
        self._gather(1)

    def _tuple2(self, _: Any) -> None:
        self._gather(2)

    def _tuple3(self, _: Any) -> None:
        self._gather(3)

    def _list(self, _: Any) -> None:
        self._to_mark()
        self._stack.append(_OPAQUE)

    _frozenset = _list

    def _dict(self, _: Any) -> None:
        items = self._to_mark()
        self._stack.append({})
        self._set(items)

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=True):
                if isinstance(key, str):
                    target[key] = value

    def _append(self, _: Any) -> None:
        self._stack.pop()

    def _appends(self, _: Any) -> None:
        self._to_mark()

    _additems = _appends

    def _setitem(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _setitems(self, _: Any) -> None:
        self._set(self._to_mark())

    def _name(self, module: Any, name: Any) -> "_Global | _Opaque":
        if not isinstance(module, str) or not isinstance(name, str):
            self._seen.wonder("a name that is put together at run time")
            return _OPAQUE
        self._seen.names.add((module, name))
        if len(self._seen.names) > MAX_NAMES:
            raise _Exhausted(f"more than {MAX_NAMES} names")
        return _Global(module, name)

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._stack.append(self._name(module, name))

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(self._name(module, name))

    def _inst(self, argument: str) -> None:
        arguments = tuple(self._to_mark())
        module, _, name = argument.partition(" ")
        self._make(self._name(module, name), arguments)

    def _obj(self, _: Any) -> None:
        maker, *arguments = self._to_mark()
        self._make(maker, tuple(arguments))

    def _make(self, maker: Any, arguments: Any) -> None:
        if (
            self._loader is Loader.JOBLIB
            and isinstance(arguments, tuple)
            and _WRAPPER_ITSELF in arguments
        ):
            raise _Undecidable("an array of unknown size")  # made in a way that is not followed
        if isinstance(maker, _Global):
            self._stack.append(_Made(maker, arguments))
        else:
            self._seen.wonder("a call of something that is not named")
            self._stack.append(_OPAQUE)

    def _reduce(self, _: Any) -> None:
        arguments, maker = self._stack.pop(), self._stack.pop()
        self._make(maker, arguments)

    _newobj = _reduce

    def _newobj_ex(self, _: Any) -> None:
        self._stack.pop()
        self._reduce(None)

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _put(self, argument: Any) -> None:
        self._memo[int(argument)] = self._stack[-1]

    _binput = _long_binput = _put

    def _get(self, argument: Any) -> None:
        self._stack.append(self._memo[int(argument)])

    _binget = _long_binget = _get

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _pop(self, _: Any) -> None:
        self._stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._to_mark()

    def _build(self, _: Any) -> None:
        state = self._stack.pop()
        top = self._stack[-1]
        if (
            self._loader is Loader.JOBLIB
            and isinstance(top, _Made)
            and top.maker == _WRAPPER_ITSELF
        ):
            self._step_over_array(state)

    def _step_over_array(self, state: Any) -> None:
        """Skip the bytes of an array, which joblib writes right behind its wrapper's BUILD."""
        if not isinstance(state, dict) or not isinstance(shape := state.get("shape"), tuple):
            raise _Undecidable("an array of unknown size")
        dtype = state.get("dtype")
        code = dtype.arguments[0] if isinstance(dtype, _Made) and dtype.arguments else None
        described = re.fullmatch(r"([a-zA-Z])(\d+)", code) if isinstance(code, str) else None
        if described is None or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise _Undecidable("an array of unknown size")
        kind, width = described[1], int(described[2])
        if kind == "O":  # joblib lets `pickle` read it
            _Machine(self._stream, self._seen, self._effort, Loader.PICKLE).run()
            return
        size = math.prod(shape) * width * (4 if kind == "U" else 1)
        padding = self._stream.read(1)[0] if state.get(_ALIGNMENT) is not None else 0
        left = len(self._stream.read(min(padding + size, MAX_BYTES + 1)))
        if left != padding + size:
            raise _Broken("an array that is cut off")


def _whole_number(line: bytes) -> Any:
    """A number in text as `pickle` reads it, in any base; what is none does not matter here."""
    try:
        return int(line.strip().removesuffix(b"L"), 0)
    except ValueError:
        return {b"00": False, b"01": True}.get(line.strip(), _OPAQUE)
