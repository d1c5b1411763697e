"""The tiers of isolation: which one this machine offers, tried by starting a trivial child.

A (bubblewrap), B (Landlock and seccomp) or none; each with or without a user id per sandbox. The
child of the trial runs in the same sandbox as a model would, tries to fork, to open a socket and
to read a file of ours, and reports only when each was refused.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from registry.language import Text
from registry.sandbox import cgroups, pool_uids
from registry.sandbox.cell import Cell
from registry.sandbox.child.confine import MINIMUM_LANDLOCK, landlock_version
from registry.sandbox.ground import GroundNotOurs
from registry.sandbox.limits import Limits
from registry.sandbox.listening import listen
from registry.sandbox.model import Model
from registry.sandbox.process import Ways
from registry.sandbox.round import Lost, Round
from registry.sandbox.runtime import find_bwrap
from registry.sandbox.seccomp import UnknownMachine
from registry.sandbox.verdict import Contained
from registry.sandbox.zygote import WarmRound, Zygote
from registry.settings import Settings

_TRIAL = Limits(memory=512 << 20, seconds=20)


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier as found on this machine.

    Args:
        name: `A` (bubblewrap), `B` (Landlock) or `none`.
        pool_uid: whether each sandbox runs under a user id of its own.
        cgroup: whether memory and threads are counted for the whole sandbox.
        cold: why rounds are not forked from a warmed interpreter; empty when they are.
        why_not: what kept a better tier from working, for `mingsuan doctor`.
    """

    name: str
    pool_uid: bool = False
    cgroup: bool = False
    cold: str = ""
    why_not: tuple[str, ...] = ()

    @property
    def warm(self) -> bool:
        """Whether rounds are forked from a warmed interpreter."""
        return not self.cold

    def ways(self, limits: Limits) -> Ways:
        """How cells of this tier are made."""
        return Ways(self.name, self.pool_uid, self.cgroup, self.warm, limits)

    def as_json(self) -> dict[str, Any]:
        """For provenance and `mingsuan doctor --json`."""
        return {
            "tier": self.name,
            "pool_uid": self.pool_uid,
            "cgroup": self.cgroup,
            "warm": self.warm,
            "why_not": list(self.why_not),
        }

    def describe(self, limits: Limits | None = None) -> Text:
        """The tier in plain words, with its limits and what it does not offer."""
        if self.name == "none":
            why = "; ".join(self.why_not) or "-"
            return _NONE.format(why=why)
        said = [_WALLS[self.name], _UID[self.pool_uid], _GROUP[self.cgroup]]
        said.append(_WARM if self.warm else _COLD.format(why=self.cold))
        if limits is not None:
            said.append(
                _LIMITS.format(
                    memory=limits.memory >> 20,
                    seconds=f"{limits.seconds:g}",
                    threads=limits.threads,
                    log=limits.log >> 10,
                )
            )
        return Text("".join(part.zh for part in said), " ".join(part.en for part in said))


def probe_tier(settings: Settings) -> Tier:
    """The best tier that works here, or the one the setting `sandbox_tier` demands.

    A demanded tier that does not work gives `none`: it is never lowered in silence. The trial
    takes about a second and is made once per process.

    Raises:
        RuntimeNotReady: when the machine was too busy to prepare what a sandbox runs on.
    """
    return _probe(settings.sandbox_tier, warm=settings.sandbox_warm)


@lru_cache
def _probe(wanted: str, *, warm: bool) -> Tier:
    why: list[str] = []
    pool = pool_uids.first() is not None
    if os.geteuid() == 0 and not pool:
        why.append("no pool uid: the ids of the pool are not mapped in this user namespace")
    group = cgroups.writable()
    for name in ("A", "B"):
        if wanted not in {"auto", name}:
            continue
        for pool_uid in _uid_choices(name, pool=pool):
            failure = _try(Tier(name, pool_uid, group))
            if failure is None:
                cold = _try_warm(Tier(name, pool_uid, group)) if warm else "sandbox_warm = 0"
                return Tier(name, pool_uid, group, cold or "", tuple(why))
            why.append(f"{name}{'' if pool_uid else ' without pool uid'}: {failure}")
    if wanted == "none":
        why.append("sandbox_tier is none")
    return Tier("none", why_not=tuple(why))


def _uid_choices(name: str, *, pool: bool) -> tuple[bool, ...]:
    """With or without a pool uid. Landlock alone takes no capabilities away, so never as root."""
    if name == "B" and os.geteuid() == 0:
        return (True,) if pool else ()
    return (True, False) if pool else (False,)


def _try(tier: Tier) -> str | None:
    """Why the tier does not work; None when it does."""
    try:
        if failure := _REQUIRED[tier.name]():
            return failure
        with tempfile.NamedTemporaryFile() as secret:
            _trial(Cell(tier.ways(_TRIAL), Model(Path("/usr"), None, trial=Path(secret.name))))
    except Contained as contained:
        return f"{contained.cause}: {' '.join(contained.log.split())[-300:]}"
    except (OSError, GroundNotOurs, UnknownMachine, pool_uids.NoFreeUid) as error:
        return " ".join(str(error).split())[:300]
    return None


def _try_warm(tier: Tier) -> str | None:
    """Why a zygote's walls do not stand here; None when they do."""
    try:
        if failure := _needs_landlock():
            return failure
        with tempfile.NamedTemporaryFile() as secret:
            zygote = Zygote(tier.ways(_TRIAL), Model(Path("/usr"), None, trial=Path(secret.name)))
            try:
                _trial(WarmRound(zygote), zygote)
            except Lost:
                return f"the interpreter ended: {' '.join(zygote.log.decode().split())[-300:]}"
            finally:
                zygote.end()
    except Contained as contained:
        return f"{contained.cause}: {' '.join(contained.log.split())[-300:]}"
    except (OSError, GroundNotOurs, UnknownMachine, pool_uids.NoFreeUid) as error:
        return " ".join(str(error).split())[:300]
    return None


def _trial(round_: Round, *others: Zygote) -> None:
    given = False
    while not round_.over:
        listen([*others, round_])
        if round_.ready and not given:
            given = True
            round_.give(pa.table({"a": pa.array([], pa.float64())}))
    round_.finish()


def _needs_bubblewrap() -> str | None:
    if find_bwrap(for_others=False) is None:
        return "bubblewrap is not installed"
    return None


def _needs_landlock() -> str | None:
    version = landlock_version()
    if version < MINIMUM_LANDLOCK:
        return f"the kernel's Landlock version is {version}, needed is {MINIMUM_LANDLOCK}"
    return None


_REQUIRED: dict[str, Callable[[], str | None]] = {"A": _needs_bubblewrap, "B": _needs_landlock}

_WALLS = {
    "A": Text(
        "沙箱等级 A（bubblewrap）：独立的命名空间、只读系统、不能写任何文件、无网络、系统调用白名单，"
        "不能启动程序。",
        "Sandbox tier A (bubblewrap): namespaces of its own, a read-only system, writes no file, "
        "no network, an allow-list of system calls, no new processes.",
    ),
    "B": Text(
        "沙箱等级 B（Landlock 与 seccomp）：只能读运行所需的文件、不能写任何文件、无网络、系统调用白名单，"
        "不能启动程序；与主机共用进程号，文件是否存在可被探知。",
        "Sandbox tier B (Landlock and seccomp): reads only what it runs on, writes no file, no "
        "network, an allow-list of system calls, no new processes; it shares the host's process "
        "numbers and can tell whether a file exists.",
    ),
}
_UID = {
    True: Text("每个沙箱使用专用的用户号。", "Each sandbox has a user id of its own."),
    False: Text(
        "没有专用的用户号：沙箱与平台进程同一用户，隔离只靠上述各层。",
        "There is no user id per sandbox: it runs as the platform's own user and rests on the "
        "walls above alone.",
    ),
}
_GROUP = {
    True: Text("内存按整个沙箱计量。", "Memory is counted for the whole sandbox."),
    False: Text(
        "控制组不可写，内存按进程限制。",
        "Control groups cannot be written, so memory is limited per process.",
    ),
}
_WARM = Text(
    "每轮在一次性进程中运行，由预先载入软件包的解释器复制而来。",
    "Each round runs in a single-use process, forked from an interpreter with its packages imported.",
)
_COLD = Text(
    "每轮单独启动一个解释器，因此较慢；原因：{why}。",
    "Each round starts an interpreter of its own, which is slower; why: {why}.",
)
_LIMITS = Text(
    "每轮上限：内存 {memory} MiB，{seconds} 秒，{threads} 个线程，输出 {log} KiB。",
    "Limits of a round: {memory} MiB of memory, {seconds} s, {threads} threads, {log} KiB of "
    "output.",
)
_NONE = Text(
    "这台机器没有可用的沙箱，不会打开任何模型；只能评估预测结果文件。原因：{why}",
    "This machine offers no sandbox, so no model is opened; only prediction files can be "
    "evaluated. Why: {why}",
)
