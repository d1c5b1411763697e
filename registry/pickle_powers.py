"""What no model needs in order to be opened: names by which a pickle acts on the machine.

A pickle that names one of these is refused when it is registered (docs/decisions/0032). It is a list
of what is refused by name and no wall: functions pickled by value hold code that no list sees, and
whatever is registered is opened in the sandbox only.
"""

import _compat_pickle

from registry.language import Text

_PROGRAMS = Text("启动别的程序或改动系统", "starts programs or changes the system")
_TEXT = Text("把文字当作代码运行", "runs text as code")
_NETWORK = Text("连接网络", "opens the network")
_FILES = Text("打开、写入或删除文件", "opens, writes or removes files")
_NATIVE = Text("装入机器代码或另一个 pickle", "loads machine code or another pickle")

_MODULES: dict[str, Text] = {
    **dict.fromkeys(
        ("os", "posix", "nt", "subprocess", "_posixsubprocess", "_winapi", "pty", "signal", "sys",
         "multiprocessing", "_multiprocessing", "concurrent", "asyncio", "threading", "_thread",
         "webbrowser", "platform", "resource", "gc", "venv", "ensurepip", "pip", "setuptools",
         "distutils", "commands"),
        _PROGRAMS,
    ),
    **dict.fromkeys(
        ("code", "codeop", "runpy", "pdb", "bdb", "trace", "timeit", "profile", "cProfile",
         "doctest", "unittest", "pydoc", "importlib", "imp", "pkgutil", "zipimport", "ast",
         "idlelib", "lib2to3", "test", "inspect"),
        _TEXT,
    ),
    **dict.fromkeys(
        ("socket", "_socket", "socketserver", "ssl", "_ssl", "http", "urllib", "urllib2", "ftplib",
         "smtplib", "poplib", "imaplib", "nntplib", "telnetlib", "xmlrpc", "requests", "httpx",
         "aiohttp", "urllib3", "paramiko"),
        _NETWORK,
    ),
    **dict.fromkeys(
        ("shutil", "tempfile", "pathlib", "fileinput", "glob", "linecache", "mmap", "sqlite3",
         "tarfile", "zipfile", "dbm", "shelve"),
        _FILES,
    ),
    **dict.fromkeys(
        ("ctypes", "_ctypes", "cffi", "_cffi_backend", "marshal", "pickle", "_pickle", "dill"),
        _NATIVE,
    ),
}  # fmt: skip
_NAMES: dict[tuple[str, str], Text] = {
    **{
        ("builtins", name): _TEXT
        for name in ("eval", "exec", "execfile", "compile", "__import__", "breakpoint", "help")
    },
    **{("builtins", name): _FILES for name in ("open", "file", "input")},
    **{(module, "open"): _FILES for module in ("io", "_io", "codecs", "gzip", "bz2", "lzma")},
    **{("io", name): _FILES for name in ("FileIO", "open_code")},
    **{("_io", name): _FILES for name in ("FileIO", "open_code")},
    **{
        ("cloudpickle.cloudpickle", name): _NATIVE
        for name in ("loads", "load", "CloudPickler", "dump", "dumps")
    },
    **{("joblib", name): _NATIVE for name in ("load", "dump")},
    **{("joblib.numpy_pickle", name): _NATIVE for name in ("load", "dump")},
    **{("numpy", name): _FILES for name in ("load", "save", "memmap", "fromfile", "savez")},
    **{("pandas", name): _FILES for name in ("read_pickle", "read_csv", "read_parquet")},
    ("pandas", "eval"): _TEXT,
    ("pandas.core.computation.eval", "eval"): _TEXT,
    ("pandas.io.pickle", "read_pickle"): _NATIVE,
    ("torch", "load"): _NATIVE,
}
_TEXT_PACKAGES = ("numpy.testing", "numpy.f2py", "numpy.distutils", "sympy")
_HARMLESS = frozenset(
    {("os", "PathLike"), ("os", "fspath"), ("os", "getenv"), ("os", "cpu_count")}
)


def power(module: str, name: str) -> Text | None:
    """What a name does beyond holding a model; None where nothing of the list is known of it.

    Args:
        module: as the pickle spells it, also as Python 2 did.
        name: in it; a dotted name leads through what a module has imported.
    """
    module, name = _spelt_now(module, name)
    if (module, name) in _HARMLESS:
        return None
    *through, last = name.split(".")
    inside = through[-1] if through else ""
    if any(part in _MODULES for part in through):
        return next(_MODULES[part] for part in through if part in _MODULES)
    if module.startswith(_TEXT_PACKAGES):
        return _TEXT
    return (
        _MODULES.get(module.partition(".")[0])
        or _NAMES.get((module, last))
        or _NAMES.get((inside, last))
    )


def _spelt_now(module: str, name: str) -> tuple[str, str]:
    """As `pickle` itself reads names of Python 2."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        return _compat_pickle.NAME_MAPPING[(module, name)]
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name
