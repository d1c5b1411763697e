"""What the MLflow door refuses, in MLflow's words: a code, why, and what to do instead.

The door offers a part of MLflow's REST interface. Each other route of MLflow falls under one policy
below, so that its client prints a sentence and never a page. A test walks through the routes of the
installed MLflow: one that is new there has to be decided here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.language import Text

NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
PERMISSION_DENIED = "PERMISSION_DENIED"
ENDPOINT_NOT_FOUND = "ENDPOINT_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Policy:
    """Why some routes are refused.

    Args:
        code: MLflow's error code, which also decides the HTTP status.
        why: the policy, one sentence.
        instead: what to do.
        routes: what the paths below `/api/<version>/mlflow` begin with, as regular expressions.
    """

    code: str
    why: Text
    instead: Text
    routes: Sequence[str] = ()

    def message(self) -> str:
        """The text of the refusal in both languages."""
        return f"{self.why.en} {self.instead.en}\n{self.why.zh}{self.instead.zh}"


POLICIES: Mapping[str, Policy] = {
    "versions-kept": Policy(
        PERMISSION_DENIED,
        Text(
            "登记过的模型版本不能删除，没有备案的也一样：登记是一份不变的记录。",
            "A registered version is never deleted, filed or not: what was registered is a record "
            "that does not change.",
        ),
        Text(
            "登记错了而没有备案的，不必处理：它不公开，只有本单位和受委托的测试机构看得到；可以用标签注明，并把别名移到对的版本。"
            "已备案而不再使用的，请在网站的备案页撤回备案（撤回留在记录里）。",
            "A mistaken one that is not filed needs nothing: it is not public, and seen by your "
            "organisation and by testers that it engaged alone; tag it as mistaken and point the "
            "alias at the right one. One that is filed and no longer used: withdraw its filing on "
            "the site (the withdrawal stays on record).",
        ),
        (r"/model-versions/delete$",),
    ),
    "names-kept": Policy(
        PERMISSION_DENIED,
        Text(
            "登记过的模型不改名：名称写在备案和评估记录里。",
            "A registered model keeps its name: it stands in filings and evaluations.",
        ),
        Text(
            "请用 copy_model_version 在新名称下登记同一内容：摘要不变，按摘要做的评估和说明仍然算数；备案不随之转移。",
            "Register the same bytes under the new name with copy_model_version: the digest is the "
            "same, so evaluations and explanations of it count; a filing does not move.",
        ),
        (r"/registered-models/rename$",),
    ),
    "no-stages": Policy(
        NOT_IMPLEMENTED,
        Text(
            "本平台没有阶段：MLflow 的阶段谁都能改，不是审批。",
            "There are no stages here: MLflow's stages can be changed by anyone and are no approval.",
        ),
        Text(
            "请用别名（set_registered_model_alias）指明在用的版本；备案状态见标签 mingsuan.filing，只由审查改变。",
            "Name the version in use by an alias (set_registered_model_alias); the state of its "
            "filing is the tag mingsuan.filing, which only a review changes.",
        ),
        (r"/model-versions/transition-stage$",),
    ),
    "artifacts-kept": Policy(
        PERMISSION_DENIED,
        Text(
            "上传的文件不能单独删除或改写。",
            "Uploaded files are not deleted or rewritten one by one.",
        ),
        Text(
            "没有登记的上传过期后自动清除（MINGSUAN_UPLOAD_DAYS）；要换内容，请另记一个模型再登记。",
            "Uploads that are never registered are removed after some days (MINGSUAN_UPLOAD_DAYS); "
            "for other contents log a new model and register it.",
        ),
        (r"/mlflow-artifacts/artifacts/<path:artifact_path>$",),
    ),
    "artifacts-by-address": Policy(
        NOT_IMPLEMENTED,
        Text(
            "文件只经本服务器逐个读写，不发对象存储的直接下载或上传地址。",
            "Files are read and written through this server; it hands out no address of the object "
            "store for whole files.",
        ),
        Text(
            "请用 mlflow.artifacts.list_artifacts 与 download_artifacts（地址 mlflow-artifacts:/…）；大文件用分块上传，客户端自动选用。",
            "Use mlflow.artifacts.list_artifacts and download_artifacts (addresses "
            "mlflow-artifacts:/…); large files go up in parts, which the client chooses by itself.",
        ),
        (
            r"/artifacts/list$",
            r"/artifacts/presigned-",
            r"/mlflow-artifacts/presigned/",
            r"/logged-models/<model_id>/artifacts/directories$",
        ),
    ),
    "no-traces": Policy(
        NOT_IMPLEMENTED,
        Text(
            "本平台不收调用轨迹及其评注：轨迹里常有个人信息。",
            "Traces and assessments of them are not taken: they often hold personal information.",
        ),
        Text(
            "请把轨迹写到本单位自己的 MLflow；这里只登记模型。",
            "Send traces to an MLflow server of your own; only models are registered here.",
        ),
        (
            r"/traces?(/|$)",
            r"/unified-traces$",
            r"/get-online-trace-details$",
            r"/issues(/|$)",
            r"/label-schemas/",
            r"/review-queues/",
        ),
    ),
    "no-scorers": Policy(
        NOT_IMPLEMENTED,
        Text(
            "MLflow 的评分器、评估数据集与提示词优化不在这里运行：评估由第三方测评机构按计划做。",
            "MLflow's scorers, evaluation data sets and prompt optimisation do not run here: "
            "evaluations are made by third-party testers after a plan.",
        ),
        Text(
            "数据请用 mingsuan data 登记，评估请用 mlflow.models.evaluate(evaluators=…, mingsuan) 自测或在网站上委托。",
            "Register data with mingsuan data; evaluate at home with mlflow.models.evaluate "
            "(evaluator mingsuan) or engage a tester on the site.",
        ),
        (
            r"/scorers?/",
            r"/datasets/",
            r"mlflow/experiments/search-datasets$",
            r"/prompt-optimization/",
            r"/genai/",
        ),
    ),
    "no-gateway": Policy(
        NOT_IMPLEMENTED,
        Text(
            "这里没有网关、后台任务和回调：本平台不转发调用，也不向外发请求。",
            "There is no gateway, no job and no webhook: nothing is called on behalf of a client.",
        ),
        Text(
            "状态变化请查标签 mingsuan.filing，或用 GET /api/v1 的接口查询。",
            "For changes of state read the tag mingsuan.filing, or ask the interface below /api/v1.",
        ),
        (r"/gateway/", r"/webhooks(/|$)", r"/jobs/", r"/demo/"),
    ),
    "one-workspace": Policy(
        PERMISSION_DENIED,
        Text(
            "令牌属于一个单位，工作区就是这个单位，不能另选、新建或删除。",
            "A token belongs to one organisation, which is its workspace; none can be chosen, made "
            "or deleted.",
        ),
        Text(
            "请换用另一单位的令牌；单位由管理员登记。",
            "Use a token of the other organisation; organisations are entered by the administrator.",
        ),
        (r"/workspaces(/|$)",),
    ),
    "no-pages": Policy(
        NOT_IMPLEMENTED,
        Text(
            "MLflow 的网页及其专用接口不在这里提供。",
            "MLflow's own pages and the routes that only they use are not offered.",
        ),
        Text(
            "模型、评估与备案请在本网站查看；客户端请用 /api/2.0/mlflow 的接口。",
            "See models, evaluations and filings on this site; clients use the routes below "
            "/api/2.0/mlflow.",
        ),
        (r"^/ajax-api/", r"^/graphql$", r"/metrics/get-history-bulk"),
    ),
}
UNKNOWN = Policy(
    ENDPOINT_NOT_FOUND,
    Text("MLflow 入口没有这个地址：{method} {path}。", "The MLflow door has no {method} {path}."),
    Text(
        "请检查 MLFLOW_TRACKING_URI：应为 https://主机/mlflow，以 /mlflow 结尾，前面不带网页的语言（/zh、/en）；"
        "怎样设、MLflow 里有而这里没有的，见网站的“提交模型”页（/zh/submit）。",
        "Check MLFLOW_TRACKING_URI: it is https://HOST/mlflow, ends in /mlflow, and has no language "
        "of a page before it (/zh, /en). How to set it, and what MLflow has and this site has not, "
        "stands on its page “Submit a model” (/en/submit).",
    ),
)


def policy_of(path: str) -> str | None:
    """The name of the policy under which a route is refused; None where no policy speaks of it.

    Args:
        path: the route as MLflow writes it for Flask, such as `/api/2.0/mlflow/runs/<run_id>`.
    """
    if path.startswith("/ajax-api/"):
        return "no-pages"
    return next(
        (
            name
            for name, policy in POLICIES.items()
            if any(re.search(route, path) for route in policy.routes)
        ),
        None,
    )


def unknown(method: str, path: str) -> Policy:
    """The refusal of a route that neither we nor MLflow know.

    Args:
        method: of the request.
        path: of the request; its unseen characters are written out by whoever shows it.
    """
    return Policy(UNKNOWN.code, UNKNOWN.why.format(method=method, path=path), UNKNOWN.instead)


def refused(routes: Sequence[tuple[str, str]], allowed: Mapping[str, str]) -> dict[str, list[str]]:
    """MLflow's routes that are refused, by policy: `METHOD path`, sorted.

    Args:
        routes: (path, method) of every route of MLflow's handlers.
        allowed: path → methods that the door offers.

    Raises:
        LookupError: when a route falls under no policy.
    """
    found: dict[str, list[str]] = {name: [] for name in POLICIES}
    for path, method in sorted(set(routes)):
        if method in allowed.get(path, "").split():
            continue
        name = policy_of(path)
        if name is None:
            raise LookupError(f"{method} {path} is neither offered nor refused by a policy")
        found[name].append(f"{method} {path}")
    return found


def manual(by_policy: Mapping[str, Sequence[str]]) -> list[str]:
    """The refusals as lines of Markdown, one section for each policy.

    Args:
        by_policy: what `refused` returned.
    """
    lines: list[str] = []
    for name, policy in POLICIES.items():
        shown = [
            route
            for route in by_policy[name]
            if not route.partition(" ")[2].startswith("/ajax-api/")
        ]
        hidden = len(by_policy[name]) - len(shown)
        lines += [
            "",
            f"### {name}",
            "",
            f"`{policy.code}`. {policy.why.zh}{policy.instead.zh}",
            "",
        ]
        lines += [f"{policy.why.en} {policy.instead.en}", ""]
        lines += [f"- `{route}`" for route in shown]
        if hidden:
            lines.append(f"- {hidden} routes below `/ajax-api/`, which MLflow's pages use")
    return lines


def as_json(policy: Policy) -> dict[str, Any]:
    """The body of the answer, as MLflow's clients read it."""
    return {"error_code": policy.code, "message": policy.message()}
