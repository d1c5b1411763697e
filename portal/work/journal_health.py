"""Whether the journal is as it was sealed, and what of that its database alone cannot tell."""

from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from registry import database, last_seal, sealing
from registry.journal_proof import SHOWN, TWICE, Proof, numbers
from registry.language import Text

CHANGED = Text(
    "{n} 处与封存不符：{shown}。请与备份或以前的导出对照，查明是谁改了数据库。",
    "{n} things are not as they were sealed: {shown}. Compare with a backup or an earlier export, "
    "and find out who changed the database.",
)
BROKEN = Text(
    "{n} 行里有读不出来的内容（第 {shown} 行），本平台不会这样写；导出时照原样写成十六进制。请与备份或以前的导出对照，查明是谁改了数据库。",
    "{n} rows hold what cannot be read (row {shown}), and this platform writes no such row; an "
    "export has it in hexadecimal as it is kept. Compare with a backup or an earlier export, and "
    "find out who changed the database.",
)
LOST = Text(
    "这台机器记得 {at} 做的第 {number} 次封存（哈希 {hash}），数据库里没有它：封存被删除或重新做过，或者数据库是从更早的备份恢复的。请与备份或以前的导出对照；查清以后删除 {place}，从现有的封存记起。",
    "This machine remembers seal {number}, made at {at} (hash {hash}), and the database does not "
    "have it: seals were removed or made anew, or the database was restored from an earlier "
    "backup. Compare with a backup or an earlier export; when it is clear, delete {place}, and the "
    "seals that are there are remembered instead.",
)
NONE = Text(
    "日志有 {n} 行，最早的写于 {since}，一次封存也没有：要么从来没有工作进程封存过，要么封存全被删除了；只看数据库分不出是哪一种。请与以前的导出对照，并让工作进程运行，或运行 mingsuan doctor --repair；这样封存的，只证明从封存时起没有改动。",
    "The journal has {n} rows, the oldest of {since}, and not one seal: either no worker ever "
    "sealed, or all seals were removed; the database alone cannot tell which. Compare with an "
    "earlier export, and let a worker run or run mingsuan doctor --repair; what is sealed that way "
    "is proven unchanged from the sealing on, and not before.",
)
WAITED = Text(
    "有的行等了超过一小时还没有封存：请看工作进程是否在运行，或运行 mingsuan doctor --repair。",
    " Rows have waited for more than an hour to be sealed: see whether a worker runs, or run "
    "mingsuan doctor --repair.",
)
LATE = Text(
    "{n} 次封存（第 {shown} 次）里有等了超过一小时的行：当时没有工作进程封存，或者原来的封存被删除后重新做过；只看数据库分不出是哪一种。",
    " In {n} seals (number {shown}) a row had waited for more than an hour: no worker sealed at "
    "the time, or earlier seals were removed and made anew; the database alone cannot tell which.",
)


def examined(factory: sessionmaker[Session], place: Path, patience: float) -> tuple[bool, Text]:
    """Every row against its seal, what this machine remembers, and whether somebody seals.

    Args:
        factory: sessions on the database.
        place: the file in which this machine remembers the last seal.
        patience: seconds after which a row without a seal is told.
    """
    proof = sealing.check(factory)
    twice = list(sealing.ambiguous(factory))
    broken = list(sealing.unreadable(factory))
    wrong = []
    if proof.count:
        wrong.append(CHANGED.format(n=proof.count, shown=proof.shown(SHOWN)))
    if twice:
        wrong.append(TWICE.format(n=len(twice), shown=numbers(twice)))
    if broken:
        wrong.append(BROKEN.format(n=len(broken), shown=numbers(broken)))
    try:
        lost = last_seal.lost(factory, place=place)
    except last_seal.Forgotten as forgotten:
        wrong.append(forgotten.said)
    else:
        if lost is not None:
            told = {"number": lost.number, "at": lost.at, "hash": lost.hash, "place": place}
            wrong.append(LOST.format(**told))
    if wrong:
        return False, Text("".join(each.zh for each in wrong), " ".join(each.en for each in wrong))
    return _of_time(factory, proof, patience)


def _of_time(factory: sessionmaker[Session], proof: Proof, patience: float) -> tuple[bool, Text]:
    """What the moments of rows and seals tell of a journal whose seals all hold."""
    with factory() as session:
        since = sealing.waiting_since(session)
    late = sealing.sealed_late(factory, patience)
    waited = since is not None and (database.now() - since).total_seconds() > patience
    if waited and not proof.seals and since is not None:
        return False, NONE.format(n=proof.waiting, since=since.isoformat(timespec="seconds"))
    told = [proof.said]
    if waited:
        told.append(WAITED)
    if late:
        told.append(LATE.format(n=len(late), shown=numbers(late)))
    return not waited, Text("".join(each.zh for each in told), "".join(each.en for each in told))
