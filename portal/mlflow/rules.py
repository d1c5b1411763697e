"""What offered routes of the MLflow door refuse by a rule of ours: one table for answers and manual.

MLflow itself would take these requests, or refuse them in its own words. Whole routes that are not
offered are refused by the policies of `mlflow_refusals`. What may not stand in any text of a
request, on any door of this site, is `characters` and `incoming`; what a model's files may not be is
`screening`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from portal.mlflow.refusals import PERMISSION_DENIED, POLICIES
from registry import model_names, staging
from registry.language import Text

INVALID, MISSING, CONFLICT, TAKEN = (
    "INVALID_PARAMETER_VALUE",
    "RESOURCE_DOES_NOT_EXIST",
    "RESOURCE_CONFLICT",
    "RESOURCE_ALREADY_EXISTS",
)
NEW_MODEL, NEW_VERSION = "registered-models/create", "model-versions/create"
FILES, PARTS = "mlflow-artifacts/artifacts/…", "mlflow-artifacts/mpu/…"
LOG_MODEL = "runs/log-model"
TAGS = ("every route that writes or deletes a tag",)
EVERY = ("every route listed above",)
SEARCHES = ("every route that lists or searches",)


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a request to an offered route is refused.

    Args:
        code: MLflow's error code, which also decides the HTTP status.
        said: what is wrong and what to do; `{places}` are filled in by who refuses.
        routes: what is asked when it is told, as the manual names it.
    """

    code: str
    said: Text
    routes: tuple[str, ...]

    def told(self, **places: object) -> tuple[str, str]:
        """The text in Chinese and in English, as the register's errors take them.

        Args:
            places: what goes into the text.
        """
        said = self.said.format(**places)
        return said.zh, said.en

    def message(self, **places: object) -> str:
        """The text as MLflow's clients print it, in both languages.

        Args:
            places: what goes into it.
        """
        zh, en = self.told(**places)
        return f"{en}\n{zh}"


def _needed(zh: str, en: str, *routes: str) -> Rule:
    """Why something stays: a version that was registered comes from it, or is under it."""
    kept = POLICIES["versions-kept"].instead
    return Rule(
        PERMISSION_DENIED,
        Text(
            f"{zh}，不能删除：登记过的版本和它的来历一直保留，没有备案的也一样。{kept.zh}",
            f"{en}, so it cannot be deleted: what was registered is kept with what it came from, "
            f"filed or not. {kept.en}",
        ),
        routes,
    )


RULES: Mapping[str, Rule] = {
    "token": Rule(
        "UNAUTHENTICATED",
        Text(
            "没有令牌，或令牌无效。请把带提交权限的令牌写进环境变量 MLFLOW_TRACKING_TOKEN。",
            "Missing or unknown token. Put a token with the scope “submit” into "
            "MLFLOW_TRACKING_TOKEN.",
        ),
        ("every route listed above",),
    ),
    "json-object": Rule(
        INVALID,
        Text(
            "请发送 JSON 对象，并写 Content-Type: application/json：请求没有内容，内容不是 JSON 对象，"
            "或没有这样注明。",
            "Send a JSON object with Content-Type: application/json: nothing was sent, or no JSON "
            "object, or it was not declared as one.",
        ),
        ("every route that changes something",),
    ),
    "wrong-shape": Rule(
        INVALID,
        Text(
            "请求里这些字段的形式不对：{fields}。请按 MLflow REST API 的说明改成相应的文字、数字、列表或对象，不要用 "
            "null；不需要的请去掉，再发送。",
            "These fields of the request have a wrong form: {fields}. Send the text, number, list "
            "or object that MLflow's REST API asks for and no null, or leave them out.",
        ),
        EVERY,
    ),
    "page-token": Rule(
        INVALID,
        Text(
            "page_token 不是本服务器给出的。请原样使用上一页答复里的 next_page_token；要从头列出，请不要填。",
            "page_token is none that this server gave. Send the next_page_token of the page before "
            "as it is; leave it out to begin at the first page.",
        ),
        SEARCHES,
    ),
    "page-size": Rule(
        INVALID,
        Text(
            "max_results 是 {given}，一页至少要有一条。请写 1 或更大的整数，或不要填。",
            "max_results is {given}, and a page holds at least one. Send a whole number from 1, or "
            "leave it out.",
        ),
        SEARCHES,
    ),
    "not-searched": Rule(
        INVALID,
        Text(
            "不能按 {fields} 查找：写法不对，或者所写的字段不能用来筛选或排序。请按 MLflow 的查找语法改正，例如 "
            "name = 'credit'，或去掉它。",
            "Cannot search by {fields}: it is not written as MLflow's search syntax asks, or names "
            "what cannot be filtered or ordered by. Correct it, for example name = 'credit', or "
            "leave it out.",
        ),
        SEARCHES,
    ),
    "written-meanwhile": Rule(
        CONFLICT,
        Text(
            "另一个请求同时改动或删除了这条记录，这次没有写入。请先查看它现在的内容，仍要写入的再发送一次。",
            "Another request changed or deleted this record at the same time, and nothing was "
            "written. See what it holds now, and send this again if it is still wanted.",
        ),
        EVERY,
    ),
    "server-fault": Rule(
        "INTERNAL_ERROR",
        Text(
            "服务器内部出错，请求没有完成。请稍后再试；仍然如此，请告诉管理员。",
            "A fault of the server: the request was not completed. Try again later; if it stays so, "
            "tell the administrator.",
        ),
        EVERY,
    ),
    "experiment-taken": Rule(
        TAKEN,
        Text(
            "已有名为“{name}”的实验（可能已删除）。两个程序同时新建了它的，再运行一次即可；否则请换一个名称，或用 "
            "mlflow.set_experiment 使用它；已删除的，请先用 MlflowClient().restore_experiment 恢复。",
            "There is an experiment “{name}” already, perhaps a deleted one. Where two programs "
            "made it at the same time, run yours again; else choose another name, or use it with "
            "mlflow.set_experiment; restore a deleted one first with "
            "MlflowClient().restore_experiment.",
        ),
        ("experiments/create", "experiments/update"),
    ),
    "model-taken": Rule(
        TAKEN,
        Text(
            "已有名为“{name}”的登记模型。请换一个名称，或直接在它之下登记版本（register_model）。",
            "There is a registered model “{name}” already. Choose another name, or register a "
            "version under it (register_model).",
        ),
        (NEW_MODEL,),
    ),
    "platform-tags": Rule(
        INVALID,
        Text(
            "标签“{tag}”由本平台写入，或看起来像是，只能读。请换一个不以 mingsuan. 开头的名称。",
            "The tag “{tag}” is one that the platform writes, or reads like one; it can only be "
            "read. Choose a name that does not begin with mingsuan.",
        ),
        TAGS,
    ),
    "no-prompts": Rule(
        PERMISSION_DENIED,
        Text(
            "本平台不收提示词（mlflow.genai.register_prompt）：这里登记的是算法模型。请把提示词放在本单位自己的 "
            "MLflow 里；模型要用的提示词请放进模型的文件（log_model 的 artifacts 或 code_paths）一并登记。",
            "Prompts are not kept here (mlflow.genai.register_prompt): what is registered are "
            "algorithm models. Keep prompts on an MLflow server of your own; log a prompt that a "
            "model needs among the model's files (artifacts or code_paths of log_model) and "
            "register that.",
        ),
        TAGS,
    ),
    "name": Rule(INVALID, model_names.NOT_ALLOWED, (NEW_MODEL, NEW_VERSION)),
    "name-blanks": Rule(INVALID, model_names.BLANKS_AROUND, (NEW_MODEL,)),
    "name-in-pieces": Rule(INVALID, model_names.IN_PIECES, (NEW_MODEL,)),
    "alias": Rule(INVALID, model_names.ALIAS_NOT_ALLOWED, ("POST registered-models/alias",)),
    "files-here": Rule(
        INVALID,
        Text(
            "请不要填 artifact_location：文件由本服务器保存。",
            "Leave artifact_location out: files are kept by this server.",
        ),
        ("experiments/create",),
    ),
    "default-deleted": Rule(
        INVALID,
        Text(
            "没有指明实验，而本单位的实验 Default 已删除。请用 MLFLOW_EXPERIMENT_NAME 或 "
            "mlflow.set_experiment 指明实验，或恢复 Default："
            "MlflowClient().restore_experiment('{experiment}')。",
            "No experiment was named, and your organisation's experiment Default was deleted. "
            "Name one by MLFLOW_EXPERIMENT_NAME or mlflow.set_experiment, or restore Default: "
            "MlflowClient().restore_experiment('{experiment}').",
        ),
        ("runs/create", "logged-models"),
    ),
    "no-model": Rule(
        MISSING,
        Text(
            "没有名为“{name}”的登记模型。请先用 create_registered_model 建立，或改用 register_model"
            "（它会自动建立）。",
            "There is no registered model “{name}”. Make it first with create_registered_model, or "
            "use register_model, which makes it.",
        ),
        (NEW_VERSION,),
    ),
    "no-run": Rule(
        MISSING,
        Text(
            "没有编号为 {run} 的运行，不能由它登记版本。请核对来源 runs:/… 或 run_id 里的编号；不是由运行而来的，请不要填 "
            "run_id。",
            "There is no run {run}, so no version can be registered from it. Check the number in "
            "the source runs:/…, or in run_id; where the model comes from no run, leave run_id out.",
        ),
        (NEW_VERSION,),
    ),
    "run-deleted": Rule(
        CONFLICT,
        Text(
            "运行 {run} 已删除，不能再由它登记版本。请先恢复它（mlflow runs restore），"
            "或在另一次运行里重新记录模型。",
            "The run {run} was deleted, so no version can be registered from it. "
            "Restore it first (mlflow runs restore), or log the model again in another run.",
        ),
        (NEW_VERSION,),
    ),
    "experiment-deleted": Rule(
        CONFLICT,
        Text(
            "实验 {experiment} 已删除，不能再由其中的模型登记版本。请先恢复它"
            "（mlflow experiments restore），或在另一个实验里重新记录模型。",
            "The experiment {experiment} was deleted, so no version can be registered from a model "
            "in it. Restore it first (mlflow experiments restore), or log the model again in "
            "another experiment.",
        ),
        (NEW_VERSION,),
    ),
    "no-version": Rule(
        MISSING,
        Text(
            "没有 {source} 所指的版本。请写版本号或别名：models:/名称/1 或 models:/名称@别名。",
            "There is no version that {source} names. Write a version's number or an alias: "
            "models:/NAME/1 or models:/NAME@ALIAS.",
        ),
        (NEW_VERSION,),
    ),
    "no-model-named": Rule(
        MISSING,
        Text(
            "没有名为“{name}”的登记模型，{source} 因此不指任何版本。请核对名称。",
            "There is no registered model “{name}”, so {source} names no version. Check the name.",
        ),
        (NEW_VERSION,),
    ),
    "no-alias": Rule(
        INVALID,
        Text(
            "登记模型“{name}”没有别名“{alias}”。请核对别名；它现有的别名：{known}。",
            "The registered model “{name}” has no alias “{alias}”: not found. Check the alias; "
            "those that it has: {known}.",
        ),
        ("GET registered-models/alias",),
    ),
    "stage-as-source": Rule(
        POLICIES["no-stages"].code,
        Text(
            f"{POLICIES['no-stages'].why.zh}{POLICIES['no-stages'].instead.zh}",
            f"{POLICIES['no-stages'].why.en} {POLICIES['no-stages'].instead.en}",
        ),
        (f"{NEW_VERSION} (models:/NAME/STAGE)",),
    ),
    "not-uploaded": Rule(
        INVALID,
        Text(
            "只能登记上传到本服务器的文件，不能是 {source}。来源可写 runs:/运行/路径、"
            "models:/m-模型、models:/名称/版本或 mlflow-artifacts:/…。",
            "Only files uploaded to this server can be registered, not {source}. Sources are "
            "runs:/RUN/PATH, models:/m-MODEL, models:/NAME/VERSION and addresses "
            "mlflow-artifacts:/….",
        ),
        (NEW_VERSION,),
    ),
    "source-unclear": Rule(
        INVALID,
        Text(
            "来源里的“?”和“#”在地址里另有含义，其后的部分会被略去，所以没有登记：{source}。请去掉它和其后的部分；文件夹"
            "名称里真有这两个字符的，请换一个名称另记再登记。",
            "“?” and “#” mean something else in an address, and what follows them would be left "
            "out, so nothing was registered: {source}. Leave them and what follows out; where a "
            "folder's name really has one, log it under another name and register that.",
        ),
        (NEW_VERSION,),
    ),
    "files-of-others": Rule(
        PERMISSION_DENIED,
        Text(
            "这些文件属于别的单位。请写本单位的地址。",
            "These files belong to another workspace. Name those of your own organisation.",
        ),
        (NEW_VERSION,),
    ),
    "no-files": Rule(
        MISSING,
        Text(
            "{path} 下没有上传过文件。请核对路径；旁边有：{near}。MLflow 3 把模型记在运行之外：来源请写 "
            "log_model 返回的 model_uri（models:/m-…）。",
            "No files were uploaded to {path}. Check the path; beside it there are: {near}. "
            "MLflow 3 logs a model beside its run: take the model_uri that log_model returns "
            "(models:/m-…).",
        ),
        (NEW_VERSION,),
    ),
    "one-file": Rule(
        INVALID,
        Text(
            "{path} 是一个文件，不是模型的文件夹。来源请写 MLmodel 所在的文件夹，例如 runs:/运行/model。",
            "{path} is one file and no model's folder. Take the folder in which MLmodel lies as the "
            "source, such as runs:/RUN/model.",
        ),
        (NEW_VERSION,),
    ),
    "model-needed": _needed(
        "模型“{name}”有登记过的版本",
        "The registered model {name} has versions",
        "registered-models/delete",
    ),
    "run-needed": _needed(
        "有登记过的版本出自这次运行", "A registered version comes from this run", "runs/delete"
    ),
    "run-within-needed": _needed(
        "里面有一次运行，有登记过的版本出自它",
        "A registered version comes from one of its runs",
        "experiments/delete",
    ),
    "logged-model-needed": _needed(
        "有登记过的版本出自这个模型",
        "A registered version comes from this logged model",
        "DELETE logged-models/<model_id>",
    ),
    "files-needed": _needed(
        "里面有登记过的文件",
        "It holds files from which a version was registered",
        "runs/delete",
        "experiments/delete",
        "DELETE logged-models/<model_id>",
    ),
    "arriving": Rule(
        PERMISSION_DENIED,
        Text(
            "有文件正在分块上传到这里，不能删除。请等它结束或中止。",
            "A file is arriving here in parts, so it cannot be deleted. Wait for its end, or abort "
            "it.",
        ),
        ("runs/delete", "experiments/delete", "DELETE logged-models/<model_id>"),
    ),
    "still-arriving": Rule(CONFLICT, staging.STILL_ARRIVING, (NEW_VERSION,)),
    "sealed-within": Rule(CONFLICT, staging.SEALED_WITHIN, (NEW_VERSION,)),
    "sealed": Rule(PERMISSION_DENIED, staging.SEALED, (f"PUT {FILES}", PARTS)),
    "no-place": Rule(INVALID, staging.NO_PLACE, (f"PUT {FILES}", PARTS)),
    "path-unsafe": Rule(
        INVALID,
        Text(
            "路径不可用。请用“/”分隔各段；不要用“..”、“#”、反斜杠，也不要以“/”开头。",
            "Invalid path. Write it with “/” between its parts, without “..”, “#” or a backslash, "
            "and without “/” at its beginning.",
        ),
        (FILES, PARTS, NEW_VERSION, LOG_MODEL),
    ),
    "path-of-others": Rule(
        INVALID,
        Text(
            "这个路径指向另一个单位的文件。请去掉 workspaces/… 这一段，或写本单位的。",
            "Artifact path targets another workspace than the token's. Leave workspaces/… out, or "
            "write that of your own organisation.",
        ),
        (FILES, PARTS),
    ),
    "path-unclean": Rule(
        INVALID,
        Text(
            "路径里不要有“.”，也不要有空的一段：{path}",
            "Write the path without “.” and without empty parts: {path}",
        ),
        (FILES, PARTS, NEW_VERSION, LOG_MODEL),
    ),
    "path-encoded": Rule(
        INVALID,
        Text(
            "MLflow 会把 {path} 放到另一个名称下，所以没有保存、读取或登记。名称里的“%”后面不要跟两位十六进制数字，"
            "末尾不要有“;”；地址只编码一次。",
            "MLflow would keep {path} under another name, so nothing was kept, read or registered. "
            "Write no “%” with two hexadecimal digits after it and no “;” at the end, and encode an "
            "address once.",
        ),
        (FILES, PARTS, NEW_VERSION, LOG_MODEL),
    ),
    "path-cut-off": Rule(
        INVALID,
        Text(
            "文件或文件夹的名称里有“?”：客户端在地址里从这里截断名称，文件会放到另一个名称下（{path}）。没有保存或读取；"
            "请换一个没有“?”和“#”的名称。",
            "The name of a file or folder has a “?”: the client's address cuts the name off there, "
            "and the file would lie under another name ({path}). Nothing was kept or read; choose "
            "a name without “?” and “#”.",
        ),
        (FILES, PARTS),
    ),
    "no-file": Rule(
        MISSING,
        Text(
            "没有这个文件：{path}。请用 list_artifacts 查看有哪些文件。",
            "No such artifact: {path}. See what is there with list_artifacts.",
        ),
        (f"GET {FILES}",),
    ),
    "a-folder": Rule(
        INVALID,
        Text(
            "这是文件夹，不是文件：{path}。请用 list_artifacts 列出其中的文件。",
            "Artifact path refers to a directory, not a file: {path}. List its files with "
            "list_artifacts.",
        ),
        (f"GET {FILES}",),
    ),
    "no-snapshot": Rule(
        MISSING,
        Text(
            "本单位没有登记过这个摘要的模型。请用 get_model_version_download_uri 取得地址。",
            "No such snapshot in this workspace. Ask get_model_version_download_uri for the "
            "address.",
        ),
        (f"GET {FILES}",),
    ),
    "too-large": Rule(
        INVALID,
        Text(
            "内容超过 {limit} 字节。请减小，或请管理员调高 MINGSUAN_MAX_SUBMISSION。",
            "More than {limit} bytes were sent. Send less, or ask the operator for a higher "
            "MINGSUAN_MAX_SUBMISSION.",
        ),
        (f"PUT {FILES}", PARTS),
    ),
    "count-of-parts": Rule(
        INVALID,
        Text(
            "num_parts 是文件分成的块数：请写 1 到 {most} 的整数。",
            "num_parts is how many parts the file comes in: write a whole number from 1 to {most}.",
        ),
        (PARTS,),
    ),
    "too-many-parts": Rule(
        INVALID,
        Text(
            "一次上传最多 {most} 块，不能是 {sent} 块。请调大 MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE。",
            "An upload has 1 to {most} parts, not {sent}: make MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE "
            "larger.",
        ),
        (PARTS,),
    ),
    "parts-listed": Rule(
        INVALID,
        Text(
            "parts 要把每一块各列一次，从 1 起连续编号，不能为空。没有合成文件；请改正后再发送。",
            "parts lists each part once, numbered from 1 without a gap, and at least one. No file "
            "was made; correct the list and send it again.",
        ),
        (PARTS,),
    ),
    "parts-announced": Rule(
        INVALID,
        Text(
            "这次上传开始时说是 {announced} 块，现在列出 {listed} 块。没有合成文件，收到的块还在：请补齐后列出全部"
            " {announced} 块再发送；文件变了的，请重新上传。",
            "This upload was begun with {announced} parts, and {listed} are listed. No file was "
            "made, and the parts that arrived are kept: send what is missing and list all "
            "{announced}; where the file has changed, upload it again.",
        ),
        (PARTS,),
    ),
    "part-address": Rule(
        PERMISSION_DENIED,
        Text(
            "这一块的上传地址无效，或已过一小时。请重新上传这个文件。",
            "The address of this part is not valid, or its hour is over. Upload the file again.",
        ),
        ("PUT /mlflow/parts/…",),
    ),
}

OTHERWISE: Mapping[str, str] = {
    INVALID: "请求里有一项不合要求，见上面 MLflow 的英文说明。请改正后再发送。",
    MISSING: "没有所指的记录，见上面 MLflow 的英文说明。请核对名称或编号。",
    "RESOURCE_ALREADY_EXISTS": "同名的记录已经有了，见上面 MLflow 的英文说明。请换一个名称，或使用已有的。",
    "INVALID_STATE": "记录现在的状态不允许这样做，见上面 MLflow 的英文说明。",
    "INTERNAL_ERROR": RULES["server-fault"].said.zh,
}
"""What MLflow tells in English only, in Chinese, by its code."""
UNTOLD = "请求没有被接受，原因见上面的英文说明。"


def with_chinese(code: str, message: str) -> str:
    """A message in both languages: what MLflow itself tells is English only.

    Ours tell it in English and then, on lines of their own, in Chinese; a Chinese name that MLflow
    quotes stands in its only line.

    Args:
        code: MLflow's error code.
        message: as it was to be told.
    """
    if any("\u4e00" <= letter <= "\u9fff" for letter in message.partition("\n")[2]):
        return message
    return f"{message}\n{OTHERWISE.get(code, UNTOLD)}"


def manual() -> list[str]:
    """The rules as lines of Markdown, one item each; what is filled in is shown as …."""
    lines = []
    for name, rule in RULES.items():
        shown = rule.said.format(**dict.fromkeys(_places(rule), "…"))
        routes = ", ".join(f"`{route}`" for route in rule.routes)
        lines.append(f"- **{name}** ({routes}): `{rule.code}`. {shown.zh} {shown.en}")
    return lines


def _places(rule: Rule) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(rule.said.zh + rule.said.en) if name}
