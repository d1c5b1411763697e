"""Which side of a score is good for the person: what the plan has to say where its words do not.

A score, or a model of classes 0 and 1, answers with a number; the data may say what became of people
in words. Which class a word stands for, nobody but the owner of the model knows, and a guess would
turn every sentence of the report round. So `favourable` has to name a class, in a column that holds
no others, or the plan says `score_favourable`.
"""

from collections.abc import Collection, Iterator, Sequence

from evaluators.plan import Columns, level_name
from evaluators.plan_columns import SIDES
from evaluators.probe import DESERVED, FAVOURED, SCORE, ProbeSpec
from evaluators.running.decision_words import Counts, listed, quoted
from registry.errors import Reason
from registry.language import Text


def asked(columns: Columns, specs: Sequence[ProbeSpec], *, scored: bool) -> bool:
    """Whether some probe reads a score by its favourable side, and the plan has not named that.

    Args:
        columns: what the plan says.
        specs: of the planned probes.
        scored: whether a model answers.
    """
    answered = scored or columns.score is not None
    if not answered or columns.favourable is None or columns.score_favourable is not None:
        return False
    return any(_sided(spec, columns) for spec in specs)


def _sided(spec: ProbeSpec, columns: Columns) -> bool:
    """Whether a probe judges by the cut, holds a score against outcomes, or takes it for merit."""
    reads = {*spec.derived, *spec.welcome}
    against = SCORE in reads and (DESERVED in reads or "target" in spec.roles)
    merit = "score" in spec.optional and columns.score is not None and columns.target is None
    return (FAVOURED in reads and columns.decides) or against or merit


def fault(columns: Columns, words: Counts, *, scored: bool) -> Reason | None:
    """What the plan must still say of the favourable side; None where its words say it.

    Args:
        columns: what the plan says.
        words: value → rows of the column of outcomes; empty where there is none.
        scored: whether a model answers.
    """
    good, classes = level_name(columns.favourable), columns.classes or SIDES
    refused = {word for word in words if word != good}
    if columns.unfavourable:
        refused &= {*columns.unfavourable}
    meant = good not in words or not _number(good) or refused <= {*classes}
    if good in classes and meant:
        return None
    return Reason(
        "columns.score_favourable",
        _said(columns, words, scored=scored),
        _remedy(columns, scored=scored),
    )


def _number(word: str) -> bool:
    """Whether a word may be the name of a class by chance: 1 of the codes 1 and 2 is no class 1."""
    return word in {"true", "false"} or word.lstrip("-").replace(".", "", 1).isdigit()


def _said(columns: Columns, words: Counts, *, scored: bool) -> Text:
    good = level_name(columns.favourable)
    said = Text(f"favourable 是“{good}”", f"favourable is '{good}'")
    if words and columns.target is not None:
        zh, en = listed(words)
        said = Text(
            f"{said.zh}，“{columns.target}”里有：{zh}",
            f"{said.en}, and '{columns.target}' holds: {en}",
        )
    if columns.classes:
        named = ", ".join(columns.classes)
        return Text(
            f"{said.zh}；模型的类别是 {named}，没有写其中哪一类是“{good}”。猜错了，报告的每个结论都会反过来。",
            f"{said.en}; the model's classes are {named}, and nothing says which of them is '{good}'. "
            "A wrong guess would turn every finding round.",
        )
    whose = Text("模型的答案", "the model's answer") if scored else Text(
        f"分数“{columns.score}”", f"the score '{columns.score}'"
    )  # fmt: skip
    return Text(
        f"{said.zh}；{whose.zh}是数，没有写高分对“{good}”是有利还是不利。猜错了，报告的每个结论都会反过来。",
        f"{said.en}; {whose.en} is a number, and nothing says whether a high one means '{good}'. A wrong "
        "guess would turn every finding round.",
    )


def _remedy(columns: Columns, *, scored: bool) -> Text:
    good = level_name(columns.favourable)
    if columns.classes:
        return Text(
            f"写 score_favourable = 与“{good}”同义的那一类",
            f"Write score_favourable = the class that means '{good}'",
        )
    high, low = Text("高分", "a high score"), Text("低分", "a low score")
    own = Text("", "")
    if scored:
        high = Text("模型的类别 1（或高分）", "class 1 of the model (or a high score)")
        low = Text("模型的类别 0（或低分）", "class 0 of the model (or a low score)")
        own = Text(
            f"；模型的类别另有名称的，写 classes，列出这些名称，与“{good}”不同名时再写 score_favourable",
            f"; where the model's classes have names, list them as classes, and name the one that means "
            f"'{good}' as score_favourable unless it is called so",
        )
    return Text(
        f"{high.zh}就是“{good}”：写 score_favourable = 1，达到 cut 算有利；{low.zh}才是“{good}”（例如风险分）："
        f"写 score_favourable = 0，低于 cut 算有利{own.zh}",
        f"Where {high.en} means '{good}', write score_favourable = 1: favourable is at the cut or above; where "
        f"{low.en} does (a risk), write score_favourable = 0: favourable is below the cut{own.en}",
    )


CUT = Text(
    "达到多少算有利（score_favourable = 0 时：低于多少）",
    "favourable at or above this score (below it with score_favourable = 0)",
)


def told_by(words: Collection[str]) -> bool:
    """Whether outcomes are written as the classes of a model that answers with 0 and 1 are."""
    return {*words} <= {"0", "1"} or {*words} <= {"false", "true"}


def lines(words: Sequence[str], *, scored: bool) -> Iterator[str]:
    """What a drafted plan leaves to be filled in where the outcomes are words.

    Args:
        words: the values of the column of outcomes.
        scored: whether a model answers.
    """
    shown = "、".join(filter(str.isprintable, words))
    yield f"#   高分对应“{shown}”中的哪一个，看不出。请填写，不填就不能运行 / which of these a high score"
    yield "#   means, no word says: fill in one line; the plan does not run without it"
    yield "# score_favourable = …   # 高分（模型的类别 1）对本人有利：1；低分（类别 0）有利，例如风险分：0 /"
    yield "#   1 where a high score (class 1 of the model) is good for the person, 0 where a low one is (a risk)"
    if scored and len(words) > 1:
        yield "#   模型的类别本来就叫这些名称时，改为去掉下一行的 # / where the model's classes have these very"
        yield "#   names, uncomment this line instead"
        yield f"# classes = [{', '.join(map(quoted, words))}]"
