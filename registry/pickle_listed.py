"""The list of names that hold data and estimators; a reviewer is told which a pickle names beyond it."""

LISTED: dict[str, frozenset[str]] = {
    "builtins": frozenset(
        {"set", "frozenset", "slice", "range", "complex", "bytearray", "object", "tuple"}
    ),
    "collections": frozenset({"OrderedDict", "defaultdict", "deque", "Counter"}),
    "copyreg": frozenset({"_reconstructor", "__newobj__"}),
    "datetime": frozenset({"datetime", "date", "timedelta", "timezone"}),
    "decimal": frozenset({"Decimal"}),
    "_codecs": frozenset({"encode"}),
    "numpy": frozenset(
        {"ndarray", "dtype", "float64", "float32", "int64", "int32", "bool_", "bool"}
    ),
    "numpy._core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy.core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy._core.numeric": frozenset({"_frombuffer"}),
    "numpy.random._pickle": frozenset({"__randomstate_ctor", "__bit_generator_ctor"}),
    "numpy.random.mtrand": frozenset({"RandomState"}),
    "numpy.random._mt19937": frozenset({"MT19937"}),
    "joblib.numpy_pickle": frozenset({"NumpyArrayWrapper"}),
    "scipy.sparse._csr": frozenset({"csr_matrix", "csr_array"}),
}
_SKLEARN = (
    "sklearn.calibration",
    "sklearn.compose._",
    "sklearn.ensemble._",
    "sklearn.impute._",
    "sklearn.linear_model._",
    "sklearn.naive_bayes",
    "sklearn.neighbors._",
    "sklearn.pipeline",
    "sklearn.preprocessing._",
    "sklearn.svm._",
    "sklearn.tree._",
    "sklearn._loss",
)


def listed(module: str, name: str) -> bool:
    """Whether `module.name` is on the list: containers, arrays, scikit-learn's own estimators."""
    if name in LISTED.get(module, ()):
        return True
    return module.startswith(_SKLEARN) and name[:1].isupper() and "." not in name
