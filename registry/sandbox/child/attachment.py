"""What runs inside the child that reads what is attached: pictures, plain text, PDFs to be kept.

A picture is decoded and made anew from its pixels, turned as it was meant to be seen, so that
nothing else of the file is left: no EXIF, place, profile, thumbnail, comment, or bytes behind its
end. A text is read and written anew. Whatever cannot be read is refused by a word; a reader that
breaks takes this process with it and nothing else.
"""

import io
import json
import os
import re
import sys
import zlib
from collections.abc import Mapping
from typing import Any

from registry.sandbox.child import confine, talking

PICTURES = ("PNG", "JPEG", "WEBP")
"""A JPEG is also an MPO, as many telephones write it: a second picture stands behind it, and is left out."""
MADE = {"PNG": ("PNG", {}), "JPEG": ("JPEG", {"quality": 92}), "MPO": ("JPEG", {"quality": 92}),
        "WEBP": ("WEBP", {"quality": 90, "method": 2})}  # fmt: skip
LONGEST_SIDE = 16_383
"""What each of the three formats can hold (WebP holds the least)."""
HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheif", b"ftypavif")


class Unfit(Exception):
    """Something that is not taken; its text is the word for why."""


def main(argument: str) -> None:
    """Serve as `argument` (JSON) says; see `registry.attachments`."""
    order: dict[str, Any] = json.loads(argument)
    confine.as_told(order)
    sys.path.extend(order["site"])
    program = os.pread(order["inner"], 1 << 16, 0)
    _warm()
    talking.say(order, b"ready")
    confine.seccomp(program)
    while (message := talking.heard(order)) is not None:
        head, content = _answered(bytes(message))
        written = json.dumps(head).encode()
        talking.say(order, len(written).to_bytes(talking.HEAD, "little"), written, content)
    os._exit(0)


def _warm() -> None:
    """Import now what is imported late, while files can still be opened."""
    from PIL import Image, MpoImagePlugin  # noqa: F401

    Image.MAX_IMAGE_PIXELS = None  # the limit is told with each question, and looked at first
    for name, (made, how) in MADE.items():
        if name == made:
            written = io.BytesIO()
            Image.new("RGB", (2, 2)).save(written, made, **how)
            _picture(written.getvalue(), 4)
    for codec in ("utf-8-sig", "gb18030"):
        b"a".decode(codec)


def _answered(message: bytes) -> tuple[dict[str, str], bytes]:
    size = int.from_bytes(message[: talking.HEAD], "little")
    asked: Mapping[str, Any] = json.loads(message[talking.HEAD : talking.HEAD + size])
    content = message[talking.HEAD + size :]
    try:
        if asked.get("kept"):
            return _seen(content, asked), b""
        if asked["text"]:
            return {"kind": "text"}, _text(content)
        kind, made = _picture(content, asked["pixels"])
    except Unfit as unfit:
        return {"unfit": str(unfit)}, b""
    except MemoryError:
        return {"unfit": "too_large"}, b""
    except Exception:  # noqa: BLE001  # a decoder may raise anything on a broken file
        return {"unfit": "damaged"}, b""
    return {"kind": kind}, made


def _seen(content: bytes, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a file is that is kept as it was sent, and how many pages it has."""
    if b"%PDF-" in content[:1024]:
        return {"kind": "pdf", "pages": _pdf(content)}
    if asked["text"]:
        _text(content)
        return {"kind": "text"}
    kind, _ = _picture(content, asked["pixels"])
    return {"kind": kind}


STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)(?![A-Za-z])")
ENCRYPTED = re.compile(rb"/Encrypt(?![A-Za-z])")
PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
MOST_UNPACKED = 64 * 1024**2


def _pdf(content: bytes) -> int:
    """How many pages a PDF has that holds no script, no file and no lock (ISO 32000-1, 7.5)."""
    if not content[:1024].lstrip().startswith(b"%PDF-") or b"%%EOF" not in content[-2048:]:
        raise Unfit("damaged")
    told = _plain_names(b"".join(_objects(content)))
    if ENCRYPTED.search(told):
        raise Unfit("locked")
    if ACTIVE.search(told):
        raise Unfit("active")
    pages = len(PAGE.findall(told))
    if not pages:
        raise Unfit("damaged")
    return pages


def _objects(content: bytes) -> list[bytes]:
    """What a PDF says outside its streams, and inside the streams that hold objects."""
    found, at, unpacked = [], 0, 0
    for each in STREAM.finditer(content):
        found.append(content[at : each.start()])
        at = each.end()
        if b"/ObjStm" in found[-1][-4096:]:
            reader = zlib.decompressobj()
            inner = reader.decompress(each.group(1), MOST_UNPACKED - unpacked)
            unpacked += len(inner)
            if reader.unconsumed_tail or unpacked >= MOST_UNPACKED:
                raise Unfit("too_large")
            found.append(b"\n" + inner)
    return [*found, content[at:]]


def _plain_names(told: bytes) -> bytes:
    """Names without the escapes by which a name can be written otherwise (`/J#53`)."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda each: bytes([int(each.group(1), 16)]), told)


def _text(content: bytes) -> bytes:
    """Plain text as UTF-8 with plain line ends."""
    for codec in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n").encode()
    raise Unfit("no_text")


def _picture(content: bytes, pixels: int) -> tuple[str, bytes]:
    """The format of a picture, and the picture made anew from its pixels."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if b"%PDF-" in content[:1024]:
        raise Unfit("pdf")
    if content[4:12] in HEIC:
        raise Unfit("heic")
    try:
        opened = Image.open(io.BytesIO(content), formats=PICTURES)
    except UnidentifiedImageError as error:
        known = content.startswith((b"\x89PNG", b"\xff\xd8\xff")) or content[8:12] == b"WEBP"
        raise Unfit("damaged" if known else "unknown") from error
    width, height = opened.size
    if width * height > pixels or max(width, height) > LONGEST_SIDE:
        raise Unfit("too_many_pixels")
    if opened.format != "MPO" and getattr(opened, "n_frames", 1) > 1:
        raise Unfit("moving")
    made, how = MADE[str(opened.format)]
    opened.load()
    plain = _plain(ImageOps.exif_transpose(opened))
    written = io.BytesIO()
    plain.save(written, made, **how)
    return made.lower(), written.getvalue()


def _plain(seen: Any) -> Any:
    """A picture of the same pixels and of nothing else."""
    from PIL import Image

    if seen.mode in {"I", "F"} or seen.mode.startswith("I;16"):  # grey of sixteen bits
        seen = seen.convert("I").point(lambda value: value * (1 / 256) + 0).convert("L")
    clear = "A" in seen.getbands() or "transparency" in seen.info
    mode = "RGBA" if clear else "L" if seen.mode in {"1", "L"} else "RGB"
    seen = seen.convert(mode)
    return Image.frombytes(mode, seen.size, seen.tobytes())
