"""How the public half of the signer's key comes on record: by set-up, or by an administrator.

A worker never enrols a key. Otherwise whoever starts a signer of their own beside a worker would
sign for the platform, and nobody would have agreed to it.
"""

from collections.abc import Iterable

from sqlalchemy.orm import Session, sessionmaker

from portal.work import signer, signer_key
from registry import keys
from registry.database import transaction
from registry.errors import Conflict
from registry.settings import Settings


class UnknownPlatformKey(Conflict):
    """The running signer's key is not on record: an administrator enrols it, or stops the signer."""


class KeyElsewhere(Conflict):
    """The platform's key is on record and not on this machine: no second one is drawn."""


def require_own_key(settings: Settings, factory: sessionmaker[Session]) -> None:
    """Let no signer draw a key where the record has one already.

    Raises:
        KeyInOldPlace: when the key of an earlier release waits to be moved.
        KeyElsewhere: when the record has a platform key, and this machine has no key file.
    """
    signer_key.require_moved(settings)
    with factory() as session:
        known = keys.platform(session)
    place = signer_key.key_path(settings)
    if known and not place.exists():
        listed = _listed(known)
        raise KeyElsewhere(
            f"登记库里已有平台公钥（{listed}），而本机的 {place} 没有私钥，没有另造新的。"
            "请在别的机器上签名时用 --no-signer 启动，并用 MINGSUAN_SIGNER_SOCKET 指向签名进程；"
            "或者从备份把私钥放回原处。确要换一把新的，请先运行 mingsuan signer，"
            "再由主管部门的管理员登记它的公钥。",
            f"The record has a platform key already ({listed}), and there is no private key at {place} "
            "on this machine; no other was drawn. Where another machine signs, start with --no-signer "
            "and let MINGSUAN_SIGNER_SOCKET point at its signer; or put the key back from a backup. "
            "If there is to be a new one, run mingsuan signer first and let an administrator of the "
            "authority enrol its public key.",
        )


def set_up(settings: Settings, factory: sessionmaker[Session]) -> None:
    """Enrol the running signer's key on a record that has none; otherwise it must be known.

    Raises:
        SignerUnreachable: when no signer answers.
        UnknownPlatformKey: when the record has other keys only.
    """
    health = signer.health(settings)
    with transaction(factory) as session:
        keys.enrol_first_platform(session, health.public_pem)
    require_known(settings, factory)


def require_known(settings: Settings, factory: sessionmaker[Session]) -> None:
    """See that the running signer's key is on record.

    Raises:
        SignerUnreachable: when no signer answers.
        UnknownPlatformKey: when it is not.
    """
    health = signer.health(settings)
    with factory() as session:
        known = keys.platform(session)
    if health.key_id in known:
        return
    listed = _listed(known)
    raise UnknownPlatformKey(
        f"签名进程的公钥 {health.key_id[:16]}… 没有登记（已登记：{listed}）。没有用它签名。"
        "请核对签名进程是不是您启动的那个；是，就请操作者运行 mingsuan keys enrol，"
        "或由主管部门的管理员在“平台公钥”页面登记；不是，请停掉它。",
        f"The signer's public key {health.key_id[:16]}… is not on record (on record: {listed}). "
        "Nothing was signed with it. See whether this signer is the one you started. If it is, the "
        "operator runs mingsuan keys enrol, or an administrator of the authority enrols it on the "
        "page “Platform keys”; if not, stop it.",
    )


def _listed(known: Iterable[str]) -> str:
    return ", ".join(f"{each[:16]}…" for each in known) or "0"
