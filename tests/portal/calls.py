"""Calls that an MLflow client makes, in one order, and what the door answers beside a plain server.

`EQUAL` is the same answer once identifiers, times and addresses are set aside; anything else is the
code of a refusal that `portal.mlflow.refusals` or `portal.mlflow.deleting` states.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
EQUAL = "equal"
DENIED, ABSENT, INVALID = "PERMISSION_DENIED", "NOT_IMPLEMENTED", "INVALID_PARAMETER_VALUE"
M, V, R, E, L = "registered-models", "model-versions", "runs", "experiments", "logged-models"


@dataclass(frozen=True)
class Call:
    """One call.

    Args:
        name: what a client does by it.
        method: HTTP method.
        path: below `/api/2.0/mlflow`, or from `/api` on; `{names}` are filled in.
        body: JSON for POST, PATCH and DELETE, the query for GET; `{names}` are filled in.
        expected: `EQUAL`, or the code with which the door refuses.
        keep: name → path of keys in the answer, to be filled in later.
    """

    name: str
    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    expected: str = EQUAL
    keep: Mapping[str, str] = field(default_factory=dict)


def tag(key: str = "k", value: str = "v") -> dict[str, str]:
    """A tag."""
    return {"key": key, "value": value}


CALLS = (
    Call("make an experiment", "POST", f"{E}/create", {"name": "e"}, keep={"e": "experiment_id"}),
    Call("make it again", "POST", f"{E}/create", {"name": "e"}),
    Call("an experiment without a name", "POST", f"{E}/create", {}),
    Call("an experiment elsewhere", "POST", f"{E}/create",
         {"name": "f", "artifact_location": "s3://b/x"}, INVALID),
    Call("read an experiment", "GET", f"{E}/get", {"experiment_id": "{e}"}),
    Call("read it by name", "GET", f"{E}/get-by-name", {"experiment_name": "e"}),
    Call("read one that is not there", "GET", f"{E}/get-by-name", {"experiment_name": "none"}),
    Call("tag an experiment", "POST", f"{E}/set-experiment-tag",
         {"experiment_id": "{e}", **tag()}),
    Call("search experiments", "POST", f"{E}/search",
         {"max_results": 10, "filter": "name = 'e'"}),
    Call("untag an experiment", "POST", f"{E}/delete-experiment-tag",
         {"experiment_id": "{e}", "key": "k"}),
    Call("rename an experiment", "POST", f"{E}/update",
         {"experiment_id": "{e}", "new_name": "e2"}),
    Call("start a run", "POST", f"{R}/create",
         {"experiment_id": "{e}", "run_name": "r", "start_time": 1}, keep={"r": "run.info.run_id"}),
    Call("start a second run", "POST", f"{R}/create",
         {"experiment_id": "{e}", "run_name": "r2", "start_time": 1}, keep={"r2": "run.info.run_id"}),
    Call("start one nowhere", "POST", f"{R}/create", {"experiment_id": "987654"}),
    Call("log a parameter", "POST", f"{R}/log-parameter", {"run_id": "{r}", **tag("p", "1")}),
    Call("log another value of it", "POST", f"{R}/log-parameter",
         {"run_id": "{r}", **tag("p", "2")}),
    Call("log a metric", "POST", f"{R}/log-metric",
         {"run_id": "{r}", "key": "auc", "value": 0.5, "timestamp": 1, "step": 1}),
    Call("log a metric that is no number", "POST", f"{R}/log-metric",
         {"run_id": "{r}", "key": "auc", "value": "x", "timestamp": 1}),
    Call("log a batch", "POST", f"{R}/log-batch",
         {"run_id": "{r}", "tags": [tag("b", "1")], "params": [tag("q", "1")],
          "metrics": [{"key": "auc", "value": 0.7, "timestamp": 2, "step": 2}]}),
    Call("read a metric's history", "GET", "metrics/get-history",
         {"run_id": "{r}", "metric_key": "auc"}),
    Call("tag a run", "POST", f"{R}/set-tag", {"run_id": "{r}", **tag("stadt", "上海")}),
    Call("untag a run", "POST", f"{R}/delete-tag", {"run_id": "{r}", "key": "b"}),
    Call("untag it again", "POST", f"{R}/delete-tag", {"run_id": "{r}", "key": "b"}),
    Call("read a run", "GET", f"{R}/get", {"run_id": "{r}"}),
    Call("read one that is not there", "GET", f"{R}/get", {"run_id": "0" * 32}),
    Call("search runs by tag", "POST", f"{R}/search",
         {"experiment_ids": ["{e}"], "filter": "tags.stadt = '上海'"}),
    Call("search runs by metric", "POST", f"{R}/search",
         {"experiment_ids": ["{e}"], "filter": "metrics.auc > 0.6"}),
    Call("search with a wrong filter", "POST", f"{R}/search",
         {"experiment_ids": ["{e}"], "filter": "nonsense"}),
    Call("log inputs", "POST", f"{R}/log-inputs",
         {"run_id": "{r}", "datasets": [{"tags": [], "dataset": {
             "name": "d", "digest": "1", "source_type": "local", "source": "{}"}}]}),
    Call("end a run", "POST", f"{R}/update",
         {"run_id": "{r}", "status": "FINISHED", "end_time": 2}),
    Call("upload a file", "PUT", f"{FILES}/{{place}}/model/MLmodel"),
    Call("upload another", "PUT", f"{FILES}/{{place}}/model/model.skops"),
    Call("list files", "GET", FILES, {"path": "{place}/model"}),
    Call("list nothing", "GET", FILES, {"path": "{place}/none"}),
    Call("read a file that is not there", "GET", f"{FILES}/{{place}}/none"),
    Call("read a folder as a file", "GET", f"{FILES}/{{place}}/model"),
    Call("delete a file", "DELETE", f"{FILES}/{{place}}/model/MLmodel", {}, DENIED),
    Call("make a registered model", "POST", f"{M}/create",
         {"name": "m", "tags": [tag()], "description": "d"}),
    Call("make it again", "POST", f"{M}/create", {"name": "m"}),
    Call("one without a name", "POST", f"{M}/create", {}),
    Call("make an empty one", "POST", f"{M}/create", {"name": "empty"}),
    Call("read a registered model", "GET", f"{M}/get", {"name": "m"}),
    Call("read one that is not there", "GET", f"{M}/get", {"name": "none"}),
    Call("register a version", "POST", f"{V}/create",
         {"name": "m", "source": "mlflow-artifacts:/{place}/model", "run_id": "{r}"}),
    Call("make a model for files elsewhere", "POST", f"{M}/create", {"name": "other"}),
    Call("register from elsewhere", "POST", f"{V}/create",
         {"name": "other", "source": "s3://bucket/x"}, INVALID),
    Call("register under no model", "POST", f"{V}/create",
         {"source": "mlflow-artifacts:/{place}/model", "run_id": "{r}"}),
    Call("register under one that is not there", "POST", f"{V}/create",
         {"name": "typo", "source": "mlflow-artifacts:/{place}/model", "run_id": "{r}"}),
    Call("read a version", "GET", f"{V}/get", {"name": "m", "version": "1"}),
    Call("read one that is not there", "GET", f"{V}/get", {"name": "m", "version": "9"}),
    Call("read one that is no number", "GET", f"{V}/get", {"name": "m", "version": "x"}),
    Call("describe a version", "PATCH", f"{V}/update",
         {"name": "m", "version": "1", "description": "first"}),
    Call("tag a version", "POST", f"{V}/set-tag", {"name": "m", "version": "1", **tag()}),
    Call("tag it as filed", "POST", f"{V}/set-tag",
         {"name": "m", "version": "1", **tag("mingsuan.filing", "filed")}, INVALID),
    Call("tag it in other letters", "POST", f"{V}/set-tag",
         {"name": "m", "version": "1", **tag(" Mingsuan.filing", "filed")}, INVALID),
    Call("tag a registered model as filed", "POST", f"{M}/set-tag",
         {"name": "m", **tag("mingsuan.filing", "filed")}, INVALID),
    Call("make one that is filed", "POST", f"{M}/create",
         {"name": "filed", "tags": [tag("mingsuan.filing", "filed")]}, INVALID),
    Call("tag a run as filed", "POST", f"{R}/set-tag",
         {"run_id": "{r}", **tag("mingsuan.filing", "filed")}, INVALID),
    Call("tag an experiment as filed", "POST", f"{E}/set-experiment-tag",
         {"experiment_id": "{e}", **tag("mingsuan.filing", "filed")}, INVALID),
    Call("search versions by run", "GET", f"{V}/search", {"filter": "run_id = '{r}'"}),
    Call("search versions by tag", "GET", f"{V}/search", {"filter": "tags.k = 'v'"}),
    Call("untag a version", "DELETE", f"{V}/delete-tag", {"name": "m", "version": "1", "key": "k"}),
    Call("name an alias", "POST", f"{M}/alias", {"name": "m", "alias": "a", "version": "1"}),
    Call("name one of no version", "POST", f"{M}/alias", {"name": "m", "alias": "b", "version": "9"}),
    Call("read by alias", "GET", f"{M}/alias", {"name": "m", "alias": "a"}),
    Call("read by none", "GET", f"{M}/alias", {"name": "m", "alias": "none"}),
    Call("newest versions", "POST", f"{M}/get-latest-versions", {"name": "m"}),
    Call("copy a version", "POST", f"{V}/create",
         {"name": "empty", "source": "models:/m/1", "run_id": "{r}"}),
    Call("copy one that is not there", "POST", f"{V}/create",
         {"name": "empty", "source": "models:/m/9"}),
    Call("drop an alias", "DELETE", f"{M}/alias", {"name": "m", "alias": "a"}),
    Call("drop it again", "DELETE", f"{M}/alias", {"name": "m", "alias": "a"}),
    Call("describe a registered model", "PATCH", f"{M}/update", {"name": "m", "description": "d2"}),
    Call("tag a registered model", "POST", f"{M}/set-tag", {"name": "m", **tag("x", "y")}),
    Call("untag a registered model", "DELETE", f"{M}/delete-tag", {"name": "m", "key": "x"}),
    Call("search registered models", "GET", f"{M}/search", {"filter": "name = 'm'"}),
    Call("search with a wrong filter", "GET", f"{M}/search", {"filter": "nonsense"}),
    Call("rename a registered model", "POST", f"{M}/rename",
         {"name": "other", "new_name": "n"}, DENIED),
    Call("give a version a stage", "POST", f"{V}/transition-stage",
         {"name": "m", "version": "1", "stage": "Production",
          "archive_existing_versions": False}, ABSENT),
    Call("start a logged model", "POST", L,
         {"experiment_id": "{e}", "name": "l", "source_run_id": "{r2}"}, keep={"l": "model.info.model_id"}),
    Call("read a logged model", "GET", f"{L}/{{l}}"),
    Call("tag a logged model", "PATCH", f"{L}/{{l}}/tags", {"tags": [tag()]}),
    Call("tag it as filed", "PATCH", f"{L}/{{l}}/tags",
         {"tags": [tag("mingsuan.filing", "filed")]}, INVALID),
    Call("search logged models", "POST", f"{L}/search", {"experiment_ids": ["{e}"]}),
    Call("finish a logged model", "PATCH", f"{L}/{{l}}",
         {"model_id": "{l}", "status": "LOGGED_MODEL_READY"}),
    Call("delete a logged model", "DELETE", f"{L}/{{l}}"),
    Call("read it then", "GET", f"{L}/{{l}}"),
    Call("delete a run of no version", "POST", f"{R}/delete", {"run_id": "{r2}"}),
    Call("read it then", "GET", f"{R}/get", {"run_id": "{r2}"}),
    Call("restore it", "POST", f"{R}/restore", {"run_id": "{r2}"}),
    Call("delete a run that is not there", "POST", f"{R}/delete", {"run_id": "0" * 32}),
    Call("delete the run of a version", "POST", f"{R}/delete", {"run_id": "{r}"}, DENIED),
    Call("delete its experiment", "POST", f"{E}/delete", {"experiment_id": "{e}"}, DENIED),
    Call("delete a version", "DELETE", f"{V}/delete", {"name": "m", "version": "1"}, DENIED),
    Call("delete a registered model with versions", "DELETE", f"{M}/delete", {"name": "m"}, DENIED),
    Call("make a model to delete", "POST", f"{M}/create", {"name": "gone"}),
    Call("delete it", "DELETE", f"{M}/delete", {"name": "gone"}),
    Call("delete it again", "DELETE", f"{M}/delete", {"name": "gone"}),
    Call("make an experiment to delete", "POST", f"{E}/create", {"name": "g"},
         keep={"g": "experiment_id"}),
    Call("delete it", "POST", f"{E}/delete", {"experiment_id": "{g}"}),
    Call("restore it", "POST", f"{E}/restore", {"experiment_id": "{g}"}),
)  # fmt: skip
