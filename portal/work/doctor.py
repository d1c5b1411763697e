"""Whether an installation is whole: what `mingsuan doctor` examines, and what it can put right.

Examining changes nothing. Repairing does only what can be done twice: it applies effects that
wait, files versions that MLflow has not, lets parked work go on, and removes what is left over.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from evaluators.guests import installed
from filing import editions, search_index
from portal import migrations
from portal.work import (
    abandoned,
    at_rest,
    effects,
    enrolment,
    installed_here,
    journal_health,
    signer,
)
from registry import (
    artifacts,
    attendance,
    database,
    datasets,
    last_seal,
    mlflow_store,
    modes,
    outbox,
    sealing,
    store_mark,
    submission,
    troubles,
    worklist,
)
from registry.artifacts import ArtifactStore
from registry.database import transaction
from registry.errors import RegisterError
from registry.language import Text
from registry.mlflow_store import MlflowRegistry
from registry.reports import Report
from registry.sandbox import probe_tier
from registry.sandbox.ground import open_to_others
from registry.sandbox.runtime import runtime
from registry.settings import Settings
from registry.submission import Model, Version

UNTAKEN = 600.0
"""Seconds after which work that nobody takes is told."""
UNSEALED = 3600.0
"""Seconds after which a row of the journal that no seal holds is told."""
SHOWN = 5
UNFINISHED = Text(
    "这项检查没有做完（{what}）。请先看其他几项有没有指出原因；没有时，请把这句话报告给维护者。",
    "This check could not be finished ({what}). See first whether another check names the cause; "
    "where none does, report this sentence to the maintainers.",
)


@dataclass(frozen=True, slots=True)
class Check:
    """What one examination found.

    Args:
        name: what was examined.
        ok: whether it is as it should be.
        said: what was found, and what to do where it is not.
    """

    name: Text
    ok: bool
    said: Text

    def as_json(self) -> dict[str, Any]:
        """The check as a JSON object."""
        return {"name": self.name.as_json(), "ok": self.ok, "said": self.said.as_json()}


@dataclass(frozen=True, slots=True)
class Place:
    """An installation, opened.

    Args:
        settings: of the installation.
        engine: on its database.
        factory: sessions on it.
        store: its artifacts.
    """

    settings: Settings
    engine: Engine
    factory: sessionmaker[Session]
    store: ArtifactStore


def examine(settings: Settings) -> list[Check]:
    """Examine everything; one failure hides no other.

    Args:
        settings: of the installation.
    """
    with _opened(settings) as place:
        first = _safely(_database, place)
        rest = (_store, _mlflow, _journal, _editions, _outbox, _worklist) if first.ok else ()
        always = (_address, _modes, _search, _signer, _sandbox, _runtime, _probes, _spool)
        others = [_safely(check, place) for check in (*rest, *always)]
        return [_safely(_place, place), first, *others]


def repair(settings: Settings) -> list[Text]:
    """Put right what can be, and say what was done.

    Args:
        settings: of the installation.

    Raises:
        RegisterError: when the store does not answer.
    """
    with _opened(settings) as place:
        done = [*at_rest.close(settings), at_rest.remove_left_overs(settings)]
        if not _database(place).ok:
            return [
                *done,
                Text(
                    "数据库不可用或版本不符，其余未修复。请先运行 mingsuan serve 或迁移数据库。",
                    "The database is not ready, so nothing else was repaired. "
                    "Run mingsuan serve, which brings it up to date.",
                ),
            ]
        with transaction(place.factory) as session:
            if store_mark.adopt(session, artifacts.open_store(settings)):
                done.append(
                    Text("给存储写了标记文件 mark。", "Wrote the store's mark, its file “mark”.")
                )
        _ask_again(place)
        appliers = effects.appliers(settings)
        applied = outbox.apply(place.factory, appliers, limit=10_000, at_once=True)
        abandoned.clear(settings, place.factory, place.store)
        gone = artifacts.collect(place.store, lambda: abandoned.mentioned(place.factory))
        with transaction(place.factory) as session:
            resumed = worklist.resume_all(session)
        return [
            *done,
            Text("让搁置的工作继续 {n} 项。", "Let {n} parked pieces of work go on.").format(n=resumed),
            Text("补做外部动作 {done} 项，仍失败 {failed} 项。",
                 "Applied {done} outside effects; {failed} still fail.").format(
                     done=applied.done, failed=applied.failed),
            _sealed(place),
            Text("清除无人引用的内容 {n} 份。", "Removed {n} blobs that nothing refers to.").format(
                n=len(gone)),
        ]  # fmt: skip


def _sealed(place: Place) -> Text:
    """Seal the journal, and say how much that was, or why it cannot be done."""
    try:
        rows = last_seal.seal(place.factory, place=place.settings.last_seal)
    except sealing.SealUnreadable as unreadable:
        return unreadable.said
    return Text("封存日志 {n} 行。", "Sealed {n} rows of the journal.").format(n=rows)


@contextmanager
def _opened(settings: Settings) -> Iterator[Place]:
    modes.close_to_others()
    modes.folder(settings.data)
    migrations.load_tables()
    engine = database.connect(settings.database_url)
    try:
        factory = database.sessions(engine)
        yield Place(settings, engine, factory, store_mark.open_store(settings, factory))
    finally:
        engine.dispose()


def _safely(check: Callable[[Place], Check], place: Place) -> Check:
    """A check that fails to run is a check that failed."""
    try:
        return check(place)
    except RegisterError as failed:
        said = failed.operators
    except Exception as failed:  # noqa: BLE001  # what somebody wrote into a table can be anything
        said = UNFINISHED.format(what=f"{type(failed).__name__}: {failed}")
    return Check(_NAMES[check.__name__], ok=False, said=said)


def _place(place: Place) -> Check:
    said = installed_here.looked_at(place.settings)
    return Check(_NAMES["_place"], ok=True, said=said)


def _database(place: Place) -> Check:
    name = _NAMES["_database"]
    try:
        at, newest = migrations.current(place.engine), migrations.head()
    except (SQLAlchemyError, CommandError) as failed:
        where = place.engine.url.render_as_string()
        return Check(
            name,
            ok=False,
            said=Text(
                f"连不上 {where}：{failed}。请检查 MINGSUAN_DATABASE。",
                f"No connection to {where}: {failed}. Check MINGSUAN_DATABASE.",
            ),
        )
    if at is None:
        return Check(
            name,
            ok=False,
            said=Text(
                "还没有数据库。运行 mingsuan serve 会建立；如果已经装在别处，请检查 MINGSUAN_DATA。",
                "There is no database yet. mingsuan serve makes it; where the installation is "
                "elsewhere, check MINGSUAN_DATA.",
            ),
        )
    if at != newest:
        return Check(
            name,
            ok=False,
            said=Text(
                f"数据库在版本 {at}，程序需要 {newest}。运行 mingsuan serve 会自动更新。",
                f"The database is at {at}; this release needs {newest}. "
                "mingsuan serve brings it up to date.",
            ),
        )
    return Check(name, ok=True, said=Text(f"已连接，版本 {at}。", f"Connected, at {at}."))


def _store(place: Place) -> Check:
    with place.factory() as session:
        store_mark.require(session, place.store)
        expected = submission.blobs(session) | datasets.blobs(session)
        expected |= set(session.scalars(select(Report.sealed_digest)))
    wrong: list[Text] = []
    for digest in sorted(expected):
        try:
            place.store.open(digest).close()
        except artifacts.BlobNotFound:
            wrong.append(Text(f"{digest[:12]}…（缺失）", f"{digest[:12]}… (missing)"))
        except artifacts.BlobDamaged:
            wrong.append(Text(f"{digest[:12]}…（损坏）", f"{digest[:12]}… (damaged)"))
    name = _NAMES["_store"]
    if wrong:
        first = wrong[:SHOWN]
        shown = Text("、".join(each.zh for each in first), ", ".join(each.en for each in first))
        said = Text(
            "{n} 份内容缺失或损坏：{shown}。请从备份恢复。",
            "{n} blobs are missing or damaged: {shown}. Restore them from a backup.",
        )
        return Check(name, ok=False, said=said.format(n=len(wrong), shown=shown))
    said = Text("{n} 份内容齐全，摘要相符。", "{n} blobs, all present with the right digest.")
    return Check(name, ok=True, said=said.format(n=len(expected)))


def _mlflow(place: Place) -> Check:
    name = _NAMES["_mlflow"]
    unlike = _unlike(place)
    if unlike:
        shown = ", ".join(f"{model.name} {version.number}" for model, version in unlike[:SHOWN])
        said = Text(
            "{n} 个版本在 MLflow 中缺失或指向别处：{shown}。请运行 mingsuan doctor --repair。",
            "{n} versions are missing in MLflow or point elsewhere: {shown}. "
            "Run mingsuan doctor --repair.",
        )
        return Check(name, ok=False, said=said.format(n=len(unlike), shown=shown))
    said = Text("每个版本都指向所提交的内容。", "Every version points at what was submitted.")
    return Check(name, ok=True, said=said)


def _unlike(place: Place) -> list[tuple[Model, Version]]:
    """Versions that MLflow does not have under the number on record, with the right source."""
    query = select(Model, Version).join(Version, Version.model_id == Model.id)
    with place.factory() as session:
        pairs = [
            (model, version) for model, version in session.execute(query.order_by(Version.id))
        ]
    mlflow_registry = MlflowRegistry(place.settings)
    sources: dict[str, Any] = {}
    unlike = []
    for model, version in pairs:
        if version.mlflow_version is None:
            unlike.append((model, version))
            continue
        if model.id not in sources:
            sources[model.id] = mlflow_registry.sources(model.organisation_id, model.name)
        held = sources[model.id].get(version.mlflow_version)
        if held != mlflow_store.source_of(version.digest):
            unlike.append((model, version))
    return unlike


def _outbox(place: Place) -> Check:
    with place.factory() as session:
        waiting, stuck = outbox.pending(session), outbox.stuck(session)
        kinds = Counter(effect.kind for effect in waiting)
        errors = "; ".join(f"{effect.key}: {effect.error}" for effect in stuck[:SHOWN])
    name = _NAMES["_outbox"]
    if stuck:
        said = Text(
            "{n} 项外部动作屡次失败：{errors}。排除原因后运行 mingsuan doctor --repair。",
            "{n} outside effects keep failing: {errors}. "
            "Remove the cause, then run mingsuan doctor --repair.",
        )
        return Check(name, ok=False, said=said.format(n=len(stuck), errors=errors))
    listed = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) or "0"
    said = Text("等待中：{listed}。", "Waiting: {listed}.")
    return Check(name, ok=True, said=said.format(listed=listed))


def _journal(place: Place) -> Check:
    ok, said = journal_health.examined(place.factory, place.settings.last_seal, UNSEALED)
    return Check(_NAMES["_journal"], ok=ok, said=said)


def _editions(place: Place) -> Check:
    """Every edition against its digests and the edition before."""
    name = _NAMES["_editions"]
    with place.factory() as session:
        count, faults = editions.check(session)
    if faults:
        said = Text(
            "{n} 次公示的内容有问题：{shown}。请与备份或保存过的字节对照，查明是谁改了数据库。",
            "{n} editions are not as they were published: {shown}. Compare with a backup or bytes "
            "that somebody kept, and find out who changed the database.",
        )
        shown = Text(
            "；".join(each.zh for each in faults[:SHOWN]),
            "; ".join(each.en for each in faults[:SHOWN]),
        )
        return Check(name, ok=False, said=said.format(n=len(faults), shown=shown))
    said = Text("{n} 次公示，校验值相符。", "{n} editions, each with its digest.")
    return Check(name, ok=True, said=said.format(n=count))


def _address(place: Place) -> Check:
    """Whether pages can carry the address under which the public reaches them."""
    printed = place.settings.printed_url
    if printed:
        said = Text("公众访问的地址：{url}。", "The public reaches the site under {url}.")
        return Check(_NAMES["_address"], ok=True, said=said.format(url=printed))
    said = Text(
        "没有公众能访问的地址（MINGSUAN_BASE_URL 没有设定，或者是本机地址）：备案页没有二维码，页面没有规范网址，robots.txt 没有网站地图；邀请和重设密码的链接写的是 {url}。对外开放以前请设定它。",
        "There is no address under which the public reaches the site (MINGSUAN_BASE_URL is not set, "
        "or is of this machine): filed pages have no QR code, pages no canonical address, robots.txt "
        "no sitemap, and links of invitations and new passwords say {url}. Set it before you open "
        "the site to others.",
    )
    return Check(_NAMES["_address"], ok=True, said=said.format(url=place.settings.public_url))


def _modes(place: Place) -> Check:
    ok, said = at_rest.examined_modes(place.settings)
    return Check(_NAMES["_modes"], ok=ok, said=said)


def _search(place: Place) -> Check:
    ok, said = search_index.examined(place.settings.search_index, place.factory)
    return Check(_NAMES["_search"], ok=ok, said=said)


def _worklist(place: Place) -> Check:
    """Parked, returned and abandoned work, with the causes; and work that nobody takes."""
    with place.factory() as session:
        seen = troubles.of_worklist(session)
        nobody = attendance.nobody_ready(session) if seen.oldest is not None else None
    name = _NAMES["_worklist"]
    untaken = seen.oldest is not None and seen.oldest > UNTAKEN
    told = Text(
        "搁置 {parked} 项，放回待重试 {returned} 项，进程中断 {stale} 项，一天内意外出错 {unforeseen} 项。",
        "Parked {parked}, put off {returned}, left by their process {stale}, failed unforeseen "
        "within a day {unforeseen}.",
    ).format(
        parked=seen.parked,
        returned=seen.returned,
        stale=seen.stale,
        unforeseen=seen.unforeseen,
    )
    more = list(seen.said)
    if nobody is not None:
        more.append(nobody)
    if untaken:
        more.append(
            Text(
                "有工作排队超过 {minutes} 分钟没有进程来做；请看工作进程是否在运行、日志里在等什么。",
                "Work has waited for more than {minutes} minutes and no worker takes it; see whether "
                "workers run, and what their logs wait for.",
            ).format(minutes=int((seen.oldest or 0) // 60))
        )
    if seen.parked:
        more.append(
            Text(
                "排除原因后运行 mingsuan doctor --repair，搁置的工作就会继续。",
                "Remove the cause, then run mingsuan doctor --repair, which lets parked work go on.",
            )
        )
    return Check(
        name,
        ok=not (
            seen.parked or seen.returned or seen.stale or seen.unforeseen or untaken or nobody
        ),
        said=Text(
            told.zh + "".join(each.zh for each in more),
            " ".join([told.en, *(each.en for each in more)]),
        ),
    )


def _signer(place: Place) -> Check:
    name = _NAMES["_signer"]
    try:
        found = signer.health(place.settings)
    except RegisterError as failed:
        return Check(name, ok=False, said=failed.operators)
    try:
        enrolment.require_known(place.settings, place.factory)
    except enrolment.UnknownPlatformKey as unknown:
        return Check(name, ok=False, said=unknown.said)
    said = Text("在运行，公钥编号 {key}…。", "Running; public key {key}….")
    return Check(name, ok=True, said=said.format(key=found.key_id[:16]))


def _sandbox(place: Place) -> Check:
    tier = probe_tier(place.settings)
    return Check(_NAMES["_sandbox"], ok=tier.name != "none", said=tier.describe())


def _runtime(place: Place) -> Check:
    name = _NAMES["_runtime"]
    tier = probe_tier(place.settings)
    found = runtime(for_others=tier.pool_uid)
    closed = [path for path in (found.python, found.site) if not open_to_others(path)]
    if tier.pool_uid and closed:
        said = Text(
            "沙箱用户进不去 {where}。请把运行环境放在各级目录都可进入的位置。",
            "The sandbox's user cannot reach {where}. Put the environment where every folder above "
            "it can be entered.",
        )
        return Check(name, ok=False, said=said.format(where=", ".join(map(str, closed))))
    said = Text("解释器 {python}，软件包 {site}。", "Interpreter {python}, packages {site}.")
    return Check(name, ok=True, said=said.format(python=found.python, site=found.site))


def _probes(_place: Place) -> Check:
    """Ours and third parties': each is loaded as a run would load it."""
    name = _NAMES["_probes"]
    faults = installed.broken()
    if faults:
        listed = Text("", "")
        for each, said in faults.items():
            listed = Text(f"{listed.zh}{each}：{said.zh}", f"{listed.en}{each}: {said.en} ")
        said = Text("{n} 项检验不能用。{listed}", "{n} probes cannot be used. {listed}")
        return Check(name, ok=False, said=said.format(n=len(faults), listed=listed))
    origins = {each: installed.origin(each) for each in installed.names()}
    others = [f"{each} ({o.package} {o.version})" for each, o in origins.items() if not o.ours]
    said = Text("{n} 项可用；第三方：{others}。", "{n} can be used; from third parties: {others}.")
    return Check(name, ok=True, said=said.format(n=len(origins), others=", ".join(others) or "0"))


def _spool(place: Place) -> Check:
    left = at_rest.left_overs(place.settings)
    said = Text("遗留 {n} 项（--repair 清除），", "{n} left-overs (--repair removes them).")
    free = shutil.disk_usage(place.settings.data).free
    room = Text("磁盘剩余 {gib:.1f} GiB。", " {gib:.1f} GiB of disk are free.").format(
        gib=free / 1024**3
    )
    told = said.format(n=len(left))
    full = free < place.settings.max_submission
    return Check(_NAMES["_spool"], ok=not full, said=Text(told.zh + room.zh, told.en + room.en))


_NAMES: dict[str, Text] = {
    "_place": Text("检查的安装", "installation examined"),
    "_database": Text("数据库", "database"),
    "_store": Text("内容存储", "artifact store"),
    "_mlflow": Text("MLflow 登记处", "MLflow registry"),
    "_worklist": Text("工作列表", "work list"),
    "_journal": Text("日志", "journal"),
    "_editions": Text("公示的内容", "editions"),
    "_outbox": Text("待办的外部动作", "outbox"),
    "_address": Text("公众访问的地址", "public address"),
    "_modes": Text("文件权限", "who can read the files"),
    "_search": Text("搜索索引", "search index"),
    "_signer": Text("签名进程", "signer"),
    "_sandbox": Text("沙箱", "sandbox"),
    "_runtime": Text("沙箱运行环境", "sandbox runtime"),
    "_probes": Text("检验", "probes"),
    "_spool": Text("临时目录与磁盘", "spool and disk"),
}


def _ask_again(place: Place) -> None:
    """Let the outbox file every version that MLflow has not, or has wrongly."""
    ids = [version.id for _model, version in _unlike(place)]
    if not ids:
        return
    with transaction(place.factory) as session:
        for version in session.scalars(select(Version).where(Version.id.in_(ids))):
            version.mlflow_version = None
            key = f"{submission.MLFLOW_VERSION}:{version.id}"
            payload = {"version_id": version.id, "digest": version.digest}
            outbox.add(session, submission.MLFLOW_VERSION, key, payload).applied = None
