"""What an enterprise does with its ordinary MLflow client; prints what came of it as JSON."""

import json
import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression

NAME = "信用审批"


def log(name: str | None, *, signed: bool = True, **options: object) -> str:
    """Log a small credit model, registering it under `name`; the model's id."""
    rows = pd.DataFrame({"income": [1.0, 2.0, 3.0, 4.0], "debt": [4.0, 3.0, 2.0, 1.0]})
    fitted = LogisticRegression().fit(rows, [0, 0, 1, 1])
    signature = mlflow.models.infer_signature(rows, fitted.predict_proba(rows)) if signed else None
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            fitted,
            name="model",
            signature=signature,
            registered_model_name=name,
            serialization_format="skops",
            pyfunc_predict_fn="predict_proba",
            pip_requirements=["scikit-learn"],
            **options,
        )
    return str(logged.model_id)


def files(folder: str) -> dict[str, str]:
    """Every file's bytes, in hexadecimal, but for the note that the client itself adds."""
    root = Path(folder)
    return {
        path.relative_to(root).as_posix(): path.read_bytes().hex()
        for path in root.rglob("*")
        if path.is_file() and path.name != "registered_model_meta"
    }


def registered_from_copy(source: str) -> list[str]:
    """Fetch a model, log the copy as it is with the note that the client adds, and register it."""
    folder = Path(mlflow.artifacts.download_artifacts(source))
    note = (folder / "registered_model_meta").read_text(encoding="utf-8")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "copy")
    return [note, str(mlflow.register_model(f"runs:/{run.info.run_id}/copy", NAME).version)]


def main() -> None:
    """Log, look, register, download; then a model that is refused."""
    found: dict[str, object] = {}
    client = mlflow.MlflowClient()
    model_id = log(None)
    found["uploaded"] = files(mlflow.artifacts.download_artifacts(f"models:/{model_id}"))
    first = mlflow.register_model(f"models:/{model_id}", NAME, tags={"quarter": "Q3"})
    again = mlflow.register_model(f"models:/{model_id}", NAME)
    found["numbers"] = [first.version, again.version]
    found["model_id"] = model_id
    version = client.get_model_version(NAME, "1")
    found["source"], found["tags"] = version.source, version.tags
    found["downloaded"] = files(mlflow.artifacts.download_artifacts(f"models:/{NAME}/1"))
    found["logged_again"] = files(mlflow.artifacts.download_artifacts(f"models:/{model_id}"))
    found["one_file"] = (
        Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}/1/MLmodel")).read_bytes().hex()
    )
    found["registered_from_copies"] = [
        registered_from_copy(f"models:/{NAME}/1"),
        registered_from_copy(f"models:/{model_id}"),
    ]
    client.set_registered_model_alias(NAME, "champion", "1")
    found["by_alias"] = client.get_model_version_by_alias(NAME, "champion").version
    log(NAME)
    found["all"] = sorted(v.version for v in client.search_model_versions(f"name='{NAME}'"))
    try:
        log("未签名", signed=False)
    except MlflowException as refused:
        found["refusal"] = {"code": refused.error_code, "message": str(refused)}
    try:
        client.create_registered_model("a@b")
    except MlflowException as refused:
        found["bad_name"] = refused.error_code
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
