"""What no model needs in order to be opened: names by which a pickle acts on the machine.

A pickle that names one of these is refused when it is registered (docs/decisions/0032). Of Python's
own modules only those that hold values and arithmetic are let through; of other packages the loaders
and readers listed here are refused. That is no wall: names that are put together while a pickle is
opened, and functions pickled by value, hold what no list sees, and whatever is registered is opened in
the sandbox only.
"""

import _compat_pickle
import sys

from registry.language import Text

_PROGRAMS = Text("启动别的程序或改动系统", "starts programs or changes the system")
_TEXT = Text("把文字当作代码运行", "runs text as code")
_NETWORK = Text("连接网络", "opens the network")
_FILES = Text("打开、写入或删除文件", "opens, writes or removes files")
_NATIVE = Text("装入机器代码或另一个 pickle", "loads machine code or another pickle")
_INSIDES = Text("取得解释器内部的对象", "reaches the inside of the interpreter")
_OTHER = Text(
    "属于 Python 自带模块中不在模型所需名单上的部分",
    "is in a module of Python's own that is not on the list of what models are made of",
)

_MODULES: dict[str, Text] = {
    **dict.fromkeys(
        ("os", "posix", "nt", "subprocess", "_posixsubprocess", "_winapi", "pty", "signal", "sys",
         "multiprocessing", "_multiprocessing", "concurrent", "asyncio", "threading", "_thread",
         "webbrowser", "platform", "resource", "gc", "venv", "ensurepip", "pip", "setuptools",
         "distutils", "commands", "atexit", "_osx_support", "_aix_support", "_bootsubprocess",
         "psutil", "sh", "pexpect", "plumbum", "invoke", "fabric"),
        _PROGRAMS,
    ),
    **dict.fromkeys(
        ("code", "codeop", "runpy", "pdb", "bdb", "trace", "timeit", "profile", "cProfile",
         "doctest", "unittest", "pydoc", "importlib", "imp", "pkgutil", "zipimport", "ast",
         "idlelib", "lib2to3", "test", "inspect", "_frozen_importlib", "_frozen_importlib_external",
         "_imp", "_interpreters", "_xxsubinterpreters", "rlcompleter", "IPython", "sympy",
         "numexpr", "asteval"),
        _TEXT,
    ),
    **dict.fromkeys(
        ("socket", "_socket", "socketserver", "ssl", "_ssl", "http", "urllib", "urllib2", "ftplib",
         "smtplib", "poplib", "imaplib", "nntplib", "telnetlib", "xmlrpc", "requests", "httpx",
         "aiohttp", "urllib3", "paramiko", "boto3", "botocore"),
        _NETWORK,
    ),
    **dict.fromkeys(
        ("shutil", "tempfile", "pathlib", "fileinput", "glob", "linecache", "mmap", "sqlite3",
         "tarfile", "zipfile", "dbm", "shelve", "tokenize", "mailbox", "fsspec", "smart_open"),
        _FILES,
    ),
    **dict.fromkeys(
        ("ctypes", "_ctypes", "cffi", "_cffi_backend", "marshal", "pickle", "_pickle", "dill",
         "_compat_pickle", "pickletools", "cloudpickle_fast"),
        _NATIVE,
    ),
}  # fmt: skip
"""Top-level modules of which every name is refused."""
_OF_VALUES = frozenset(
    ("__future__", "_abc", "_bisect", "_codecs", "_collections", "_collections_abc", "_contextvars",
     "_csv", "_datetime", "_decimal", "_elementtree", "_functools", "_hashlib", "_heapq", "_io",
     "_json", "_operator", "_py_abc", "_pydatetime", "_pydecimal", "_pyio", "_random", "_sre",
     "_statistics", "_string", "_strptime", "_struct", "_typing", "_uuid", "_warnings", "_weakref",
     "_weakrefset", "_zoneinfo", "abc", "argparse", "array", "base64", "binascii", "bisect",
     "builtins", "bz2", "calendar", "cmath", "codecs", "collections", "colorsys", "contextlib",
     "contextvars", "copy", "copyreg", "csv", "dataclasses", "datetime", "decimal", "difflib",
     "encodings", "enum", "errno", "fnmatch", "fractions", "functools", "graphlib", "gzip",
     "hashlib", "heapq", "hmac", "html", "io", "ipaddress", "itertools", "json", "keyword", "locale",
     "logging", "lzma", "math", "numbers", "operator", "pprint", "queue", "random", "re", "reprlib",
     "secrets", "shlex", "sre_compile", "sre_constants", "sre_parse", "statistics", "string",
     "stringprep", "struct", "textwrap", "time", "traceback", "types", "typing", "unicodedata",
     "uuid", "warnings", "weakref", "zlib", "zoneinfo")
)  # fmt: skip
"""Python's own modules that hold values and arithmetic, but for the names below."""
_NAMES: dict[str, dict[str, Text]] = {
    "builtins": {
        **dict.fromkeys(
            ("eval", "exec", "execfile", "compile", "__import__", "breakpoint", "help"), _TEXT
        ),
        **dict.fromkeys(("open", "file", "input"), _FILES),
    },
    **dict.fromkeys(
        ("io", "_io", "_pyio", "codecs", "gzip", "bz2", "lzma"),
        dict.fromkeys(
            ("open", "open_code", "FileIO", "OpenWrapper", "GzipFile", "BZ2File", "LZMAFile"), _FILES
        ),
    ),
    "typing": dict.fromkeys(("ForwardRef", "get_type_hints", "_eval_type"), _TEXT),
    "dataclasses": dict.fromkeys(("_create_fn", "make_dataclass"), _TEXT),
    "logging": dict.fromkeys(
        ("FileHandler", "handlers", "config", "basicConfig"), _FILES
    ),
    "uuid": dict.fromkeys(("_get_command_stdout", "_popen"), _PROGRAMS),
    "copyreg": {"add_extension": _INSIDES},
    "argparse": {"FileType": _FILES},
    "cloudpickle": dict.fromkeys(("loads", "load", "Pickler", "CloudPickler", "dump", "dumps"), _NATIVE),
    "joblib": {
        **dict.fromkeys(
            ("load", "loads", "dump", "dumps", "Memory", "CloudPickler", "numpy_pickle_compat",
             "load_compatibility", "load_temporary_memmap"), _NATIVE
        ),
        **dict.fromkeys(("Parallel", "loky"), _PROGRAMS),
    },
    "numpy": {
        **dict.fromkeys(
            ("load", "save", "savez", "savez_compressed", "savetxt", "loadtxt", "genfromtxt",
             "recfromtxt", "recfromcsv", "fromfile", "fromregex", "tofile", "memmap", "open_memmap",
             "DataSource", "NpzFile", "open", "dump"), _FILES
        ),
        **dict.fromkeys(("load_library", "ctypeslib"), _NATIVE),
        **dict.fromkeys(("testing", "f2py", "distutils"), _TEXT),
    },
    "pandas": {
        **dict.fromkeys(("eval", "query"), _TEXT),
        "read_pickle": _NATIVE,
        **dict.fromkeys(
            ("to_pickle", "to_csv", "to_parquet", "to_json", "to_excel", "to_hdf", "to_feather",
             "HDFStore", "ExcelFile", "ExcelWriter", "get_handle"), _FILES
        ),
    },
    "scipy": dict.fromkeys(("loadmat", "savemat", "load", "save", "netcdf_file", "load_npz", "save_npz"), _FILES),
    "sklearn": dict.fromkeys(
        ("load_files", "load", "save", "remove", "load_svmlight_file", "load_svmlight_files", "dump_svmlight_file",
         "fetch_openml", "fetch_file"), _FILES
    ),
    "skops": dict.fromkeys(("load", "loads"), _NATIVE),
    "torch": {
        **dict.fromkeys(("load", "jit", "hub", "load_library", "cpp_extension"), _NATIVE),
    },
    "keras": dict.fromkeys(("load_model", "load_weights"), _NATIVE),
    "tensorflow": dict.fromkeys(("load_model", "load_op_library"), _NATIVE),
    "mlflow": {
        **dict.fromkeys(
            ("load_model", "load_pyfunc", "_load_pyfunc", "load_checkpoint"), _NATIVE
        ),
        **dict.fromkeys(("projects", "process"), _PROGRAMS),
        **dict.fromkeys(("download_artifacts", "load_image"), _FILES),
    },
    "yaml": dict.fromkeys(
        ("load", "load_all", "unsafe_load", "unsafe_load_all", "full_load", "full_load_all"), _TEXT
    ),
    "six": {"moves": _OTHER},
}  # fmt: skip
"""Package → names in it, wherever in the package they stand and whatever follows them."""
_READERS: dict[str, tuple[str, ...]] = {
    "pandas": ("read_",),
    "polars": ("read_", "scan_"),
    "pyarrow": ("read_", "open_"),
}
_ANYWHERE: dict[str, Text] = {
    **dict.fromkeys(("exec", "exec_", "execfile", "__import__", "import_module", "_gcd_import"), _TEXT),
    **dict.fromkeys(("Popen", "check_call", "check_output"), _PROGRAMS),
    **dict.fromkeys(("urlopen", "urlretrieve"), _NETWORK),
    **dict.fromkeys(("CDLL", "PyDLL"), _NATIVE),
    **dict.fromkeys(("rmtree", "NamedTemporaryFile", "_builtin_open"), _FILES),
    **dict.fromkeys(
        ("os", "sys", "subprocess", "importlib", "ctypes", "builtins", "bltns", "__builtins__", "__globals__",
         "__subclasses__", "__loader__", "__spec__", "f_globals", "f_builtins"), _INSIDES
    ),
}  # fmt: skip
"""Names that are refused in every module: other modules import them from where they are defined."""
_HARMLESS = frozenset(
    {
        ("os", "PathLike"),
        ("os", "fspath"),
        ("os", "getenv"),
        ("os", "cpu_count"),
        ("pathlib", "Path"),  # a value; what it does is a method, and refused as `Path.unlink`
    }
)


def power(module: str, name: str) -> Text | None:
    """What a name does beyond holding a model; None where nothing of the list is known of it.

    Args:
        module: as the pickle spells it, also as Python 2 did.
        name: in it; a dotted name leads through what a module has imported, and every part counts.
    """
    module, name = _spelt_now(module, name)
    if (module, name) in _HARMLESS:
        return None
    package, *inside = module.split(".")
    *through, _ = parts = [part for each in name.split(".") for part in _without_underscores(each)]
    return (
        _of_module(package)
        or next((said for part in through if (said := _of_module(part))), None)
        or _within(package, [*inside, *parts])
        or next(
            (
                said
                for place, part in enumerate(through)
                if (said := _within(part, parts[place + 1 :]))
            ),
            None,
        )
        or next((_ANYWHERE[part] for part in parts if part in _ANYWHERE), None)
    )


def _without_underscores(part: str) -> list[str]:
    """A part of a name, and before it what it is an alias of: modules import `os` as `_os`."""
    bare = part.strip("_")
    return [part] if bare == part or part.endswith("_") else [bare, part]


def _of_module(name: str) -> Text | None:
    """What is known of every name in a top-level module."""
    if name in _MODULES:
        return _MODULES[name]
    own = name in sys.stdlib_module_names and name not in _OF_VALUES
    return _OTHER if own else None


def _within(package: str, parts: list[str]) -> Text | None:
    """What a name does by the package in which it stands, be it reached through another."""
    named, readers = _NAMES.get(package, {}), _READERS.get(package, ())
    for part in parts:
        if said := named.get(part):
            return said
        if part.startswith(readers):
            return _FILES
    return None


def _spelt_now(module: str, name: str) -> tuple[str, str]:
    """As `pickle` itself reads names of Python 2."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        return _compat_pickle.NAME_MAPPING[(module, name)]
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name
