"""What strangers attach: read in a confined child alone, and made anew before anything is kept.

Pictures (PNG, JPEG, WebP) and plain text are taken. What is kept is a picture made from the pixels
or a text written anew; the file as it was sent, and its name, are kept nowhere. Everything else is
refused with what helps: of a PDF or a document, a photograph or screenshot of the page shows what
it says without its scripts, embedded files and names of authors.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePosixPath
from typing import cast

from registry import characters
from registry.errors import Invalid, Reason, Unavailable
from registry.language import Text
from registry.sandbox import Cause, probe_tier
from registry.sandbox.ground import GroundNotOurs
from registry.sandbox.limits import Limits
from registry.sandbox.pool_uids import NoFreeUid
from registry.sandbox.runtime import runtime
from registry.sandbox.talk import HEAD, Ended, Talk
from registry.settings import Settings

MAIN = "registry.sandbox.child.attachment"
SECONDS = 60.0
"""How long one file may take to be read."""
AT_ONCE = 2
"""Readers of one process; who comes later waits for `PATIENCE` seconds and is then sent away."""
PATIENCE = 20.0
GROWTH = 4
"""How much larger than the largest file a picture may be once it is made anew."""
MOST_SHOWN = 80


class Kind(StrEnum):
    """What an attachment is."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    TEXT = "text"
    PDF = "pdf"


MADE_ANEW = frozenset({Kind.PNG, Kind.JPEG, Kind.WEBP, Kind.TEXT})
"""What is taken from strangers; a PDF cannot be made anew, and is kept of those alone who file."""
MEDIA: Mapping[Kind, tuple[str, str, bytes]] = {
    Kind.PNG: ("image/png", "png", b"\x89PNG\r\n\x1a\n"),
    Kind.JPEG: ("image/jpeg", "jpg", b"\xff\xd8\xff"),
    Kind.WEBP: ("image/webp", "webp", b"RIFF"),
    Kind.TEXT: ("text/plain; charset=utf-8", "txt", b""),
    Kind.PDF: ("application/pdf", "pdf", b""),
}
"""Media type, ending of its name, and how its bytes begin."""
ACCEPTED = ".png,.jpg,.jpeg,.webp,.txt,image/png,image/jpeg,image/webp,text/plain"
"""For the file field: a telephone then turns its own format into one of these, or takes a photograph."""
KEPT = f".pdf,application/pdf,{ACCEPTED}"
"""The same for a file that is kept as it was sent."""
_CHOOSE = Text("请换一个 PNG、JPEG、WebP 图片或者 .txt 文件。", "Send a PNG, JPEG or WebP picture or a .txt file.")  # fmt: skip
_SCREEN = Text(
    "请拍照或者截屏，再附上图片。", "Photograph or screenshot it, and attach the picture."
)
UNFIT: Mapping[str, tuple[Text, Text]] = {
    "empty": (Text("是空的。", "It is empty."), _CHOOSE),
    "pdf": (
        Text("是 PDF，里面可能有脚本、附带的文件和作者的名字，这里不收。", "It is a PDF, which may hold scripts, files and names of authors; none is taken."),
        _SCREEN,
    ),
    "heic": (
        Text("是 HEIC 或 AVIF 图片，这里不收。", "It is a HEIC or AVIF picture, which is not taken."),
        _SCREEN,
    ),
    "unknown": (
        Text("不是 PNG、JPEG、WebP 图片，也不是 .txt 文件。", "It is no PNG, JPEG or WebP picture and no .txt file."),
        _CHOOSE,
    ),
    "damaged": (
        Text("读不出来，可能没有传完或者已经损坏。", "It cannot be read; it may be cut off or damaged."),
        Text("请打开看一看，再重新保存或者截屏。", "Open it, then save it again or take a screenshot."),
    ),
    "moving": (
        Text("是动图，只收静止的图片。", "It moves; only still pictures are taken."),
        _SCREEN,
    ),
    "too_many_pixels": (
        Text("像素太多。", "It has too many pixels."),
        Text("请缩小或者截屏。", "Make it smaller, or take a screenshot."),
    ),
    "too_large": (
        Text("太大。", "It is too large."),
        Text("请缩小或者截屏。", "Make it smaller, or take a screenshot."),
    ),
    "locked": (
        Text("是加密的 PDF，打不开。", "It is an encrypted PDF, which cannot be opened."),
        Text("请去掉密码，再另存为 PDF。", "Save it as a PDF without a password."),
    ),
    "active": (
        Text("是带脚本、表单或者附带文件的 PDF，这里不收。", "It is a PDF with scripts, forms or files inside, which is not taken."),
        Text("请打印成 PDF 再附上。", "Print it to a PDF, and attach that."),
    ),
    "not_kept": (
        Text("不是 PDF、PNG、JPEG、WebP，也不是 .txt 文件。", "It is no PDF, no PNG, JPEG or WebP picture and no .txt file."),
        Text("请另存为 PDF 再附上。", "Save it as a PDF, and attach that."),
    ),
    "no_text": (
        Text("不是能读的文字（UTF-8 或 GB 18030）。", "It is no text that can be read (UTF-8 or GB 18030)."),
        _CHOOSE,
    ),
}  # fmt: skip


class AttachmentsRefused(Invalid):
    """An attachment is not taken: each is named with the reason and what helps; nothing was kept."""


class NoReader(Invalid):
    """This installation has no confined place to read an attachment in: send it without."""


class ReadersBusy(Unavailable):
    """Others' attachments are being read: try again in a moment."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it came.

    Args:
        name: as the sender calls it; shown in a refusal and kept nowhere.
        content: its bytes.
    """

    name: str
    content: bytes

    @property
    def shown(self) -> str:
        """Its name without folders, for a sentence."""
        last = self.name.replace("\\", "/").rpartition("/")[2]
        return characters.visible(last)[:MOST_SHOWN] or "?"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One that may be kept.

    Args:
        kind: what it is.
        content: its bytes, made anew.
    """

    kind: Kind
    content: bytes


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file is that is kept as it was sent.

    Args:
        kind: by its content.
        pages: how many a PDF has; None of anything else.
    """

    kind: Kind
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands with a case already: how many, and their bytes in all."""

    count: int = 0
    size: int = 0


def read(
    sent: Sequence[Sent], settings: Settings, *, beside: Kept = Kept()
) -> tuple[Attachment, ...]:
    """Read files in a confined child and make each anew.

    Args:
        sent: the files.
        settings: how many, how large, how many pixels.
        beside: what counts with them.

    Raises:
        AttachmentsRefused: lists each file that is not taken, with reason and remedy.
        NoReader: this installation has no place to read them in.
        ReadersBusy: others' are being read.
    """
    if not sent:
        return ()
    _refuse(_sizes(sent, settings))
    check_room(beside, Kept(len(sent), sum(len(each.content) for each in sent)), settings)
    if not _places.acquire(timeout=PATIENCE):
        raise ReadersBusy(
            "现在有很多附件在读，请稍后再提交；您写的还在。",
            "Many attachments are being read. Send it again in a moment; what you typed is kept.",
        )
    try:
        made = [_read(each, settings) for each in sent]
    finally:
        _places.release()
    _refuse([each for each in made if isinstance(each, Reason)])
    return tuple(each for each in made if isinstance(each, Attachment))


def look(sent: Sent, settings: Settings) -> Looked:
    """Look in a confined child at a file that is kept as it was sent, by those who answer for it.

    Args:
        sent: the file.
        settings: how large, how many pixels.

    Raises:
        AttachmentsRefused: it is of no kind that is kept, too large, damaged, locked or active.
        NoReader, ReadersBusy: as `read` has them.
    """
    _refuse(_sizes([sent], settings))
    if not _places.acquire(timeout=PATIENCE):
        raise ReadersBusy(
            "现在有很多附件在读，请稍后再提交；您写的还在。",
            "Many attachments are being read. Send it again in a moment; what you typed is kept.",
        )
    try:
        answer = _asked(sent, settings, kept=True)
    finally:
        _places.release()
    found = answer if isinstance(answer, Reason) else _looked(sent, answer)
    _refuse([found] if isinstance(found, Reason) else [])
    return cast(Looked, found)


def _looked(sent: Sent, answer: bytes) -> Looked | Reason:
    """What the child says of a file that is kept: one of the kinds, and a number of pages."""
    size = int.from_bytes(answer[:HEAD], "little")
    try:
        told = json.loads(answer[HEAD : HEAD + size])
        unfit = told.get("unfit")
        if unfit is not None:
            named = {"unknown": "not_kept", "pdf": "damaged"}.get(unfit, unfit)
            return _reason(sent, named if named in UNFIT else "damaged")
        pages = told.get("pages")
        return Looked(Kind(told["kind"]), int(pages) if pages is not None else None)
    except (ValueError, KeyError, AttributeError, TypeError):
        return _reason(sent, "damaged")


_places = threading.BoundedSemaphore(AT_ONCE)


def limits(settings: Settings) -> Text:
    """What may be attached, in a sentence."""
    each, whole = settings.attachment_bytes >> 20, settings.attachments_bytes >> 20
    most, pixels = settings.attachments, settings.attachment_pixels // 1_000_000
    return Text(
        f"最多{most}个，每个不超过{each} MiB，合计不超过{whole} MiB；图片不超过{pixels}百万像素。收 PNG、JPEG、WebP 图片和 .txt。",
        f"At most {most}, each of up to {each} MiB and {whole} MiB in all, pictures of up to "
        f"{pixels} million pixels. PNG, JPEG and WebP pictures and .txt are taken.",
    )


def _sizes(sent: Sequence[Sent], settings: Settings) -> list[Reason]:
    found = [_reason(each, "empty") for each in sent if not each.content]
    found += [
        _reason(each, "too_large")
        for each in sent
        if len(each.content) > settings.attachment_bytes
    ]
    return found


def check_room(beside: Kept, more: Kept, settings: Settings) -> None:
    """See that attachments of one case are not too many or too large together.

    Args:
        beside: what stands with the case already.
        more: what is to come.
        settings: how many, how large in all.

    Raises:
        AttachmentsRefused: there is no room for them.
    """
    whole = beside.size + more.size
    if beside.count + more.count > settings.attachments or whole > settings.attachments_bytes:
        said = limits(settings)
        if beside.count:
            said = Text(
                f"{said.zh}这一件已经有{beside.count}个。",
                f"{said.en} This case has {beside.count} already.",
            )
        _refuse([Reason("attachments", said, Text("请少附几个。", "Attach fewer."))])


def _read(sent: Sent, settings: Settings) -> Attachment | Reason:
    """One file, made anew."""
    answer = _asked(sent, settings, kept=False)
    return answer if isinstance(answer, Reason) else _checked(sent, answer, text=_named_text(sent))


def _named_text(sent: Sent) -> bool:
    return PurePosixPath(sent.shown.lower()).suffix == ".txt"


def _asked(sent: Sent, settings: Settings, *, kept: bool) -> bytes | Reason:
    """What the child answers, in a process of its own: what breaks its reader reaches no other file."""
    asked = {"text": _named_text(sent), "pixels": settings.attachment_pixels, "kept": kept}
    head = json.dumps(asked).encode()
    question = (len(head).to_bytes(HEAD, "little"), head, sent.content)
    limited = replace(Limits.of(settings), seconds=SECONDS)
    talk = _talk(settings, limited)
    try:
        talk.ask((), seconds=limited.start_seconds, most=64)
        answer = talk.ask(question, seconds=SECONDS, most=GROWTH * settings.attachment_bytes)
    except Ended as ended:
        if ended.cause in {Cause.NOT_STARTED, Cause.KILLED}:
            raise ReadersBusy(
                "读附件的地方没有准备好，请稍后再提交；您写的还在。",
                "The place where attachments are read is not ready. Send it again in a moment; what "
                "you typed is kept.",
            ) from ended
        large = ended.cause in {Cause.MEMORY, Cause.OUTPUT_FLOOD, Cause.WALL_CLOCK}
        return _reason(sent, "too_large" if large else "damaged")
    finally:
        talk.end()
    return bytes(answer)


def _talk(settings: Settings, limited: Limits) -> Talk:
    tier = probe_tier(settings)
    if tier.name == "none":
        raise NoReader(
            "这里没有能安全读附件的地方，收不了附件。请去掉附件再提交；您写的还在。",
            "Nothing here can read attachments safely, so none is taken. Leave them out and send it "
            "again; what you typed is kept.",
        )
    ways = tier.ways(limited)
    try:
        stage = runtime(for_others=tier.pool_uid).child
        return Talk.of(tier, ways, stage=stage, main=MAIN, trusted=True)
    except (OSError, NoFreeUid, GroundNotOurs) as error:
        raise ReadersBusy(
            "读附件的地方没有准备好，请稍后再提交；您写的还在。",
            "The place where attachments are read is not ready. Send it again in a moment; what you "
            "typed is kept.",
        ) from error


def _checked(sent: Sent, answer: bytes, *, text: bool) -> Attachment | Reason:
    """What the child says, which is believed to be no more than bytes of one of the kinds."""
    size = int.from_bytes(answer[:HEAD], "little")
    try:
        told = json.loads(answer[HEAD : HEAD + size])
        unfit = told.get("unfit")
        kind = Kind(told["kind"]) if unfit is None else None
    except (ValueError, KeyError, AttributeError):
        return _reason(sent, "damaged")
    if kind is None:
        return _reason(sent, unfit if unfit in UNFIT else "damaged")
    content = answer[HEAD + size :]
    if (
        kind not in MADE_ANEW
        or not content.startswith(MEDIA[kind][2])
        or (kind is Kind.TEXT) is not text
        or not content
    ):
        return _reason(sent, "damaged")
    if kind is Kind.TEXT:
        try:
            unseen = characters.reasons(sent.shown, content.decode())
        except UnicodeDecodeError:
            return _reason(sent, "no_text")
        if unseen:
            return unseen[0]
    return Attachment(kind, content)


def _reason(sent: Sent, why: str) -> Reason:
    said, remedy = UNFIT[why]
    return Reason(sent.shown, said, remedy)


def _refuse(reasons: Sequence[Reason]) -> None:
    if reasons:
        raise AttachmentsRefused(
            "有附件不能收，什么都没有保存。您写的还在；文件要重新选。",
            "Some attachments are not taken; nothing was saved. What you typed is kept; choose the "
            "files again.",
            reasons=reasons,
        )
