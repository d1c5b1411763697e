"""Attachments of strangers: made anew from pixels in a confined child, or refused by name and reason."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from PIL import Image

from registry import attachments
from registry.attachments import AttachmentsRefused, Kind, NoReader, Sent
from registry.settings import Settings
from tests import exhaustive
from tests.registry.tiers import WAYS, in_turn, offered

SECRET = b"zebra-quokka 31.2304N 121.4737E"
pytestmark = pytest.mark.hostile


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The walls are those of `test_hostile`: in `make test` each is read in one way."""
    exhaustive.share(metafunc, "settings", WAYS)


@pytest.fixture(scope="module")
def settings(request: pytest.FixtureRequest) -> Settings:
    found = offered(request.param)
    return found.model_copy(update={"attachment_pixels": 4_000_000})


def picture(
    kind: str, *, size: tuple[int, int] = (40, 30), mode: str = "RGB", **saved: object
) -> bytes:
    """A picture with its upper left quarter in another colour."""
    made = Image.new(mode, size, "white" if mode != "P" else 0)
    made.paste("red" if mode in {"RGB", "RGBA"} else 1, (0, 0, size[0] // 2, size[1] // 2))
    written = io.BytesIO()
    made.save(written, kind, **saved)
    return written.getvalue()


def exif() -> bytes:
    """EXIF that turns a picture by ninety degrees and holds a place, a maker and a thumbnail."""
    told = Image.Exif()
    told[0x0112] = 6
    told[0x010F] = SECRET.decode()
    told.get_ifd(0x8825).update({1: "N", 2: (31.0, 13.0, 49.0), 29: SECRET.decode()})
    return bytes(told.tobytes())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:])
    return written.getvalue()


def refused(name: str, content: bytes, settings: Settings) -> str:
    with pytest.raises(AttachmentsRefused) as told:
        attachments.read([Sent(name, content)], settings)
    (reason,) = told.value.reasons
    assert reason.said.en
    assert reason.remedy.en
    return next(why for why, (said, _) in attachments.UNFIT.items() if said == reason.said)


def test_nothing_but_the_pixels_is_left_and_they_are_turned(settings: Settings) -> None:
    profile = b"ICC " + SECRET
    jpeg = picture("JPEG", exif=exif(), comment=SECRET, icc_profile=profile) + b"PK\3\4" + SECRET
    webp = picture("WEBP", exif=exif(), icc_profile=profile, xmp=b"<x:xmpmeta>" + SECRET)
    still = picture("PNG", exif=exif(), icc_profile=profile)
    at = still.index(b"IDAT") - 4
    still = still[:at] + chunk(b"tEXt", b"Author\0" + SECRET) + still[at:] + SECRET
    sent = [Sent("a.jpg", jpeg), Sent("b.webp", webp), Sent("c.png", still)]

    made = attachments.read(sent, settings)

    assert [each.kind for each in made] == [Kind.JPEG, Kind.WEBP, Kind.PNG]
    for each in made:
        seen = Image.open(io.BytesIO(each.content))
        assert seen.size == (30, 40), "turned"
        corner = seen.convert("RGB").getpixel((28, 2))
        assert isinstance(corner, tuple)
        assert corner[0] > 200
        assert corner[1] < 60, "the red quarter is on the right now"
        assert not seen.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment", "Author"} & set(seen.info)
        for secret in (SECRET, b"zebra", b"ICC", b"Exif", b"xmpmeta", b"PK\3\4"):
            assert secret not in each.content


MODES = ("1", "L", "P", "RGBA", "I;16", "LA")


@pytest.mark.parametrize(("settings", "mode"), in_turn(WAYS, MODES), indirect=["settings"])
def test_every_kind_of_pixels_is_read(settings: Settings, mode: str) -> None:
    (made,) = attachments.read([Sent("x.png", picture("PNG", mode=mode))], settings)
    assert Image.open(io.BytesIO(made.content)).size == (40, 30)


def test_a_text_is_written_anew(settings: Settings) -> None:
    sent = [Sent("a.TXT", "\ufeff甲\r\n乙".encode()), Sent("b.txt", "甲乙".encode("gb18030"))]
    made = attachments.read([*sent, Sent("c.txt", b"<script>alert(1)</script>")], settings)
    assert [each.content.decode() for each in made] == [
        "甲\n乙",
        "甲乙",
        "<script>alert(1)</script>",
    ]
    assert {each.kind for each in made} == {Kind.TEXT}
    with pytest.raises(AttachmentsRefused):
        attachments.read([Sent("turned.txt", "甲\u202e乙".encode())], settings)


PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>/Names<</EmbeddedFiles 2 0 R>>>>"
CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "bomb": (lambda: png(60_000, 60_000, zlib.compress(bytes(10_000_000), 9)), "too_many_pixels"),
    "header": (lambda: png(100_000, 100_000, b""), "too_many_pixels"),
    "long": (lambda: png(20_000, 1, zlib.compress(bytes(20_001))), "too_many_pixels"),
    "lies": (lambda: png(1000, 1000, zlib.compress(b"\0")), "damaged"),
    "cut png": (lambda: picture("PNG", size=(300, 300))[:-200], "damaged"),
    "cut jpeg": (lambda: picture("JPEG", size=(300, 300))[:-700], "damaged"),
    "cut webp": (lambda: picture("WEBP", size=(300, 300))[:-50], "damaged"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "unknown"),
    "html": (lambda: b"<html><script>1</script></html>", "unknown"),
    "gif": (lambda: picture("GIF", mode="P"), "unknown"),
    "tiff": (lambda: picture("TIFF"), "unknown"),
    "pdf": (lambda: PDF, "pdf"),
    "pdf behind": (lambda: b"\0" * 900 + PDF, "pdf"),
    "heic": (lambda: b"\0\0\0\x18ftypheic" + bytes(200), "heic"),
    "moving png": (lambda: moving("PNG"), "moving"),
    "moving webp": (lambda: moving("WEBP"), "moving"),
    "nothing": (lambda: b"", "empty"),
    "zip": (lambda: b"PK\3\4" + bytes(500), "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "case"), in_turn(WAYS, CASES), indirect=["settings"])
def test_what_is_not_taken_is_named_with_reason_and_remedy(settings: Settings, case: str) -> None:
    make, why = CASES[case]
    assert refused("x.png", make(), settings) == why


def test_noise_in_a_picture_breaks_nothing(settings: Settings) -> None:
    drawn = random.Random(1)
    for kind in ("PNG", "JPEG", "WEBP"):
        content = bytearray(picture(kind, size=(120, 90), exif=exif()))
        for _ in range(30):
            content[drawn.randrange(12, len(content))] = drawn.randrange(256)
        with suppress(AttachmentsRefused):
            (made,) = attachments.read([Sent("x", bytes(content))], settings)
            assert not Image.open(io.BytesIO(made.content)).getexif()


def test_a_telephone_s_double_picture_is_its_first(settings: Settings) -> None:
    one, two = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    written = io.BytesIO()
    one.save(written, "MPO", save_all=True, append_images=[two])
    (made,) = attachments.read([Sent("x.jpg", written.getvalue())], settings)
    seen = Image.open(io.BytesIO(made.content))
    assert seen.format == "JPEG"
    assert getattr(seen, "n_frames", 1) == 1


def test_a_name_is_shown_without_folders_and_what_turns_the_writing(settings: Settings) -> None:
    with pytest.raises(AttachmentsRefused) as told:
        attachments.read(
            [Sent("../../etc/甲\u202egnp.exe", b""), Sent("C:\\x\\y.png", b"")], settings
        )
    items = [each.item for each in told.value.reasons]
    assert items[1] == "y.png"
    assert "/" not in items[0]
    assert "\u202e" not in items[0]


def test_every_file_that_is_not_taken_is_named_at_once(settings: Settings) -> None:
    sent = [Sent("good.png", picture("PNG")), Sent("a.png", b"x"), Sent("b.png", PDF)]
    with pytest.raises(AttachmentsRefused) as told:
        attachments.read(sent, settings)
    assert [each.item for each in told.value.reasons] == ["a.png", "b.png"]


def test_too_many_and_too_large_are_refused_before_anything_is_read() -> None:
    small = Settings(attachments=2, attachment_bytes=10, attachments_bytes=15, sandbox_tier="none")
    for sent in ([b"x"] * 3, [b"x" * 11], [b"x" * 9, b"y" * 9]):
        with pytest.raises(AttachmentsRefused):
            attachments.read([Sent("x.png", each) for each in sent], small)
    with pytest.raises(NoReader):
        attachments.read([Sent("x.png", b"x")], small)
    assert attachments.read([], small) == ()
