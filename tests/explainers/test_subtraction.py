"""public/B1: no sum and no difference of what is published tells of fewer than k people.

Whoever reads an explanation may take one count from another. So people whose own level, or whose
blank, fewer than k share are asked about nowhere, and how many they are cannot be worked out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.cells import LEAST
from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan, PlanImpossible, Task
from explainers.wording import Wording
from registry.language import Text
from tests.explainers.toys import Scores, Toy, apart, text

N = 400
Columns = Mapping[str, npt.NDArray[Any]]
COUNTS = {
    "n", "changed", "moved", "up", "same", "down", "gained", "favourable",
    "single", "paired", "double", "people",
}  # fmt: skip
SHARES = {"per_hundred", "value", "heights"}
MEANS = {"mean_size", "shift", "mean_difference", "mean_rise", "mean_fall"}


def table_of(hidden: int, blank: int, holes: int = 0, n: int = N) -> pa.Table:
    """People of two sexes; a few have a third level, or none, or no age."""
    random = np.random.default_rng(5)
    rest = n - hidden - blank
    sex = np.asarray(["f"] * (rest // 2) + ["m"] * (rest - rest // 2), dtype=object)
    sex = np.concatenate([["x"] * hidden, [None] * blank, sex]).astype(object)
    age = random.integers(18, 80, n).astype(float)
    age[n - holes :] = np.nan
    return apart(pa.table({"sex": sex.tolist(), "age": pa.array(age, from_pandas=True)}))


def few(x: Columns) -> npt.NDArray[np.bool_]:
    """Who is one of the few."""
    sex: npt.NDArray[np.bool_] = np.asarray([value not in ("f", "m") for value in x["sex"]])
    blank: npt.NDArray[np.bool_] = np.asarray(
        [value is None or value != value for value in x["age"]]
    )
    either: npt.NDArray[np.bool_] = np.logical_or(sex, blank)
    return either


def made(
    table: pa.Table,
    *,
    task: Task = "decision",
    protected: bool = True,
    k: int = LEAST,
    worse: float = 0.1,
    wording: Wording | None = None,
) -> dict[str, Any]:
    """The explanation of a program to which only the few are different."""
    asked: list[dict[str, Any]] = [
        {"name": "sex", "plain": text("性别", "sex"), "protected": protected, "actionable": "any"},
        {"name": "age", "plain": text("年龄", "age"), "actionable": "any"},
    ]
    plan = ExplanationPlan.make(
        table,
        asked,
        cut=0.5 if task == "decision" else None,
        task=task,
        k=k,
        nonce="n",
        wording=wording,
    )

    def rule(x: Columns) -> Scores:
        return np.where(few(x), worse, 0.9)

    return explain(plan, table, Toy(rule), nonce="n")


def counts(content: Any, n: int, key: str = "") -> Iterator[float]:
    """Every count of people in some JSON, and every share and mean turned into one."""
    if isinstance(content, Mapping):
        for name, inner in content.items():
            yield from counts(inner, n, name)
    elif isinstance(content, list):
        for inner in content:
            yield from counts(inner, n, key)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        if key in COUNTS:
            yield float(content)
        elif key in SHARES:
            yield content * n / 100
        elif key in MEANS:  # the few score 0.1, all others 0.9
            yield abs(content) * n / 0.8
        elif key == "mean" and content:
            yield (0.9 - content) * n / 0.8


def printed(content: Mapping[str, Any]) -> set[float]:
    """Every number in the sentences, but for how many levels are rare, which counts nobody."""
    texts = [
        part
        for said in sentences_of(content)
        if said["kind"] != "levels.left_out"
        for each in (said, said["limit"], said.get("test", {}))
        for part in (each.get("zh", ""), each.get("en", ""))
    ]
    joined = re.sub(r"[\d.]+ ?%", "", "\n".join(texts))  # bounds of a share, and margins
    numbers = re.findall(r"\d[\d,.]*\d|\d", joined)
    return {float(number.replace(",", "")) for number in numbers}


def subtracted(content: Mapping[str, Any], *, k: int = LEAST) -> set[float]:
    """Differences of two published counts of results that tell of fewer than k people.

    To the program of these tests all are alike but the few. So every count of results is of
    nobody or of everybody, and a count that differs from both tells of the few.
    """
    n = content["plan"]["people"]
    kept = {
        "said": [
            [said["evidence"], said.get("levels", [])]
            for said in sentences_of(content)
            if said["kind"] != "inputs"  # counts columns
        ],
        "importance": content["importance"],
        "pictures": content["pictures"],
    }
    words = {float(k), *printed(made(table_of(0, 0), k=k))} - {0.0, float(N)}  # "of 100"
    figures = {*counts(kept, n), *(printed(content) - words), 0.0, float(n)}
    apart = {round(abs(a - b), 6) for a, b in combinations(figures, 2)}
    return {gap for gap in apart if 0.5 <= gap < k}


SMALL = st.integers(0, LEAST - 1)


@pytest.mark.parametrize("protected", [True, False])
@pytest.mark.parametrize(
    ("hidden", "blank", "holes", "k"),
    [(4, 0, 0, 2), (0, 6, 0, 10), (9, 9, 0, 10), (0, 0, 5, 10), (3, 2, 4, 10), (15, 12, 0, 20)],
)
def test_the_results_of_the_few_are_in_no_count_and_no_difference(
    hidden: int, blank: int, holes: int, k: int, *, protected: bool
) -> None:
    """public/B1: changed 3, moved 4, and 941 less "all f" 938; k = max(10, the setting)."""
    content = made(table_of(hidden, blank, holes), protected=protected, k=k)
    told = {s["kind"]: s["evidence"] for s in sentences_of(content)}
    assert told["decision.overall"]["favourable"] == told["decision.overall"]["n"]
    for said in sentences_of(content):
        for name in ("changed", "moved", "single", "paired", "double"):
            assert said["evidence"].get(name, 0) == 0, (said["kind"], said["zh"])
        for level in [*said["evidence"].get("levels", []), *said.get("levels", [])]:
            assert level["per_hundred"] == 100, said["zh"]
    assert all(row["changed"] == 0 for row in content["importance"])
    assert all(height == 0 for each in content["pictures"] for height in each["heights"])
    assert subtracted(content, k=max(k, LEAST)) == set()


@settings(max_examples=15, deadline=None)
@given(SMALL, SMALL, SMALL, st.sampled_from(["decision", "price"]), st.booleans())
def test_nothing_on_the_page_depends_on_what_the_few_got(
    hidden: int, blank: int, holes: int, task: Task, protected: bool
) -> None:
    """public/B1: two programs that differ only for the few have one and the same explanation."""
    table = table_of(hidden, blank, holes)
    one, other = (made(table, task=task, protected=protected, worse=worse) for worse in (0.1, 0.9))
    assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize("codes", [(1, 2, 3), (0.5, 1.5, 2.5, 9.0), tuple(range(12))])
def test_a_level_written_as_a_number_is_one_all_the_same(codes: tuple[float, ...]) -> None:
    """public/B1: four people of code 3 were refused, and the page counted four refused."""
    code = np.resize(np.asarray(codes[:-1]), N)
    code[:4] = codes[-1]
    table = pa.table({"code": code, "age": np.random.default_rng(8).integers(18, 80, N)})
    asked = [{"name": name, "plain": text(name, name)} for name in table.column_names]

    def page(worse: float) -> dict[str, Any]:
        plan = ExplanationPlan.make(table, asked, cut=0.5, nonce="n")
        return explain(plan, table, Toy(lambda x: np.where(x["code"] == codes[-1], worse, 0.9)), nonce="n")  # fmt: skip

    assert json.dumps(page(0.1), sort_keys=True) == json.dumps(page(0.9), sort_keys=True)
    kinds = {s["kind"] for s in sentences_of(page(0.1)) if s.get("columns") == ["code"]}
    assert "little" not in kinds


@pytest.mark.parametrize("k", [LEAST, 20])
def test_how_many_the_few_are_cannot_be_worked_out(k: int) -> None:
    """public/B1: as many are left out in every case, whatever the few are in number."""
    asked = {made(table_of(few, 0), k=k)["plan"]["people"] for few in (1, 4, k - 1)}
    assert asked == {N - 2 * k}  # and as many are never asked about
    assert made(table_of(0, 0), k=k)["plan"]["people"] == N - k
    content = made(table_of(4, 0), k=k)
    for said in sentences_of(content):
        assert said["evidence"].get("n", N - k) <= N - k
        assert f"{N}" not in said["zh"] + said["en"]


def test_the_page_says_whom_it_did_not_ask_about_and_not_how_many() -> None:
    """public/B1: both languages."""
    (said,) = [s for s in sentences_of(made(table_of(4, 0))) if s["kind"] == "overall.left_out"]
    assert said["zh"] == (
        "有的情况，不到10个人才有。有这种情况的没有问到；另外随机少问了几个人，免得算出一共有多少。"
    )
    assert said["en"] == (
        "Some things are shared by fewer than 10 people. Those people were not asked about, nor "
        "were a few others, drawn at random, so that nobody can work out how many they are."
    )
    assert "n" not in said["evidence"]
    kinds = {s["kind"] for s in sentences_of(made(table_of(0, 0)))}
    assert "overall.left_out" not in kinds
    words = Wording(person=Text("家餐馆", "restaurant"), people=Text("家餐馆", "restaurants"))
    (said,) = [s for s in sentences_of(made(table_of(4, 0), wording=words))
               if s["kind"] == "overall.left_out"]  # fmt: skip
    for told, word in ((said["zh"], "人"), (said["en"], "people")):
        assert word not in told, "findings 7, S5: the rows are restaurants"
    assert not re.search("这[些样]的?家餐馆", said["zh"]), "findings 7c, L1: a measure word twice"


def test_levels_that_enough_people_share_are_asked_about() -> None:
    """public/B1: the other way round, nobody is left out and the change is told."""
    content = made(table_of(LEAST, 0))
    told = {s["kind"]: s["evidence"] for s in sentences_of(content)}
    overall = told["decision.overall"]
    assert overall["n"] == told["decision.flip.some"]["changed"] == N - LEAST
    # About the ten who share the level, as many others were left out: fewer than k may be left.
    assert overall["favourable"] in (None, N - 2 * LEAST)


def test_where_too_few_are_left_nothing_is_explained() -> None:
    """public/B1"""
    with pytest.raises(PlanImpossible) as refused:
        made(table_of(0, 0, 4, n=LEAST + 5))
    assert "不到10个人" in refused.value.said.zh
    assert "fewer than 10 people" in refused.value.said.en


def test_one_page_gives_one_count_of_what_changing_only_this_does() -> None:
    """public/B1: 0 and 3 for the same thing."""
    for blank in (4, 15):
        content = made(table_of(0, blank))
        counted = {
            (said["evidence"]["n"], said["evidence"]["changed"])
            for said in sentences_of(content)
            if said.get("columns") == ["sex"]
            and re.search("只改(这一项|性别)", said["zh"])
            and "changed" in said["evidence"]
        }
        assert len(counted) == 1, (blank, counted)


def _of_incomes(last: float | None, nonce: str) -> tuple[int, int]:
    """How many of 300 people, and one more of this income, were asked about and favoured."""
    random = np.random.default_rng(3)
    own = random.integers(20, 90, 300).tolist() + ([] if last is None else [last])
    table = pa.table({"income": pa.array(own, pa.float64()), "age": [20.0 + at % 60 for at in range(len(own))]})  # fmt: skip
    asked = [{"name": name, "plain": text(name, name)} for name in table.column_names]
    table = apart(table)
    plan = ExplanationPlan.make(table, asked, cut=0.5, nonce=nonce)
    content = explain(plan, table, Toy(lambda x: x["income"] / 100), nonce=nonce)
    told = next(s["evidence"] for s in sentences_of(content) if s["kind"] == "decision.overall")
    return told["n"], told["favourable"]


def test_two_explanations_do_not_tell_the_result_of_one_person_more() -> None:
    """Record 0030: the counts of one less those of the other were the person's result, always."""
    gaps: dict[float, set[int]] = {95.0: set(), 5.0: set()}
    for at in range(12):
        n, before = _of_incomes(None, f"first {at}")
        assert n == 300 - LEAST
        for income, seen in gaps.items():
            more, after = _of_incomes(income, f"second {at}")
            assert more == n + 1
            seen.add(after - before)
    assert len(gaps[95.0] & gaps[5.0]) >= 3  # seen with either result
    assert not gaps[95.0] <= {0, 1}


def test_an_explanation_of_few_people_asks_k_of_them() -> None:
    """Record 0030, not covered: of fewer than 2k people fewer than k are left out."""
    assert made(table_of(0, 0, n=LEAST + 4))["plan"]["people"] == LEAST
