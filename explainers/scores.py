"""Which way the score moves where hardly a result does: told beside it, and then nothing is little.

A thing that lowers everybody's score a little changes no result of those who were tested; somebody
who stands nearer to the line, or a person who decides by the score, may see to it that it does.
"""

from collections.abc import Mapping, Sequence

from explainers import means, numbers
from explainers.phrases import roughly, same
from explainers.plan import ExplanationPlan
from explainers.sentences import ONE_OF_A_HUNDRED, Again, Counts, filled
from registry.language import Text

NOT_TOLD = Text("", "")
WAYS = Text(
    "但是评分会变：{changed}，每100次里，{up_p}次{easier}，{down_p}次{harder}；{size}。",
    "But the score moves. With {changed}: {easier} in {up_p} of 100 tests; {harder} in {down_p}; {size}.",
)
NO_WAY = Text(
    "但是评分会变：每100次里，{moved_p}次变了（试了{n}次，{moved}次）。",
    "But the score moves: in {moved_p} of 100 tests ({moved} of {n}).",
)


def moves(plan: ExplanationPlan, twice: Again, counted: Counts) -> bool:
    """Whether more answers go one way than asking again could make them, and more than one in a hundred.

    Args:
        plan: with the family of its claims.
        twice: what came of asking twice with nothing changed; half of it goes either way.
        counted: what came of the change.
    """
    if plan.task != "decision" or not counted.n:
        return False
    chance = min(0.5, plan.family.upper(twice.moved, twice.n)) if twice.moved else 0.0
    return plan.family.lower(counted.most, counted.n) > max(ONE_OF_A_HUNDRED, chance)


def furthest(pairs: Sequence[tuple[str, Counts]]) -> tuple[str, Counts] | None:
    """Of several contrasts, each under its key, the one that goes one way most often."""
    return max(pairs, key=lambda each: abs(each[1].up - each[1].down), default=None)


def told(
    plan: ExplanationPlan, tally: Mapping[str, int], key: str, counted: Counts, changed: Text
) -> Text:
    """How often the score came nearer to either result, and by how much it differs on average.

    Args:
        plan: names the results.
        tally: with the sum of the differences.
        key: of the contrast in it.
        counted: what came of it.
        changed: what was changed, after 把 or "with".
    """
    wording, n = plan.wording, counted.n
    mean = means.told(tally, f"{key}:difference", n, plan.k)
    size = Text(f"评分平均相差{means.UNTOLD.zh}", f"on average it differs by {means.UNTOLD.en}")
    if mean == 0:
        size = Text("评分平均没有相差", "on average it is the same")
    elif mean is not None:
        much = numbers.value(abs(mean))
        way = ("高", "higher") if mean > 0 else ("低", "lower")
        size = Text(f"评分平均{way[0]}{much}", f"on average it is {much} {way[1]}")
    places = {"changed": changed, "size": size, "easier": wording.easier, "harder": wording.harder}
    places |= {"up_p": roughly(counted.up / n), "down_p": roughly(counted.down / n)}
    return _before_more(filled(WAYS, places))


def without_a_way(n: int, moved: int) -> Text:
    """How often the score moved, where what was changed has no higher and lower."""
    places = {"n": same(numbers.count(n)), "moved": same(numbers.count(moved))}
    return _before_more(filled(NO_WAY, places | {"moved_p": roughly(moved / n)}))


def _before_more(said: Text) -> Text:
    """A sentence after which others stand."""
    return Text(said.zh, said.en + " ")
