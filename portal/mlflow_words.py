"""The register's errors in MLflow's words. Loads MLflow."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from portal.mlflow_door import code_of, told
from registry import environment
from registry.errors import RegisterError


def said(code: int, zh: str, en: str) -> MlflowException:
    """An error of MLflow's with a text of ours in both languages.

    Args:
        code: MLflow's, which also decides the HTTP status.
        zh: what is wrong and what to do, in Chinese.
        en: the same in English.
    """
    return MlflowException(f"{en}\n{zh}", error_code=code)


@contextmanager
def in_mlflow_words() -> Iterator[None]:
    """Let the register's errors leave as MLflow's."""
    try:
        yield
    except RegisterError as refused:
        error = environment.unavailable(refused) or refused
        code = ErrorCode.Value(code_of(error))
        raise MlflowException(told(error), error_code=code) from refused
