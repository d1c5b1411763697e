"""What MLflow loads when it looks for evaluators: ours, opened only when a plan is to be run.

It stands alone, under a name nobody else takes: MLflow loads it with every `import mlflow`, and a
file of the user's that is called like one of our packages must not make it go unseen.
"""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.models.evaluation.base import EvaluationResult, ModelEvaluator

NAME = "mingsuan"
PACKAGES = ("registry", "evaluators", "explainers", "filing", "portal")
HERE = Path(__file__).resolve().parent


class Clash(ImportError):
    """A file or folder of the user's hides one of our packages: the message names it."""


class MingsuanEvaluator(ModelEvaluator):
    """`mlflow.models.evaluate(..., evaluators="mingsuan", evaluator_config={"mingsuan": …})`.

    The configuration is a plan, as a mapping or as the path of its file; or
    `{"plan": …, "nonce": …, "columns": …}` to repeat a run, or to add what is no feature.
    """

    @classmethod
    def can_evaluate(
        cls,
        *,
        model_type: str | None,  # noqa: ARG003  # a plan says what is tested
        evaluator_config: Mapping[str, Any] | None,
        **_: Any,
    ) -> bool:
        """Whether this evaluator was meant: MLflow asks every installed one.

        Whoever is named is asked by MLflow's `_evaluate` alone, and then a configuration that is
        none is told what is wrong with it; elsewhere there must be something of ours in it.
        """
        named = sys._getframe(1).f_code.co_name == "_evaluate"  # noqa: SLF001
        return named or own_part(evaluator_config) is not None

    def evaluate(
        self,
        *,
        model_type: str | None,  # noqa: ARG002
        dataset: Any,
        run_id: str,
        evaluator_config: Mapping[str, Any] | None,
        model: Any = None,
        extra_metrics: Any = None,
        **_: Any,
    ) -> EvaluationResult:
        """Run the plan on MLflow's data set, log what it found, and return it.

        Args:
            model_type: MLflow's word for the task; the plan says it here.
            dataset: MLflow's `EvaluationDataset`.
            run_id: the run that gets metrics and artifacts.
            evaluator_config: the plan, and what goes with it.
            model: as MLflow opened it; None where the answers stand in the data.
            extra_metrics: other evaluators' business.

        Returns:
            Metrics, and the findings and the report as artifacts.

        Raises:
            Clash: a file of the user's hides one of our packages.
            RegisterError: with every reason in its text.
        """
        plugin = _opened()
        result: EvaluationResult = plugin.evaluate(
            own_part(evaluator_config),
            dataset=dataset,
            run_id=run_id,
            model=model,
            ignored=bool(extra_metrics),
        )
        return result


def own_part(config: Any) -> Any:
    """Our own part of MLflow's configuration; None where nothing of it is ours.

    Asked by one name MLflow hands over the whole configuration, asked by a list only our part.

    Args:
        config: `evaluator_config`, or the part of it under our name.
    """
    if not isinstance(config, Mapping):
        return None
    if NAME in config:
        return config[NAME]
    return config if "plan" in config or {"columns", "probes"} & set(config) else None


def _opened() -> Any:
    """The evaluator itself.

    Raises:
        Clash: when another file or folder is imported in place of one of our packages.
    """
    hidden = [found for name in PACKAGES if (found := _other(name)) is not None]
    if hidden:
        names = "、".join(hidden)
        raise Clash(
            f"{names} 与明算的软件包同名，Python 先找到了它，明算的检验器因此打不开。"
            f"请给它改名，或在别的文件夹里运行。 / {', '.join(hidden)} has the name of one of "
            "Mingsuan's packages and is found first, so Mingsuan's evaluator cannot be opened. "
            "Rename it, or run in another folder."
        )
    return importlib.import_module("portal.mlflow_plugin")


def _other(name: str) -> str | None:
    """Where a module of that name comes from, if not from us."""
    if (loaded := sys.modules.get(name)) is not None:
        origin, folders = getattr(loaded, "__file__", None), getattr(loaded, "__path__", ())
    else:
        spec = importlib.util.find_spec(name)
        origin = spec.origin if spec is not None else None
        folders = spec.submodule_search_locations or () if spec is not None else ()
    if origin is None:  # a folder without __init__.py
        return next((f"{Path(folder).resolve()}/" for folder in folders), None)
    path = Path(origin).resolve()
    return None if path == HERE / name / "__init__.py" else str(path)
