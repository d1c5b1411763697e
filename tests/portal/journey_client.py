"""The whole journey of an MLflow client, 2.22 or 3.17; prints what came of it as JSON.

Every message that the server sends is kept, for a person to read and for the test to hold.
"""

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression

LARGE = int(os.environ.get("LARGE_BYTES", "0"))
NEW = int(mlflow.__version__.split(".")[0]) >= 3
found: dict[str, object] = {"client": mlflow.__version__}
messages: dict[str, dict[str, str]] = {}
client = mlflow.MlflowClient()
ROWS = pd.DataFrame({"income": [1.0, 2.0, 3.0, 4.0], "debt": [4.0, 3.0, 2.0, 1.0]})


def name_of(name: str) -> str:
    """A registered model's name, this client's own."""
    return f"{name} {mlflow.__version__}"


def log(seed: float, **options: object) -> tuple[str, str]:
    """Log a small credit model; the run's id and the logged model's (empty in 2.22)."""
    fitted = LogisticRegression(C=seed).fit(ROWS, [0, 0, 1, 1])
    signature = mlflow.models.infer_signature(ROWS, fitted.predict_proba(ROWS))
    folder = tempfile.mkdtemp()
    with mlflow.start_run() as run:
        if not NEW:
            return run.info.run_id, _log_skops(fitted, signature, folder, **options)
        logged = mlflow.sklearn.log_model(
            fitted, signature=signature,
            serialization_format="skops",
            pyfunc_predict_fn="predict_proba", pip_requirements=["scikit-learn"], name="model", **options,
        )  # fmt: skip
    return run.info.run_id, getattr(logged, "model_id", "") or ""


def _log_skops(fitted: object, signature: object, folder: str, **options: object) -> str:
    """Log as 2.22 can what it cannot write itself: a skops file with an MLmodel beside it."""
    import skops.io
    import yaml
    from mlflow.models import Model

    model = Model(signature=signature)
    model.add_flavor(
        "python_function", loader_module="mlflow.sklearn", model_path="model.skops",
        predict_fn="predict_proba", python_version="3.11.0", env="python_env.yaml",
    )  # fmt: skip
    model.add_flavor(
        "sklearn", pickled_model="model.skops", serialization_format="skops", sklearn_version="1.9"
    )
    skops.io.dump(fitted, Path(folder) / "model.skops")
    (Path(folder) / "MLmodel").write_text(yaml.safe_dump(model.to_dict(), allow_unicode=True))
    mlflow.log_artifacts(folder, "model")
    if name := options.get("registered_model_name"):
        run = mlflow.active_run()
        assert run is not None
        mlflow.register_model(f"runs:/{run.info.run_id}/model", str(name))
    return ""


def refused(what: str, act: Callable[[], object]) -> None:
    """Keep the code and the text of a refusal; no refusal is kept as such."""
    try:
        act()
    except MlflowException as error:
        messages[what] = {"code": error.error_code, "text": str(error)}
    else:
        messages[what] = {"code": "", "text": "not refused"}


def registered() -> None:
    """Register by each of the ways, load, alias, search, copy."""
    run_id, model_id = log(1.0)
    by_run = mlflow.register_model(f"runs:/{run_id}/model", name_of("按运行登记"))
    found["by_run"] = [
        by_run.version,
        client.get_model_version(name_of("按运行登记"), "1").run_id == run_id,
    ]
    source = f"models:/{model_id}" if NEW else f"runs:/{run_id}/model"
    by_model = mlflow.register_model(source, name_of("按模型登记"))
    kept = client.get_model_version(name_of("按模型登记"), by_model.version)
    found["by_model"] = [kept.version, kept.run_id == run_id, kept.description]
    second, _ = log(2.0, registered_model_name=name_of("随记随登"))
    found["by_name"] = [client.get_model_version(name_of("随记随登"), "1").run_id == second]
    found["search"] = sorted(v.name for v in client.search_model_versions(f"run_id='{run_id}'"))
    client.set_registered_model_alias(name_of("随记随登"), "champion", "1")
    found["alias"] = client.get_model_version_by_alias(name_of("随记随登"), "champion").version
    copied = client.copy_model_version(f"models:/{name_of('随记随登')}@champion", name_of("生产"))
    found["copied"] = [copied.version, copied.run_id == second, copied.source, copied.tags]
    found["copied_says"] = copied.status_message
    again = mlflow.register_model(f"models:/{name_of('随记随登')}/1", name_of("生产二"))
    found["promoted"] = [again.version, again.source == copied.source]
    for name in ("生产", "随记随登"):
        folder = Path(mlflow.artifacts.download_artifacts(f"models:/{name_of(name)}/1"))
        found[f"loaded {name}"] = sorted(
            path.name for path in folder.iterdir() if path.name != "registered_model_meta"
        )
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{name_of('生产')}/1"))
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "copy")
    back = mlflow.register_model(f"runs:/{run.info.run_id}/copy", name_of("取回再登"))
    found["downloaded and registered"] = [
        (folder / "registered_model_meta").read_text(encoding="utf-8"),
        back.source == copied.source,
    ]
    if NEW:
        answers = mlflow.pyfunc.load_model(f"models:/{name_of('生产')}/1").predict(ROWS)
        found["answers"] = [round(float(row[1]), 6) for row in answers]


def large() -> None:
    """Log a large file, which goes up in parts, and read it back."""
    folder = Path(tempfile.mkdtemp())
    path = folder / "large.bin"
    with path.open("wb") as target:
        for at in range(0, LARGE, 1 << 20):
            target.write(os.urandom(min(1 << 20, LARGE - at)))
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(path), "deep")
    read = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="deep"))
    found["large"] = [
        (read / "large.bin").stat().st_size,
        (read / "large.bin").read_bytes() == path.read_bytes(),
    ]


def pickled() -> None:
    """Register the files of a model with a pickle among them."""
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{name_of('生产')}/1"))
    (folder / "extra.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "mixed")
    mlflow.register_model(f"runs:/{run.info.run_id}/mixed", name_of(name_of("腌制")))


def calling() -> None:
    """Register a model whose pickle starts a program when it is opened."""
    fitted = LogisticRegression().fit(ROWS, [0, 0, 1, 1])
    fitted.extra = Calling()
    signature = mlflow.models.infer_signature(ROWS, fitted.predict_proba(ROWS))
    named = {"name": "model"} if NEW else {"artifact_path": "model"}
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            fitted, signature=signature, serialization_format="pickle",
            pip_requirements=["scikit-learn"],
            registered_model_name=name_of("启动程序"), **named,
        )  # fmt: skip


class Calling:
    """What a pickle calls when it is opened."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def main() -> None:
    """Walk through all of it."""
    warnings.simplefilter("ignore")
    registered()
    if LARGE:
        large()
    refused("a pickle beside the model", pickled)
    refused("a pickle that starts a program", calling)
    refused("deleting a version", lambda: client.delete_model_version(name_of("生产"), "1"))
    refused(
        "deleting a model with versions", lambda: client.delete_registered_model(name_of("生产"))
    )
    refused("renaming", lambda: client.rename_registered_model(name_of("生产"), name_of("别名")))
    refused(
        "a stage",
        lambda: client.transition_model_version_stage(name_of("生产"), "1", "Production"),
    )
    refused(
        "our tag",
        lambda: client.set_model_version_tag(name_of("生产"), "1", "mingsuan.filing", "filed"),
    )
    refused(
        "a source elsewhere", lambda: client.create_model_version(name_of("生产"), "s3://bucket/x")
    )
    if NEW:
        refused("a prompt", lambda: mlflow.genai.register_prompt("greeting", "hello {{name}}"))
    run_id = client.get_model_version(name_of("随记随登"), "1").run_id
    assert run_id
    refused("deleting its run", lambda: client.delete_run(run_id))
    experiment = client.get_run(run_id).info.experiment_id
    refused("deleting its experiment", lambda: client.delete_experiment(experiment))
    refused(
        "registering nothing",
        lambda: mlflow.register_model(f"runs:/{run_id}/none", name_of("无物")),
    )
    client.create_registered_model(name_of("空的"))
    client.delete_registered_model(name_of("空的"))
    with mlflow.start_run() as run:
        pass
    client.delete_run(run.info.run_id)
    found["deleted"] = client.get_run(run.info.run_id).info.lifecycle_stage
    found["messages"] = messages
    sys.stdout.write("\n" + json.dumps(found, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
