"""filing/S14: what files are by their content, seen in a confined child and kept as they were sent."""

import io
import zlib

import pytest
from PIL import Image

from registry import attachments
from registry.attachments import AttachmentsRefused, Kind, Looked, Sent
from registry.settings import Settings


def pdf(
    *, pages: int = 2, catalog: bytes = b"", packed: bytes = b"", trailer: bytes = b""
) -> bytes:
    """A PDF of some pages, with what is written into its catalogue, an object stream, its trailer."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        b"<< /Type /Pages /Count %d /Kids [] >>" % pages,
        *[b"<< /Type /Page /Parent 2 0 R >>"] * pages,
    ]
    if packed:
        inner = zlib.compress(packed)
        head = b"<< /Type /ObjStm /Filter /FlateDecode /Length %d >>" % len(inner)
        objects.append(head + b"\nstream\n" + inner + b"\nendstream")
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % each for each in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R " + trailer + b" >>\n%%EOF\n"


def png() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (4, 4)).save(written, "PNG")
    return written.getvalue()


@pytest.fixture
def settings() -> Settings:
    return Settings(sandbox_tier="auto", attachment_bytes=100_000)


@pytest.mark.parametrize(
    ("name", "content", "seen"),
    [
        ("stamped.pdf", pdf(), Looked(Kind.PDF, 2)),
        ("stamped.png", pdf(pages=1), Looked(Kind.PDF, 1)),  # by its content, whatever its name
        ("licence.pdf", png(), Looked(Kind.PNG)),
        ("list.txt", "一句话".encode(), Looked(Kind.TEXT)),
    ],
)
def test_a_file_is_what_its_content_is(
    settings: Settings, name: str, content: bytes, seen: Looked
) -> None:
    assert attachments.look(Sent(name, content), settings) == seen


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "空的"),
        (b"x" * 100_001, "太大"),
        (b"MZ\x90\x00 a program", "不是 PDF"),
        (pdf()[:-10], "读不出来"),
        (b"%PDF-1.7\n%%EOF", "读不出来"),
        (pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "脚本"),
        (pdf(catalog=b"/OpenAction << /S /J#61vaScript >>"), "脚本"),
        (pdf(catalog=b"/Names << /EmbeddedFiles 9 0 R >>"), "附带文件"),
        (pdf(packed=b"9 0 << /S /Launch /F (cmd.exe) >>"), "脚本"),
        (pdf(trailer=b"/Encrypt 8 0 R"), "加密"),
    ],
)
def test_what_is_no_document_or_more_than_one_is_refused(
    settings: Settings, content: bytes, said: str
) -> None:
    with pytest.raises(AttachmentsRefused) as caught:
        attachments.look(Sent("file.pdf", content), settings)
    (reason,) = caught.value.reasons
    assert (reason.item, said in reason.said.zh) == ("file.pdf", True)


def test_an_object_stream_that_unpacks_without_end_is_refused(settings: Settings) -> None:
    bomb = pdf(packed=b"\x00" * (70 * 1024**2))
    assert len(bomb) < settings.attachment_bytes
    with pytest.raises(AttachmentsRefused):
        attachments.look(Sent("file.pdf", bomb), settings)


def test_a_pdf_is_still_taken_from_no_stranger(settings: Settings) -> None:
    with pytest.raises(AttachmentsRefused):
        attachments.read([Sent("file.pdf", pdf())], settings)
