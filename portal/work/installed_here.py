"""Which installation an operator's command is about: the one of this machine's data directory."""

from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from registry import database
from registry.errors import Conflict, NotFound
from registry.language import Text
from registry.organisations import Organisation
from registry.settings import Settings


class AnotherInstallation(Conflict):
    """MINGSUAN_SERVER names a registry, and the command would have worked on another."""


class NoInstallation(NotFound):
    """There is no installation here: name the data directory, or begin one."""


def require_here(settings: Settings) -> None:
    """Refuse what would silently work beside the registry that MINGSUAN_SERVER names.

    Raises:
        AnotherInstallation: when MINGSUAN_SERVER is set.
    """
    if not settings.server:
        return
    here = settings.data.absolute()
    raise AnotherInstallation(
        f"MINGSUAN_SERVER 是 {settings.server}，而这个命令只在装有登记系统的机器上、对数据目录 {here} "
        "起作用。要管理那个登记系统，请在它的机器上运行；要管理本机的，请先取消 MINGSUAN_SERVER。",
        f"MINGSUAN_SERVER is {settings.server}, but this command works only on the machine of an "
        f"installation, here on the data directory {here}. To manage that registry, run it on its "
        "machine; to manage the one here, unset MINGSUAN_SERVER.",
    )


def require(settings: Settings) -> None:
    """Refuse to make a database where one was only to be read or changed.

    Raises:
        NoInstallation: when there is no database, or none of ours.
    """
    url = make_url(settings.database_url)
    file = url.database if url.get_backend_name() == "sqlite" else None
    if file is not None and not Path(file).is_file():
        raise _none(settings)
    engine = database.connect(settings.database_url)
    try:
        if not inspect(engine).has_table(Organisation.__tablename__):
            raise _none(settings)
    finally:
        engine.dispose()


def looked_at(settings: Settings) -> Text:
    """The data directory that was examined, and the registry that was not."""
    here = settings.data.absolute()
    if not settings.server:
        return Text(f"数据目录 {here}。", f"Data directory {here}.")
    return Text(
        f"数据目录 {here}；没有检查 MINGSUAN_SERVER 所指的 {settings.server}。",
        f"Data directory {here}; {settings.server}, which MINGSUAN_SERVER names, was not examined.",
    )


def _none(settings: Settings) -> NoInstallation:
    here = settings.data.absolute()
    return NoInstallation(
        f"{here} 里还没有登记系统，什么都没有新建。请用 MINGSUAN_DATA（或 MINGSUAN_DATABASE）写明在哪里；"
        "要新装一个，请运行 mingsuan serve 或 mingsuan users organisation。",
        f"There is no installation in {here}, and none was made. Name the place in MINGSUAN_DATA (or "
        "MINGSUAN_DATABASE); to begin one, run `mingsuan serve` or `mingsuan users organisation`.",
    )
