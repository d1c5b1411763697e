"""The register's errors in MLflow's words. Loads MLflow."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g, has_request_context
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from portal.mlflow.door import code_of, told
from portal.mlflow.rules import RULES
from registry import environment
from registry.errors import RegisterError, Unavailable


def refusal(rule: str, **places: object) -> MlflowException:
    """An error of MLflow's by one of the door's rules, in both languages.

    Args:
        rule: its name in `mlflow_rules`.
        places: what goes into its text.
    """
    code = ErrorCode.Value(RULES[rule].code)
    return MlflowException(RULES[rule].message(**places), error_code=code)


@contextmanager
def in_mlflow_words() -> Iterator[None]:
    """Let the register's errors leave as MLflow's."""
    try:
        yield
    except RegisterError as refused:
        error = environment.unavailable(refused) or refused
        if isinstance(error, Unavailable) and has_request_context():
            g.retry_after = error.retry_after
        code = ErrorCode.Value(code_of(error))
        raise MlflowException(told(error), error_code=code) from refused
