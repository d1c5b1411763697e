"""Why a sandbox was ended: one cause, said in plain words, with the model's capped log."""

from collections.abc import Sequence
from enum import StrEnum

from registry import extras
from registry.errors import Invalid, Reason, Refused, Unavailable
from registry.language import Text


class Cause(StrEnum):
    """What ended a round, or why its answers were not taken."""

    WALL_CLOCK = "wall_clock"
    MEMORY = "memory"
    PROCESSES = "processes"
    FORBIDDEN_CALL = "forbidden_call"
    OUTSIDE = "outside"
    OUTPUT_FLOOD = "output_flood"
    PROTOCOL = "protocol"
    TRUNCATED = "truncated"
    NON_FINITE = "non_finite"
    NO_NUMBERS = "no_numbers"
    PARAMETERS = "parameters"
    WRONG_SHAPE = "wrong_shape"
    SEVERAL_OUTPUTS = "several_outputs"
    WHOSE_PROBABILITY = "whose_probability"
    NO_PROBABILITIES = "no_probabilities"
    CLASSES_SPELT = "classes_spelt"
    CLASSES_ABSENT = "classes_absent"
    COLUMN_ORDER = "column_order"
    NO_TENSOR = "no_tensor"
    LEVELS_UNKNOWN = "levels_unknown"
    NUMBER_CATEGORIES = "number_categories"
    MISSING_WORDS = "missing_words"
    MISSING_SPELT = "missing_spelt"
    MISSING_PACKAGE = "missing_package"
    REFUSED_TYPES = "refused_types"
    UNREADABLE = "unreadable"
    MODEL_ERROR = "model_error"
    CRASHED = "crashed"
    NOT_STARTED = "not_started"
    KILLED = "killed"


SAID: dict[Cause, Text] = {
    Cause.WALL_CLOCK: Text(
        "模型没有在限定时间内答完，已终止。请检查模型是否卡住，或减少单次的行数。",
        "The model did not finish within the time limit and was ended. Check whether it hangs, or "
        "score fewer rows at a time.",
    ),
    Cause.MEMORY: Text(
        "模型要用的内存超过上限，已终止。请缩小模型，或请平台管理员提高上限。",
        "The model asked for more memory than the limit and was ended. Make it smaller, or ask the "
        "administrator for a higher limit.",
    ),
    Cause.PROCESSES: Text(
        "模型要开的线程超过上限，已终止。请把模型的并行数设为 1。",
        "The model asked for more threads than the limit and was ended. Set its parallelism to 1.",
    ),
    Cause.FORBIDDEN_CALL: Text(
        "模型试图联网、启动程序或使用打分不需要的系统功能，已终止。请去掉这些操作后重新提交。",
        "The model tried to use the network, start a program or use a system call that scoring "
        "does not need, and was ended. Remove this and submit again.",
    ),
    Cause.OUTSIDE: Text(
        "模型要读写提交内容之外的文件，已终止。所需文件请一并放进提交的目录；沙箱里不能写文件，"
        "临时数据请放在内存里。",
        "The model reached for a file outside of its submission and was ended. Put what it needs "
        "into the submitted directory; no file can be written in a sandbox, so keep temporary data "
        "in memory.",
    ),
    Cause.OUTPUT_FLOOD: Text(
        "模型打印的内容超过上限，已终止。请去掉打印。",
        "The model printed more than the limit and was ended. Remove the printing.",
    ),
    Cause.PROTOCOL: Text(
        "模型扰乱了沙箱的控制通道，已终止，其答案不予采用。",
        "The model disturbed the sandbox's control channel; it was ended and its answers were not "
        "taken.",
    ),
    Cause.TRUNCATED: Text(
        "模型声称答完，但有的行没有答案，结果不予采用。",
        "The model claimed to have finished but left rows without an answer; none were taken.",
    ),
    Cause.NON_FINITE: Text(
        "模型对有的行没有答案（None、NaN），或答案是无穷大；缺失不当作数，结果不予采用。请检查模型怎样处理缺失值。",
        "For some rows the model gave no answer (None, NaN) or an infinite one. What is missing is "
        "not taken for a number, and no answer was taken. Check how the model treats missing values.",
    ),
    Cause.NO_NUMBERS: Text(
        "模型的答案不是实数，硬转成数会丢掉一部分或改变意思，结果不予采用。请另存一个为每一行只返回一个实数"
        "的模型（例如用 PythonModel 把日期换算成天数、取复数的模），再来评估。",
        "The model's answers are no real numbers: turned into one they would lose a part or mean "
        "something else, so none were taken. Save a model that returns one real number per row (say "
        "a PythonModel that counts a date in days, or takes a complex number's size), and evaluate "
        "that.",
    ),
    Cause.PARAMETERS: Text(
        "模型的签名里有带默认值的参数，MLflow 每次提问都会一并传给模型，这里提问时不传参数，答案会不同，所以没有打开。"
        "请把这些值写进模型本身，另存一个签名里没有参数默认值的模型。",
        "The model's signature holds parameters with defaults, which MLflow sends with every question. "
        "Here it is asked without, and would answer otherwise, so it was not opened. Put the values into "
        "the model itself and save it with a signature without defaults of parameters.",
    ),
    Cause.WRONG_SHAPE: Text(
        "模型没有为每一行给出一个数。两类的分类模型请设 pyfunc_predict_fn='predict_proba'；多类的、"
        "或以名称作答的，请在计划里写明 columns.classes（说明的计划：classes），并与模型的类别一致。",
        "The model does not answer with one number per row. For a classifier of two classes set "
        "pyfunc_predict_fn='predict_proba'; for more, or for named ones, list the model's own "
        "classes in the plan under columns.classes (an explanation's: classes).",
    ),
    Cause.SEVERAL_OUTPUTS: Text(
        "模型为每一行给出几个数，分不清哪一个是要评估的答案：类别的概率加起来是一，这些不是；"
        "或者像是概率的不止一组。请另存一个只输出那一个数的模型，再来评估。",
        "The model answers with several numbers per row, and it cannot be told which is the answer: "
        "probabilities of classes add up to one, these do not, or more than one of them does. Save "
        "a model that gives the one number only, and evaluate that.",
    ),
    Cause.WHOSE_PROBABILITY: Text(
        "分类模型的类别不叫 0 和 1，或者模型文件没有写明哪一列概率属于哪一类，分不清哪一类的概率是所问的分数。"
        "请在计划里写明模型的全部类别和其中有利的一类（评估：columns.classes 和 columns.favourable，数据里叫别的名称时另写 "
        "columns.score_favourable；说明：classes 和 favourable）。ONNX 已经写明而仍被拒绝的，是模型给出的类别与概率最大的一列对不上：请按各列的次序写，"
        "或者保留 zipmap 重新导出。",
        "The classes of this classifier are not called 0 and 1, or its file does not say which column of "
        "probabilities belongs to which class, so it cannot be told whose probability is the score. Name all of "
        "the model's classes in the plan and the favourable one of them (evaluation: columns.classes and "
        "columns.favourable, with columns.score_favourable where the data have other words; explanation: classes and favourable). Where an ONNX model is refused although they "
        "are named, the class it answers is not the one whose column is the greatest: list them in the order of "
        "the columns, or export the model again with its zipmap.",
    ),
    Cause.NO_PROBABILITIES: Text(
        "分类模型的 predict_proba 没有为每一类给出概率（LightGBM 用自定义目标函数训练时只给原始分数），分数不能当作概率。"
        "请用 LightGBM 自带的目标函数训练，或用 PythonModel 把分数换算成各类的概率后保存。",
        "The classifier's predict_proba gives no probability for each of its classes (LightGBM trained "
        "with an objective of one's own gives raw scores), and a score is not taken for one. Train with "
        "an objective of the library's own, or save a PythonModel that makes probabilities of the scores.",
    ),
    Cause.CLASSES_SPELT: Text(
        "计划的 columns.classes（说明的计划：classes）与模型的类别是同样的数，写法却不同。整数类别不写小数点：是 0 和 1，"
        "不是 0.0 和 1.0（classes_ 里显示的 0.也是 0）。",
        "columns.classes of the plan (an explanation's: classes) names the model's classes as the same "
        "numbers, written otherwise. Whole numbers have no point: 0 and 1, not 0.0 and 1.0 (where "
        "`classes_` shows 0., too).",
    ),
    Cause.CLASSES_ABSENT: Text(
        "计划的 columns.classes（说明的计划：classes）写了模型没有的类别：每一行这一类的概率都会是 0。请只写模型的类别。",
        "columns.classes of the plan (an explanation's: classes) names a class that the model does not have: its "
        "probability would be 0 in every row. Name the model's own classes only.",
    ),
    Cause.COLUMN_ORDER: Text(
        "模型声明的列序与训练时不同。LightGBM 按位置读列，会把列读错；XGBoost、scikit-learn 和按位置记类别列的 "
        "CatBoost 则不作答。"
        "请按训练时的列序写 signature，重新保存。",
        "The signature lists the columns in another order than the model was trained with. LightGBM "
        "reads them by their place and would take columns for others; XGBoost, "
        "scikit-learn, and CatBoost where it knows categories by their place, give no answer. Save it again with the signature in the order of training.",
    ),
    Cause.NO_TENSOR: Text(
        "数据里的值放不进这个 ONNX 模型的输入：整数和真假没有“缺失”，带小数的数不是整数，0 和 1 以外的数不是真假，"
        "文字不是数。硬转换会让模型回答另一个问题，所以没有提问。请补全或改正这些列，或把模型的输入改成能容纳这些值的"
        "类型（缺失：浮点数）后重新保存。",
        "Values of the data do not go into the inputs of this ONNX model: a whole number or a truth "
        "cannot be missing, a fraction is no whole number, what is neither 0 nor 1 is no truth, a "
        "word is no number. Converted they would ask the model something else, so it was not asked. "
        "Fill in or correct these columns, or save the model with inputs of a type that holds them "
        "(where values are missing: floating point).",
    ),
    Cause.LEVELS_UNKNOWN: Text(
        "这个 XGBoost 模型按类别分叉，文件里却没有存下类别的清单（3.1 版以前的 XGBoost 不存），分不清哪个词是第几类，"
        "所以没有提问。请用 XGBoost 3.1 或更高版本训练并保存，或先把类别编码成数再训练。",
        "This XGBoost model splits by categories, and its file holds no list of them (XGBoost before 3.1 "
        "saves none), so it cannot be told which word is which category and it was not asked. Train "
        "and save it with XGBoost 3.1 or later, or encode the categories as numbers before training.",
    ),
    Cause.NUMBER_CATEGORIES: Text(
        "模型把数当作类别来学（pandas 的 category，各类是数），而数据和签名给不出这样的类别，MLflow 也得不到答案。"
        "请把这一列转成文字再设为 category 来训练，签名写 string；或当作数来训练。",
        "The model learnt numbers as categories (pandas' category, of numbers). Data and signature cannot "
        "give these, and MLflow gets no answer either. Train with the column turned into words before it "
        "is made a category, and `string` in the signature; or train with it as a number.",
    ),
    Cause.MISSING_WORDS: Text(
        "模型区分几种“缺失”：它对 None 或空字符串的答案，与对 NaN 的不同，也与对从未见过的词的不同，可见训练数据里有过它。"
        "数据里的缺失只有一种，分不出模型当时学的是哪一种；答案会因此不同，所以不予采用。请在模型的管线里先把各种缺失"
        "都换成同一个专门的词（例如“缺失”），或训练前把它们都换成 NaN，再训练保存。pandas.read_csv 和 pandas 3 的文字列给出的就是 NaN；pandas.read_parquet 的"
        "布尔列、pandas 2 的文字列给出的是 None：请先 frame[c] = frame[c].astype(object).where(frame[c].notna(), "
        "float('nan'))。",
        "The model tells several kinds of missing apart: it answers None, or an empty word, otherwise than "
        "NaN and otherwise than a word it never met, so it has met it in training. Data hold one kind of "
        "missing, and nobody can tell which the model learnt it as; the answers differ, so none were taken. "
        "Let the model's pipeline put one word of its own (say 'missing') in place of every kind, or put NaN "
        "in their place before training, then train and save. pandas.read_csv and the words of pandas 3 give NaN; "
        "pandas.read_parquet gives None in truths, and pandas 2 in words: frame[c] = "
        "frame[c].astype(object).where(frame[c].notna(), float('nan')) mends a column.",
    ),
    Cause.MISSING_SPELT: Text(
        "数据里有“NA”“None”“null”一类的词，pandas.read_csv 会读成缺失。模型学过缺失，却从未学过这个词；"
        "数据里究竟是缺失还是一个真的取值，分不清，答案会因此不同，所以不予采用。若是缺失，请把这些格留空；"
        "若是真的取值，请用含有这个词的数据训练（read_csv 加 keep_default_na=False）。",
        "The data hold words such as NA, None or null, which pandas.read_csv reads as missing. The model "
        "learnt what is missing and never met this word; whether it stands for what is missing or for a real "
        "value cannot be told, and the answers differ, so none were taken. Where it is missing leave the cell "
        "empty; where it is a real value train on data that hold it (read_csv with keep_default_na=False).",
    ),
    Cause.MISSING_PACKAGE: Text(
        "打开模型所需的软件包没有安装，模型没有打开。",
        "A package that the model needs is not installed here; the model was not opened.",
    ),
    Cause.REFUSED_TYPES: Text(
        "模型文件含有公开名单之外的类型，没有打开。请改用名单内的类型，或以 cloudpickle 提交（将标为“代码”类）。",
        "The model file holds types that are not on the published list and was not opened. Use "
        "listed types, or submit it by cloudpickle (it is then labelled as code).",
    ),
    Cause.UNREADABLE: Text(
        "模型文件打不开：格式不符或损坏。请用平台支持的版本重新保存。",
        "The model's files cannot be opened: wrong format, or damaged. Save it again with versions "
        "the platform supports.",
    ),
    Cause.MODEL_ERROR: Text(
        "模型在计算时报错，详见所附记录。请用同样的输入列在本地试算。",
        "The model raised an error while answering; see the log. Try it at home on the same input "
        "columns.",
    ),
    Cause.CRASHED: Text(
        "模型使运行它的进程崩溃，没有结果。模型文件可能已损坏或被改动。",
        "The model crashed the process that ran it; there is no result. Its file may be damaged or "
        "altered.",
    ),
    Cause.NOT_STARTED: Text(
        "沙箱没有启动成功。请运行 mingsuan doctor 查看原因。",
        "The sandbox did not start. Run `mingsuan doctor` to see why.",
    ),
    Cause.KILLED: Text(
        "运行模型的进程被服务器从外面结束了（例如整台机器内存不足），不是模型或数据的问题。稍后会再试。",
        "The server ended the process that ran the model from outside (when the whole machine was "
        "short of memory, for instance); neither the model nor the data are at fault. It is tried "
        "again later.",
    ),
}

_UNLISTED = Text("不在公开的允许名单上", "it is not on the published list")
_RESAVE = Text(
    "请换用名单内的类型，或以 cloudpickle 提交",
    "use a type from the list, or submit the model by cloudpickle",
)
_REASONS: dict[Cause, tuple[Text, Text]] = {
    Cause.NON_FINITE: (
        Text("这一行没有答案，或答案是无穷大", "its answer is missing or infinite"),
        Text("请让模型为它答出一个数", "make the model answer it with a number"),
    ),
    Cause.NO_NUMBERS: (
        Text("答案的类型，不是实数", "the type of answers, which are no real numbers"),
        Text("请返回实数", "return a real number"),
    ),
    Cause.PARAMETERS: (
        Text("签名里有默认值的参数", "a parameter that has a default in the signature"),
        Text("请从签名里去掉", "take it out of the signature"),
    ),
    Cause.WRONG_SHAPE: (
        Text(
            "模型答出的这一类不在计划的 columns.classes（说明的计划：classes）里",
            "the model answers with this class, which columns.classes of the plan (an "
            "explanation's: classes) does not hold",
        ),
        Text(
            "classes 写的是模型的类别：请在计划里写上；数据里叫别的名称时，favourable 照数据写，另写 "
            "score_favourable = 模型里与它同义的一类",
            "classes are the model's own: add it there; where the data have other words, favourable is "
            "as the data have it, and score_favourable the model's class that means the same",
        ),
    ),
    Cause.SEVERAL_OUTPUTS: (
        Text("模型的几个输出之一", "one of the model's outputs"),
        Text(
            "请只留下要评估的那一个：ONNX 删去其余输出，其他格式用 PythonModel 只返回它",
            "keep the one that is to be evaluated: in ONNX remove the other outputs, elsewhere "
            "return it alone from a PythonModel",
        ),
    ),
    Cause.WHOSE_PROBABILITY: (
        Text("模型的类别之一", "one of the model's classes"),
        Text(
            "请写进计划的 columns.classes（说明的计划：classes）",
            "list it under columns.classes of the plan (an explanation's: classes)",
        ),
    ),
    Cause.NO_PROBABILITIES: (
        Text("答的不是各类的概率", "its answers are no probabilities of classes"),
        Text(
            "请用库自带的目标函数，或在 PythonModel 里换算成概率",
            "use an objective of the library's own, or make probabilities in a PythonModel",
        ),
    ),
    Cause.CLASSES_SPELT: (
        Text(
            "模型的这一类，计划里写成了同一个数的另一种写法",
            "a class of the model, which the plan writes as the same number otherwise",
        ),
        Text("请照这样写进计划", "write it so in the plan"),
    ),
    Cause.CLASSES_ABSENT: (
        Text("模型没有这一类", "the model does not have this class"),
        Text(
            "请从计划里删去，或改成模型的类别",
            "take it out of the plan, or name the model's own class",
        ),
    ),
    Cause.COLUMN_ORDER: (
        Text("这一列的位置与训练时不同", "it stands in another place than in training"),
        Text("请把 signature 的列排成训练时的次序", "put the signature in the order of training"),
    ),
    Cause.NO_TENSOR: (
        Text("这一列的值放不进模型的输入", "its values do not go into the model's input"),
        Text(
            "请补全缺失、改正这些值，或换用能容纳它们的输入类型",
            "fill in or correct the values, or give the model an input of a type that holds them",
        ),
    ),
    Cause.NUMBER_CATEGORIES: (
        Text("模型把这一列的数当作类别", "the model takes numbers of this column as categories"),
        Text(
            "请转成文字（签名 string）或当作数，重新训练保存",
            "turn it into words (`string` in the signature) or take it as a number, train and save",
        ),
    ),
    Cause.MISSING_WORDS: (
        Text(
            "模型把这一列里的 None 或空字符串与 NaN 当作不同的东西",
            "the model takes None or an empty word in this column for something else than NaN",
        ),
        Text(
            "请在管线里把缺失都换成同一个专门的词，或用 NaN 训练",
            "put one word of its own in place of what is missing in the pipeline, or train on NaN",
        ),
    ),
    Cause.MISSING_SPELT: (
        Text(
            "这一列里有 pandas 读作缺失的词，模型没有学过它",
            "it holds a word that pandas reads as missing, and the model never met it",
        ),
        Text(
            "请把缺失的格留空，或用含有这个词的数据训练",
            "leave missing cells empty, or train on data that hold the word",
        ),
    ),
    Cause.LEVELS_UNKNOWN: (
        Text(
            "按类别分叉的一列，类别清单没有存下", "a column of categories whose list is not saved"
        ),
        Text(
            "请用 XGBoost 3.1 或更高版本重新训练保存，或先编码成数",
            "train and save with XGBoost 3.1 or later, or encode it as numbers",
        ),
    ),
}


def reasons(cause: Cause, items: Sequence[str]) -> list[Reason]:
    """Each item that a sandbox named, with what is wrong with it and what to do.

    Args:
        cause: what ended the round.
        items: as named from within: types, classes, outputs, columns or packages.
    """
    if cause is Cause.MISSING_PACKAGE:
        return [extras.missing(item) for item in items]
    said, remedy = _REASONS.get(cause, (_UNLISTED, _RESAVE))
    return [Reason(item, said, remedy) for item in items]


class SlowToStart(Unavailable):
    """No sandbox came up in time, before anything of the model ran: try again later."""

    retry_after = 60


def not_started(seconds: float, *, log: str = "") -> "Contained":
    """A round that ended before anything of its model ran: the machine's trouble, not the work's.

    What raises it is put off and tried again (`environment.unavailable` finds its cause).

    Args:
        seconds: how long a sandbox may take to start.
        log: the sandbox's output, capped.
    """
    made = Contained(Cause.NOT_STARTED, log=log)
    made.__cause__ = SlowToStart(
        f"沙箱没有启动（限 {seconds:.0f} 秒）：机器太忙、磁盘太慢，或沙箱不能用。模型还没有运行，"
        "这不是模型或数据的问题；若持续如此，请管理员运行 mingsuan doctor。",
        f"No sandbox started (within {seconds:.0f} s): the machine is too busy, its disk too slow, "
        "or sandboxes do not work. Nothing of the model ran, so neither it nor the data are at "
        "fault; if it stays so, the operator should run `mingsuan doctor`.",
    )
    return made


class KilledFromOutside(Unavailable):
    """Rounds were ended by the machine or its operator, again and again: try again later."""

    retry_after = 60


def killed() -> "Contained":
    """Rounds that were ended from outside as often as they were asked again: put off, as above."""
    said = SAID[Cause.KILLED]
    made = Contained(Cause.KILLED)
    made.__cause__ = KilledFromOutside(said.zh, said.en)
    return made


class Contained(Invalid):
    """A round was ended without answers; `cause` names why, `log` is what the model printed.

    Args:
        cause: the one cause.
        log: the sandbox's output, capped; written by the model, so never to be believed.
        reasons: the offending items, such as refused types.
    """

    def __init__(self, cause: Cause, *, log: str = "", reasons: Sequence[Reason] = ()) -> None:
        said = SAID[cause]
        super().__init__(said.zh, said.en, reasons=reasons)
        self.cause = cause
        self.log = log


class NoSandbox(Refused):
    """This machine offers no sandbox, so no model is opened: evaluate a prediction file instead."""
