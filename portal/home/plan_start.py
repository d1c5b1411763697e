"""A commented plan to start from, made by looking at a data file.

Roles are guessed from names and values and every guess is said to be one; what was not guessed
stands in the plan as a comment, beside the list of columns.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluators.plan import Columns
from evaluators.running import (
    alike_levels,
    decision_words,
    missing,
    score_side,
    unknown_levels,
)
from evaluators.running.files import Stored, open_rows
from registry import model_inputs, tables
from registry.language import Text

ROWS = 10_000
"""How many rows are looked at; enough to see levels, and the same speed for any file."""
SHOWN = 6
FEW = 12
GROUPS = 2
UNTOLD = "   # 名称看不出，先取分组的列 / not told by name: columns of groups"
GROUPING = frozenset({"boolean", "string"})

WORDS: Mapping[str, Sequence[str]] = {
    "sensitive": (
        *("race", "ethnic", "sex", "gender", "male", "female", "age", "religion", "nationality"),
        *("disab", "marital", "married", "minority", "black", "white"),
        *("性别", "民族", "种族", "年龄", "宗教", "婚", "残疾", "户籍", "地区", "国籍"),
    ),
    "target": (
        *("target", "label", "outcome", "repaid", "default", "recid", "churn"),
        *("结果", "标签", "违约", "还清"),
    ),
    "score": ("score", "prob", "proba", "评分", "分数", "概率"),
    "prediction": ("pred", "prediction", "decision", "y_hat", "预测", "决定"),
    "decided": (
        *("approve", "granted", "hired", "accept", "admit", "offered", "reject"),
        *("审批", "通过", "录用", "批准", "拒绝"),
    ),
    "price": ("price", "fare", "fee", "premium", "amount_paid", "价格", "售价", "票价", "费用"),
    "query": ("query", "search", "查询", "搜索", "检索"),
    "rank": ("rank", "position", "排名", "名次", "位次"),
    "item": ("item", "sku", "product", "listing", "商品", "产品"),
    "time": ("time", "date", "timestamp", "时间", "日期", "时段"),
    "user": ("user", "customer", "account", "用户", "客户", "账户"),
    "weight": ("weight", "权重"),
    "profile": (
        *("kind", "tier", "member", "vip", "segment", "device", "orders", "tenure", "spend"),
        *("会员", "等级", "新老", "设备", "下单", "消费"),
    ),
    "cost": ("cost", "distance", "duration", "成本", "距离", "时长"),
    "relevance": ("relevance", "relevant", "click", "clicks", "clicked", "相关", "点击"),
}
ONE = ("target", "score", "prediction", "decided", "price", "query", "rank", "item", "time", "user",
       "weight", "relevance")  # fmt: skip
MOMENTS = frozenset({"hour", "day", "week", "month"})
BEFORE_OFFERS = frozenset({"list", "listed", "original", "base", "before", "old"})
"""Of several prices the one that is paid counts, not the one it starts from."""
STEERED = frozenset({"query", "rank", "item"})
PRICED = frozenset({"price", "profile", "cost"})
RANKED = frozenset({"query", "rank", "relevance"})
RANKING = frozenset({"ranking_exposure", "performance", "stability"})
"""Questions about ranked lists that need no favourable result."""
UNSAID = Text(
    "看不出哪个值对本人有利。请填写，不填就不能运行",
    "no word says which value is good for the person; the plan does not run without it",
)
ABOVE = Text("达到多少算有利", "favourable at or above this score")
BELOW = Text("低于多少算有利", "favourable below this score")
SIDE = Text("高分对本人有利：1；低分有利：0", "1 where a high score is good, 0 where a low one is")
PROPOSED = Text(
    "下面列出的值算作缺失，不成一组。请核对：真实的一组，就从方括号里去掉",
    "the values below are missing and no group: check, and take real groups out of the brackets",
)
DECIDED = ("target", "score", "prediction", "decided")
PRICE_ROLES = {
    "cost": Text("正当的成本因素", "legitimate cost factors"),
    "profile": Text("反映习惯或支付能力的特征", "habits, ability to pay"),
}
NUMBERS = {"score", "price", "weight", "rank", "relevance"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One column as far as it was looked at.

    Args:
        name: of the column.
        kind: boolean, long, double, datetime or string.
        levels: its values, most frequent first.
        missing: how many values are missing.
        range: from the least to the greatest, for numbers with many values.
        ends: the least and the greatest number; None without numbers.
        unknown: the words that say "not known", and where there are any the codes for missing.
        alike: what is remarked of values that look like one group.
    """

    name: str
    kind: str
    levels: tuple[str, ...]
    missing: int
    range: str = ""
    ends: tuple[float, float] | None = None
    unknown: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """The values by which people can be grouped: those that are known."""
        return tuple(level for level in self.levels if level not in self.unknown)

    @property
    def binary(self) -> bool:
        """Whether it holds two values."""
        return len(self.levels) == 2

    @property
    def worded(self) -> bool:
        """Whether it holds three words or a few more, as decisions with an open case do."""
        return self.kind == "string" and 3 <= len(self.levels) <= SHOWN


def draft(data: Path, *, model: Path | None = None) -> str:
    """A commented plan in TOML.

    Args:
        data: a CSV or Parquet file.
        model: an MLflow model directory whose inputs the plan takes.

    Raises:
        FileUnfit, ScreeningFailed: with every reason.
    """
    declared = _inputs(model)
    rows = open_rows(data, model_inputs.words(declared))
    seen = look(rows)
    inputs = [str(each["name"]) for each in declared]
    roles = _decisions(guess(seen), asked=bool(inputs))
    return "\n".join([*_head(data, rows), *_listed(seen), *_columns(seen, roles, inputs),
                      *_reference(seen, roles), *_probes(roles, inputs)]) + "\n"  # fmt: skip


def _decisions(roles: dict[str, list[str]], *, asked: bool) -> dict[str, list[str]]:
    """A column of decisions is what is tested, or what a model or a score was to come to."""
    found = dict(roles)
    decided = found.pop("decided", None)
    if asked:  # the model's answers, not those in the data
        found = {
            role: names for role, names in found.items() if role not in {"score", "prediction"}
        }
    if decided is None or "prediction" in found:
        return found
    if not asked and "score" not in found:
        return {**found, "prediction": decided}
    return {"target": decided, **found}


def look(rows: Stored) -> list[Seen]:
    """What the first rows hold, column by column."""
    pieces: list[pa.RecordBatch] = []
    for batch in rows.read([name for name in rows.kinds if name not in rows.unfit], stop=ROWS):
        pieces.append(batch)
        if sum(piece.num_rows for piece in pieces) >= ROWS:
            break
    kinds = {name: kind for name, kind in rows.kinds.items() if name not in rows.unfit}
    schema = pa.schema([(name, tables.TYPES[kind]) for name, kind in kinds.items()])
    table = pa.Table.from_batches(pieces, schema).slice(0, ROWS)
    told = missing.told(table, Columns()).rows
    unknown = unknown_levels.proposed(table)
    return [
        replace(
            _seen(name, kind, told[name]),
            unknown=tuple(unknown.get(name, ())),
            alike=tuple(alike_levels.remarks(table, [name], rows.spelt)),
        )
        for name, kind in kinds.items()
    ]


def guess(seen: Sequence[Seen]) -> dict[str, list[str]]:
    """Role → columns that may play it, each column at most once."""
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for role, words in WORDS.items():
        named = [c for c in seen if c.name not in taken and _fits(c, role, words)]
        if role in ONE:  # the plainest name, `price` before `list_price`
            named = sorted(named, key=lambda column: _plainness(column, words))[:1]
        if named:
            found[role] = [column.name for column in named]
            taken.update(found[role])
    return _with_groups(_one_task(found), seen)


def _one_task(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Prices, ranked lists or decisions: a price beside an outcome may be a mere condition."""
    lists = "query" in found and "rank" in found
    quoted = lists or any(role in found for role in ("item", "time", "user"))
    if "price" in found and (quoted or not any(role in found for role in DECIDED)):
        kept = {role: names for role, names in found.items() if role not in DECIDED}
    elif lists:
        shown = {"target": found.get("relevance", []), **found}
        kept = {role: names for role, names in shown.items()
                if names and role not in PRICED | {"prediction", "decided", "relevance"}}  # fmt: skip
    else:
        kept = {role: names for role, names in found.items() if role not in PRICED}
    return {
        r: names for r, names in kept.items() if r not in (RANKED if not lists else ["relevance"])
    }


def _with_groups(roles: dict[str, list[str]], seen: Sequence[Seen]) -> dict[str, list[str]]:
    """Where no name says by what to compare, whatever makes a few groups: something can be run."""
    if roles.get("sensitive") or ("price" in roles and roles.get("profile")):
        return roles
    used = {name for names in roles.values() for name in names}
    groups = [c.name for c in seen if c.name not in used and c.kind in GROUPING
              and 2 <= len(c.groups) <= FEW]  # fmt: skip
    return {**roles, "sensitive": groups[:GROUPS]} if groups else roles


def _plainness(column: Seen, words: Sequence[str]) -> tuple[bool, bool]:
    name = column.name.lower()
    return bool(BEFORE_OFFERS & _parts(name)), name not in words


def _parts(name: str) -> set[str]:
    return set(name.replace("-", "_").replace(" ", "_").split("_"))


def _named(column: Seen, words: Sequence[str]) -> bool:
    """Whether a column's name holds one of the words."""
    name = column.name.lower()
    parts = _parts(name)
    return any(word in parts if len(word) < 5 and word.isascii() else word in name
               for word in words)  # fmt: skip


def _fits(column: Seen, role: str, words: Sequence[str]) -> bool:
    name, named = column.name.lower(), _named(column, words)
    if role in NUMBERS:
        return named and column.kind in tables.NUMBERS
    if role in {"target", "prediction", "decided"}:
        return named and (column.binary or column.worded)
    if role == "time":
        return named or column.kind == "datetime" or name in MOMENTS
    if role == "sensitive":
        return named and 2 <= len(column.groups) <= FEW
    return named


def _seen(name: str, kind: str, values: pa.ChunkedArray) -> Seen:
    counts = sorted(
        pc.value_counts(values.drop_null().combine_chunks()).to_pylist(),
        key=lambda each: (-each["counts"], str(each["values"])),
    )
    levels = tuple(_level(each["values"]) for each in counts[: FEW + 1])
    span, ends = "", None
    if kind in tables.NUMBERS and levels:
        found = pc.min_max(values).as_py()
        ends = float(found["min"]), float(found["max"])
        span = f"{ends[0]:.6g} … {ends[1]:.6g}" if len(levels) > SHOWN else ""
    return Seen(name, kind, levels, values.null_count, span, ends)


def _level(value: Any) -> str:
    from evaluators.plan import level_name

    return level_name(value)


def _inputs(model: Path | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    from registry import screening

    return [dict(each) for each in screening.screen(model).inputs]


def _head(data: Path, rows: Stored) -> Iterator[str]:
    yield f"# 由 {_word(data.name)} 起草（{rows.rows} 行）。角色是按列名猜的，请逐行核对。"
    yield f"# Drafted from {_word(data.name)} ({rows.rows} rows). Roles were guessed from"
    yield "# names: check every line before you register the plan."
    for note in rows.remarks():
        yield f"# {_word(note.zh)} / {_word(note.en)}"
    for reason in (reason for own in rows.unfit.values() for reason in own):
        yield f"#   {_word(reason.item)}：{_word(reason.said.zh + reason.remedy.zh)}"
        yield f"#   {_word(reason.said.en)} {_word(reason.remedy.en)}"
    yield f"title = {written(data.stem)}"
    yield '# frame = "…"   # 数据代表哪些人 / whom the rows speak for'
    yield "# 列在句子里叫什么 / what a column is called in sentences:"
    yield '# names."…" = { plain = { zh = "…", en = "…" } }'
    yield ""


def _listed(seen: Sequence[Seen]) -> Iterator[str]:
    yield "# 数据里的列 / the columns of the data:"
    for column in seen:
        shown = column.range or ", ".join(column.levels[:SHOWN])
        if not column.range and len(column.levels) > SHOWN:
            shown += " …"
        empty = f"，空 {column.missing} / {column.missing} missing" if column.missing else ""
        yield f"#   {_word(column.name)} ({column.kind}): {_word(shown)}{empty}"
    yield ""


def _columns(
    seen: Sequence[Seen], roles: Mapping[str, list[str]], inputs: Sequence[str]
) -> Iterator[str]:
    yield "[columns]"
    for role in ONE:
        if role in roles:
            yield f"{role} = {written(roles[role][0])}"
    if not roles.get("price") and "rank" not in roles:
        yield '# unit = "…"          # 一人有几行时，谁是同一人 / where people have several rows: whose'
        yield "#   请用上面的 names 写明 unit 是什么，句子才不会把店铺、订单当成人 / say what the unit is by"
        yield "#   `names` above: nobody reads then of people where shops or orders are counted"
        yield from _decision(seen, roles, inputs)
    if roles.get("sensitive"):
        names = roles["sensitive"]
        known = any(_fits(c, "sensitive", WORDS["sensitive"]) for c in seen if c.name in names)
        yield f"sensitive = {_texts(names)}{'' if known else UNTOLD}"
    else:
        yield '# sensitive = ["…"]   # 按哪些特征比较人群 / by which features groups are compared'
    yield '# control = ["…"]     # 哪些条件相同才可比 / what must be equal to be compared'
    if roles.get("price"):
        for role, said in PRICE_ROLES.items():
            guessed = roles.get(role)
            yield (
                f"{role} = {_texts(guessed)}   # {said}"
                if guessed
                else f'# {role} = ["…"]   # {said}'
            )
    yield from _missing(seen, roles)
    if inputs:
        yield f"inputs = {_texts(inputs)}"
    else:
        yield '# inputs = ["…"]      # 要向模型提问时：全部输入列 / when a model is asked'
    yield ""


def _missing(seen: Sequence[Seen], roles: Mapping[str, list[str]]) -> Iterator[str]:
    """What no group of people is, and what is none of its own, where a column groups people."""
    grouping = [*roles.get("sensitive", []), *roles.get("profile", [])]
    for column in seen:
        if column.unknown and column.name in grouping:
            yield f"#   {PROPOSED.zh} /"
            yield f"#   {PROPOSED.en}"
            yield unknown_levels.line(column.name, column.unknown)
        if column.name in grouping:
            yield from (f"#   {_word(said)}" for said in column.alike)


def _decision(
    seen: Sequence[Seen], roles: Mapping[str, list[str]], inputs: Sequence[str]
) -> Iterator[str]:
    levels = {column.name: column.levels for column in seen}
    decided = [roles[role][0] for role in ("target", "prediction") if role in roles]
    known = next(iter(decided), None)
    if known is None and "score" in roles and not inputs:
        yield from _by_score(next(each for each in seen if each.name == roles["score"][0]))
        return
    favourable = None if known is None else _favourable(known, levels[known])
    if "target" not in roles:
        yield '# target = "…"        # 后来的实际结果 / the outcome observed later'
    if "prediction" in roles:
        yield "#   prediction：被检验的决定；如果这一列是后来的结果，请改叫 target /"
        yield "#   the decision that is tested; call it target if it is what came of it later"
    if "prediction" not in roles and "score" not in roles and not inputs:
        yield '# prediction = "…"    # 模型的决定；或写 score / the decision, or name a score'
    if favourable is None:
        yield f"#   {'' if known is None else _word(known) + '：'}{UNSAID.zh} /"
        yield f"#   {UNSAID.en}"
        yield "# favourable = …      # 对本人有利的结果 / what is good for the person"
    else:
        yield f"favourable = {favourable}        # 对本人有利的结果 / what is good for the person"
    if len(decided) > 1:
        own = _favourable(decided[1], levels[decided[1]])
        apart = not set(levels[decided[0]]) & set(levels[decided[1]])
        foretells = decision_words.foretells(decided[1])  # the outcome, in the outcome's own words
        if apart or (own != favourable and not foretells):
            yield from _own_word(decided[1], own, apart=apart)
    yield from unfavourable(levels, decided)
    for column in seen:
        one = len(column.levels) == 1
        if one and _named(column, (*WORDS["prediction"], *WORDS["decided"])):
            yield f"#   {_word(column.name)}：只有一个值，人人相同的决定无法评估 / one value only:"
            yield "#   a decision that is the same for everyone cannot be evaluated"
    said = BELOW if favourable in {"0", "false"} else ABOVE
    unsaid = favourable is None and known is not None and score_side.told_by(levels[known])
    if unsaid:  # 0 and 1, and nothing says which is good: nor then on which side of a cut it lies
        said = score_side.CUT
    if "target" in roles and not score_side.told_by(words := levels[roles["target"][0]]):
        said = score_side.CUT
        if inputs or ("score" in roles and "prediction" not in roles):
            yield from score_side.lines(words, scored=bool(inputs))
    if inputs:
        yield f"{'# ' if unsaid else ''}cut = 0.5             # {said}"
    elif "score" in roles:
        scored = next(column for column in seen if column.name == roles["score"][0])
        tested = roles.get("prediction")
        yield from (
            _tested(scored, tested[0], said) if tested else _cut(scored, said, unsaid=unsaid)
        )


def _by_score(score: Seen) -> Iterator[str]:
    """What a score alone does not tell: its good side, and the line at which it is decided."""
    low, high = score.ends or (0.0, 0.0)
    yield '# target = "…"        # 后来的实际结果 / the outcome observed later'
    yield f"#   {_word(score.name)}：{low:g} … {high:g}。高分对本人有利还是不利、在哪个分数上作决定，看不出。/"
    yield "#   whether a high score is good for the person, and at which it is decided, nothing says:"
    yield "#   fill in both lines where decisions are tested; the plan does not run without them"
    yield f"# score_favourable = …   # {SIDE}"
    yield f"# cut = …             # {score_side.CUT}"


def _own_word(prediction: str, good: str | None, *, apart: bool) -> Iterator[str]:
    """The favourable value of decisions that are worded otherwise than the outcome.

    Where they have the outcome's words, the plan would run without the line, with the outcome's good
    one for both: a value that no data hold stands there until somebody says which is good.
    """
    said = "# prediction 里对本人有利的那个值 / what is good for the person in prediction"
    if good is None:
        yield f"#   {_word(prediction)}：{UNSAID.zh} /"
        yield f"#   {UNSAID.en}"
    if good is None and not apart:
        yield f'prediction_favourable = "?"   {said}'
    else:
        yield f"{'# ' if good is None else ''}prediction_favourable = {good or '…'}   {said}"


def _tested(score: Seen, prediction: str, said: Text) -> Iterator[str]:
    """That the recorded decisions are tested, and what to change to test the score instead."""
    yield f"#   检验的是“{_word(prediction)}”里记录的决定。要检验“{_word(score.name)}”，请删去 prediction，再填写 cut /"
    yield f"#   tested are the decisions recorded in {_word(prediction)}; to test {_word(score.name)} instead,"
    yield "#   remove prediction and fill in cut: a plan tests one of the two"
    if said is score_side.CUT:
        yield f"# score_favourable = …   # {SIDE}"
    yield f"# cut = …             # {said}"


def _favourable(column: str, levels: Sequence[str]) -> str | None:
    """The value that is good for the person, as TOML; None where no word says which."""
    word = decision_words.good_word(column, levels)
    plain = set(levels) <= {"0", "1"} or set(levels) <= {"true", "false"}
    return word if word is None or plain else written(word)


def unfavourable(
    levels: Mapping[str, Sequence[str]], known: Sequence[str], good: str | None = None
) -> Iterator[str]:
    """The line that says which values are refusals, ready to be uncommented, where one is needed.

    Args:
        levels: by column, its values.
        known: the columns that hold the result or what became of people.
        good: the favourable value, as far as it is known.
    """
    several = [name for name in known if len(levels[name]) > 2]
    if not several:
        return
    rest = [
        word for name in known for word in decision_words.refusals_of(name, levels[name], good)
    ]
    yield f"#   {'、'.join(map(_word, several))}：不止两种值。只留下真正不利的，再去掉行首的 #；没有列的不计入 / more than two"
    yield "#   values: keep the real refusals and uncomment; what is not listed is left out"
    yield f"# unfavourable = {_texts(list(dict.fromkeys(rest)))}"


def _cut(score: Seen, said: Text, *, unsaid: bool = False) -> Iterator[str]:
    """A cut of one half for a probability; no cut that leaves everyone or nobody favourable.

    Nor one where 0 is favourable, or the score is named for a risk: whether a higher one is worse
    then, nobody but the owner knows.
    """
    low, high = score.ends or (0.0, 0.0)
    risk = decision_words.risk(score.name)
    if 0 <= low < 0.5 <= high <= 1 and said is not BELOW and not (risk or unsaid):
        yield f"cut = 0.5             # {said}"
        return
    yield f"#   {_word(score.name)}：{low:g} … {high:g}。请填写实际决定用的分数线，不填就不能运行 /"
    yield "#   fill in the score at which it is decided; without it the plan does not run"
    if said is BELOW:
        yield "#   favourable 是 0：分数应当越高越不利；越高越有利的，另写 score_favourable = 1，达到 cut 算有利 /"
        yield "#   favourable is 0: a higher score must be worse for the person; where it is better, write"
        yield "#   score_favourable = 1 too: favourable is then at the cut or above"
    elif risk:
        yield "#   列名像是不利的分数：高分对本人不利的，另写 score_favourable = 0，低于 cut 算有利 /"
        yield "#   its name sounds adverse: where a high score is bad for the person, write score_favourable = 0"
        yield "#   too: favourable is then below the cut"
    yield f"# cut = …             # {said}"


def _reference(seen: Sequence[Seen], roles: Mapping[str, list[str]]) -> Iterator[str]:
    chosen = [column for column in seen if column.name in roles.get("sensitive", [])]
    if not chosen:
        return
    yield "# 对照组：这里写的是人数最多的一组 / the reference group: here the largest"
    yield "[reference]"
    for column in chosen:
        yield f"{written(column.name)} = {written(column.groups[0])}"
    yield ""


def _probes(roles: Mapping[str, list[str]], inputs: Sequence[str]) -> Iterator[str]:
    """The probes to start with, then every other one of the same kind as a comment."""
    from evaluators.guests import installed
    from evaluators.running import questions

    has = set(roles) | ({"inputs"} if inputs else set())
    ready = _ready(has)
    for name in ready:
        yield from (f"# {questions.caption(name)}", "[[probes]]", f'id = "{name}"', "")
    yield "# 还可以问 / more that can be asked:"
    task = "pricing" if "price" in roles else "decision"
    ranked = "rank" in roles and task == "decision"
    for name in installed.names():
        lacking = (
            None
            if name in ready or (ranked and name not in RANKING)
            else _lacking(name, task, has)
        )
        if lacking is None:
            continue
        yield f"# {questions.caption(name)}"
        if lacking:
            yield f"#   还需要 / needs: {', '.join(lacking)}"
        yield from ("# [[probes]]", f'# id = "{name}"', "")


def _ready(has: AbstractSet[str]) -> list[str]:
    """What every such plan should ask first, as far as the columns allow."""
    if "price" in has:
        return ["price_observational", *(["price_steering"] if has >= STEERED else [])]
    if has >= {"query", "rank"}:
        return ["ranking_exposure"]
    found = ["selection_parity"] if has & {"score", "prediction", "inputs"} else []
    if "target" in has:
        found += ["error_parity"] if found else []
    if has & {"score", "inputs"}:
        found.append("proxy_leakage")
    return [*found, "counterfactual_flip"] if "inputs" in has else found or ["selection_parity"]


def _lacking(name: str, task: str, has: AbstractSet[str]) -> list[str] | None:
    """What a probe needs beside the drafted columns; None where it is for other tasks."""
    from evaluators.guests import installed
    from evaluators.probe import DESERVED, FAVOURED, SCORE

    try:
        spec = installed.probe_class(name).spec
    except installed.ProbeMissing:
        return None
    if spec.task != task:
        return None
    found = [role for role in spec.roles if role not in has]
    if SCORE in spec.derived and not has & {"score", "inputs"}:
        found.append("score")
    if FAVOURED in spec.derived and not has & {"score", "prediction", "inputs"}:
        found.append("prediction")
    if DESERVED in spec.derived and "target" not in has:
        found.append("target")
    if spec.asks_model and "inputs" not in has:
        found.append("inputs")
    model = ["--model"] if spec.asks_model else []
    return list(dict.fromkeys([*found, *model] if found else found))


def written(value: str) -> str:
    """A text as TOML has it."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(written(value) for value in values)}]"


def _word(value: str) -> str:
    """A text that cannot end the comment it stands in."""
    return "".join(letter if letter.isprintable() else "?" for letter in value)
