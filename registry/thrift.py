"""Apache Thrift structures in the compact protocol, read with bounds.

The footers and the page headers of Parquet files are such structures. Format:
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from collections.abc import Iterator

MAX_DEPTH = 12

Fields = dict[int, object]
"""The fields of a structure by their numbers."""


class BadThrift(ValueError):
    """A structure cannot be read: the file is damaged, or made to look so."""


class Compact:
    """Reads Thrift structures from bytes; an end too early is an IndexError.

    Args:
        data: the bytes.
        most: how many values may be read, nested ones included.
    """

    def __init__(self, data: bytes, *, most: int) -> None:
        self.data, self.place, self.left = data, 0, most

    def struct(self, depth: int = 0) -> Fields:
        """The fields of a structure by their numbers.

        Raises:
            BadThrift: when it is none, is nested too deeply or holds too many values.
            IndexError: when it has no end.
        """
        if depth > MAX_DEPTH:
            raise BadThrift("a header is nested too deeply")
        return {number: self.value(kind, depth) for number, kind in self.fields()}

    def fields(self) -> Iterator[tuple[int, int]]:
        """Number and type of each field in turn; whoever asks for the next has read its value."""
        number = 0
        while head := self._byte():
            step = head >> 4
            number = number + step if step else self._signed()
            yield number, head & 15

    def length(self) -> int:
        """How many items the list has that begins here; nothing is read."""
        begin = self.place
        try:
            return self._list_head()[0]
        finally:
            self.place = begin

    def value(self, kind: int, depth: int = 0) -> object:
        """The value of a field of one type; raises as `struct` does."""
        self.left -= 1
        if self.left < 0:
            raise BadThrift("it holds too many values")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind in (7, 8):
            return self._bytes(8 if kind == 7 else self._unsigned())
        if kind in (9, 10):
            return self._list(depth + 1)
        if kind == 12:
            return self.struct(depth + 1)
        raise BadThrift(f"a header has a field of type {kind}")

    def _list(self, depth: int) -> list[object]:
        length, kind = self._list_head()
        if depth > MAX_DEPTH or length > len(self.data):
            raise BadThrift("a header is nested too deeply, or has no end")
        if kind not in (1, 2):
            return [self.value(kind, depth) for _ in range(length)]
        return [bit == 1 for bit in self._bytes(length)]

    def _list_head(self) -> tuple[int, int]:
        head = self._byte()
        return head >> 4 if head >> 4 < 15 else self._unsigned(), head & 15

    def _bytes(self, length: int) -> bytes:
        begin, self.place = self.place, self.place + length
        if self.place > len(self.data):
            raise IndexError
        return self.data[begin : self.place]

    def _byte(self) -> int:
        value = self.data[self.place]
        self.place += 1
        return value

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise BadThrift("a number in a header has no end")

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
