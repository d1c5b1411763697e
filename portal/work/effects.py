"""What applies the outside effects that changes ask for, by kind."""

from collections.abc import Mapping

from portal.work import mlflow_tags
from registry import inbox
from registry.outbox import Apply
from registry.settings import Settings


def appliers(settings: Settings) -> Mapping[str, Apply]:
    """Every applier of this installation: MLflow's mirror, and the desks.

    Args:
        settings: of the installation.
    """
    return {**mlflow_tags.appliers(settings), inbox.EFFECT: inbox.apply}
