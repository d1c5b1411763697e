"""public/B1: nothing that fewer than k people share leaves the engine, in words or in JSON."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.cells import LEAST, edges, middles, one_row_each
from explainers.columns import ColumnsInvalid
from explainers.explanation import explain, sentences_of
from explainers.plan import ExplanationPlan, PlanImpossible, Task
from tests.explainers.toys import Scores, Toy, columns, people, text

N = 1_000
RICHEST = 9_876_543

WORDING = {"price": text("价格", "price"), "unit": text("元", "yuan")}


def attacked() -> pa.Table:
    """Notes with identity numbers, levels of 1, 2 and 9 people, one great income, a rare pair."""
    random = np.random.default_rng(2)
    income = np.round(random.lognormal(8.5, 0.5, N), 2)
    income[77] = RICHEST
    town = random.choice(["东城", "西城"], N).astype(object)
    town[:1], town[1:3], town[3:12] = "独户村", "双户村", "九户村"
    job = random.choice(["clerk", "farmer", "teacher"], N).astype(object)
    place = random.choice(["coast", "hills"], N).astype(object)
    place[job == "teacher"] = "coast"
    place[np.flatnonzero(job == "teacher")[0]] = "hills"  # the only teacher in the hills
    return pa.table(
        {
            "income": income,
            "note": [f"王小{i}，身份证31010119900101{i:04d}" for i in range(N)],
            "seen": [f"2025-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(N)],
            "born": pa.array(
                (np.datetime64("1950-01-01") + np.arange(N) * 17).astype("datetime64[D]")
            ),
            "town": town.tolist(),
            "job": job.tolist(),
            "place": place.tolist(),
            "savings": np.round(random.gamma(2, 9_000.123, N), 3),
        }
    )


def described(table: pa.Table, **more: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "plain": text(f"第{i}项", f"item {i}"),
            "actionable": "any",
            "protected": name in ("town", "note"),
            **more.get(name, {}),
        }
        for i, name in enumerate(table.column_names)
        if name != "who"
    ]


def rule(x: Mapping[str, npt.NDArray[Any]]) -> Scores:
    """Everything counts, and so does every single person's note and the rare pair."""
    total = np.zeros(len(next(iter(x.values()))))
    for values in x.values():
        if values.dtype.kind in "fi":
            total += np.nan_to_num(values.astype(float)) / 20_000
        else:
            total += np.asarray([sum(map(ord, str(v))) % 7 / 7 for v in values])
    return np.asarray(total / max(1, len(x)), dtype=np.float64)


def made(table: pa.Table, task: Task = "decision", **more: Any) -> dict[str, Any]:
    model = Toy(lambda x: x["income"] if task == "price" else rule(x))
    asked = described(table, **more.pop("columns", {}))
    plan = ExplanationPlan.make(
        table, asked, cut=0.35 if task == "decision" else None, task=task, wording=WORDING, **more
    )
    return explain(plan, table, model, nonce="n")


def leaves(content: Any) -> Iterator[Any]:
    """Every text and number of a JSON value."""
    if isinstance(content, Mapping):
        for key, inner in content.items():
            yield key
            yield from leaves(inner)
    elif isinstance(content, list):
        for inner in content:
            yield from leaves(inner)
    else:
        yield content


def leaked(content: Mapping[str, Any], table: pa.Table, *, k: int = LEAST) -> set[str]:
    """Values of the table that fewer than k people have and that stand in the content."""
    whole = list(leaves(content))
    texts = "\n".join(each for each in whole if isinstance(each, str))
    printed = {token.replace(",", "") for token in re.findall(r"[\d,.]*\d", texts)}
    figures = {float(each) for each in whole if isinstance(each, int | float)}
    found = set()
    who = table["who"].to_pylist() if "who" in table.column_names else range(table.num_rows)
    for name in table.column_names:
        if name == "who":
            continue
        people = Counter(v for v, _ in {(v, w) for v, w in zip(table[name].to_pylist(), who, strict=True)})  # fmt: skip
        for value in (v for v, count in people.items() if v is not None and count < k):
            if isinstance(value, int | float):
                # Round figures may meet a value by chance: awkward ones, written out, do not.
                if float(value) in figures or (str(value) in printed and len(str(value)) > 5):
                    found.add(f"{name}={value}")
            elif str(value) in texts:
                found.add(f"{name}={value}")
    return found


@pytest.mark.parametrize("task", ["decision", "price"])
def test_no_value_of_a_few_people_stands_anywhere_in_the_content(task: Task) -> None:
    """public/B1"""
    table = attacked()
    content = made(table, task)
    assert leaked(content, table) == set()
    raw = json.dumps(content, ensure_ascii=False)
    for secret in ("王小", "身份证", "31010119", "户村", "9876543", "9,876,543", "9,880,000"):
        assert secret not in raw, secret
    assert not re.search(r"19[5-9]\d-\d\d|2025-\d\d", raw)


def test_what_people_wrote_and_days_are_exchanged_as_a_whole_with_the_remedy() -> None:
    """public/B1: texts and dates are never levels."""
    said = [s for s in sentences_of(made(attacked())) if s["kind"] != "importance.tie"]
    for name, plain in (("note", "第1项"), ("seen", "第2项"), ("born", "第3项")):
        first, *_ = [s for s in said if s.get("columns") == [name]]
        assert first["zh"].startswith(f"{plain}：内容几乎各不相同，或者是日期")
        assert first["en"].startswith("The item ")
        assert "归成几类" in first["limit"]["zh"]
        assert not [s for s in said if s.get("columns") == [name] and s.get("levels")]


DAYS = ("%Y-%m-%d", "%Y%m%d", "%d %b %Y", "%d-%b-%y", "%B %d, %Y", "%m/%d/%y", "%d.%m.%Y", "%y-%m-%d")  # fmt: skip


@pytest.mark.parametrize("written", DAYS)
def test_a_day_is_no_level_however_it_is_written(written: str) -> None:
    """public/B1: also where k people share it."""
    days = np.datetime64("2020-01-01") + np.arange(N) % 20
    table = pa.table({"income": np.arange(N), "day": [d.strftime(written) for d in days.tolist()]})
    plan = ExplanationPlan.make(table, described(table), cut=0.5)
    assert plan.natures["day"].kind == "text"


@pytest.mark.parametrize(
    "code", ["20-25 years", "310101", "A1", "1.5", "12/24", "may", "20209999"]
)
def test_what_looks_a_little_like_a_day_keeps_its_levels(code: str) -> None:
    """The other way round."""
    table = pa.table({"income": np.arange(N), "code": [code, f"{code} "] * (N // 2)})
    plan = ExplanationPlan.make(table, described(table), cut=0.5)
    assert plan.natures["code"].kind == "levels"


def test_a_rare_pair_of_common_values_is_in_no_example() -> None:
    """public/B1: nobody's combination is named."""
    only = {"job": {"actionable": "any"}, "place": {"actionable": "any"}}
    frozen = {name: {"actionable": 0} for name in attacked().column_names if name not in only}
    table = attacked()

    def both(x: dict[str, npt.NDArray[Any]]) -> Scores:
        scores: Scores = ((x["job"] == "teacher") & (x["place"] == "hills")).astype(np.float64)
        return scores

    plan = ExplanationPlan.make(table, described(table, **only, **frozen), cut=0.5)
    content = explain(plan, table, Toy(both), nonce="n")
    for said in sentences_of(content):
        after = {m["column"]: m["after"] for m in said["evidence"].get("moves", ())}
        before = {m["column"]: m["before"] for m in said["evidence"].get("moves", ())}
        for pair in (before, after):
            assert pair != {"job": "teacher", "place": "hills"}


def test_people_are_counted_and_not_their_rows() -> None:
    """public/B1: one person with twelve rows is one person."""
    table = attacked()
    who = np.arange(N)
    who[500:512] = 500
    town = np.asarray(table["town"].to_pylist(), dtype=object)
    town[500:512] = "一人十二行村"
    table = table.set_column(4, "town", [town.tolist()]).append_column("who", pa.array(who))
    content = made(table, unit="who")
    assert "一人十二行村" not in json.dumps(content, ensure_ascii=False)
    assert "一人十二行村" in json.dumps(made(table.drop(["who"])), ensure_ascii=False)
    assert leaked(content, table) == set()


def repeated(copies: int, *, chosen: int = 600) -> tuple[pa.Table, list[dict[str, Any]]]:
    """People, and one more of a job that nobody else has, so many times over."""
    base = people(chosen)
    one = base.slice(0, 1).set_column(3, "job", [["astronaut"]])
    return pa.concat_tables([base, *[one] * copies]), columns("income", "age", "job", "sex")


def astronaut(table: pa.Table, asked: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The explanation of a program that refuses astronauts alone."""
    plan = ExplanationPlan.make(table, asked, cut=0.5, nonce="s", **more)
    refused = Toy(lambda x: np.where(x["job"] == "astronaut", 0.1, 0.9))
    return explain(plan, table, refused, nonce="s")


def test_copies_of_one_row_are_one_person_where_no_column_says_whose_a_row_is() -> None:
    """public/B1: 25 rows of one astronaut told “job” apart, and 615 people were tested."""
    table, asked = repeated(25)
    content = astronaut(table, asked)
    assert "astronaut" not in json.dumps(content, ensure_ascii=False)
    assert content["plan"]["people"] == 601 - 2 * LEAST
    assert all(
        row["n"] == 601 - 2 * LEAST and row["changed"] == 0 for row in content["importance"]
    )
    for said in sentences_of(content):
        for name in ("n", "changed", "single", "double"):
            assert said["evidence"].get(name, 0) in (0, 601 - 2 * LEAST, 4), said["zh"]


def test_as_many_who_differ_in_what_the_program_does_not_see_are_as_many_people() -> None:
    """The other way round: “spending” is no input, and tells the rows apart."""
    table, asked = repeated(25)
    spending = [*table["spending"].to_pylist()[:600], *range(25)]
    told = table.set_column(table.column_names.index("spending"), "spending", [spending])
    content = astronaut(told, asked)
    assert "astronaut" in json.dumps(content, ensure_ascii=False)
    assert content["plan"]["people"] == 625 - LEAST


def test_bounds_and_questions_are_of_people_and_not_of_their_copies() -> None:
    """public/B1: five copies of everybody gave a bound from 1,490, and “little” with it."""
    base = people(300)
    five, asked = pa.concat_tables([base] * 5), columns("income", "age", "job", "sex")
    one, other = (astronaut(table, asked) for table in (base, five))
    apart = {"kind": "overall.rows"}, {"kind": "overall.folded"}
    assert [s for s in sentences_of(one) if s["kind"] != apart[0]["kind"]] == [
        s for s in sentences_of(other) if s["kind"] != apart[1]["kind"]
    ]
    assert one["importance"] == other["importance"]
    assert one["pictures"] == other["pictures"]


def test_the_page_says_what_was_taken_for_a_person() -> None:
    """Both languages, and not where a column says whose a row is."""
    table, asked = repeated(25)

    def told(content: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            s for s in sentences_of(content) if s["kind"] in ("overall.rows", "overall.folded")
        ]

    (said,) = told(astronaut(table, asked))
    assert said["zh"] == (
        "数据里没有写明，哪些记录是同一个人的。所以一条记录算一个人。"
        "各项都一样的记录只算一次，少算了24条。"
    )
    assert said["en"] == (
        "The data do not say which records are about the same person. So each record counts as "
        "one person. Records that are alike in everything count once: 24 fewer."
    )
    assert said["evidence"] == {"folded": 24}
    assert said["limit"]["zh"].startswith("各项都一样的几个人，也只算一个人。")
    (said,) = told(astronaut(table.slice(0, 600), asked))
    assert said["kind"] == "overall.rows"
    assert said["evidence"] == {"folded": 0}
    assert "只算一次" not in said["zh"]
    assert "fewer" not in said["en"]
    who = table.append_column("who", pa.array([*range(600), *[600] * 25]))
    named = astronaut(who, asked, unit="who")
    assert told(named) == []
    assert "astronaut" not in json.dumps(named, ensure_ascii=False)
    shops = {"person": text("家门店", "restaurant"), "people": text("门店", "restaurants")}
    (said,) = told(astronaut(table, asked, wording=shops))
    assert "同一家门店" in said["zh"]
    assert "the same restaurant" in said["en"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([None, None, 1.5, float("nan"), float("nan"), 1.5]),
        pa.array(["a", "a", None, None, "", ""]),
        pa.array(["a", "a", None, None, "", ""]).dictionary_encode(),
        pa.array([[1], [1], None, None, [], []]),
        pa.array([{"x": 1}, {"x": 1}, None, None, {"x": None}, {"x": None}]),
        pa.chunked_array([[1, 2, 3], [1, 2, 3]]),
        pa.array([10**18, 10**18 + 1, 0] * 2),
    ],
)
def test_rows_are_alike_whatever_their_kind(values: pa.Array | pa.ChunkedArray) -> None:
    """Blank or not a number is one value, and the last digits count."""
    table = pa.table({"constant": [1] * 6, "own": values, "same": ["x"] * 6})
    assert len(one_row_each(table, None)) == 3
    apart = table.append_column("row", pa.array(range(6)))
    assert one_row_each(apart, None).tolist() == list(range(6))
    assert len(one_row_each(table.slice(0, 0), None)) == 0


def test_names_for_rare_levels_stay_with_the_filer() -> None:
    """public/B1: the filer's own name for a level of one person is not published either."""
    table = attacked()
    values = {"独户村": text("王家独户", "the Wangs"), "东城": text("东边", "the east")}
    raw = json.dumps(made(table, columns={"town": {"values": values}}), ensure_ascii=False)
    assert "王家独户" not in raw
    assert "the Wangs" not in raw
    assert "东边" in raw


def test_a_rare_level_may_not_be_called_as_a_common_one_is() -> None:
    """public/B1: the level itself stands in the data of one person."""
    table = attacked()
    values = {"独户村": text("东边", "the east"), "东城": text("东边", "the east")}
    with pytest.raises(ColumnsInvalid) as refused:
        made(table, columns={"town": {"values": values}})
    assert [each.item for each in refused.value.reasons] == ["columns.town.values.东城.zh"]


def test_too_few_people_are_not_explained_at_all() -> None:
    """public/B1"""
    table = attacked().slice(0, LEAST - 1)
    with pytest.raises(PlanImpossible) as refused:
        ExplanationPlan.make(table, described(table), cut=0.5)
    assert "不到10个人" in refused.value.said.zh


def test_no_plan_asks_about_fewer_people_or_by_a_column_that_is_not_there() -> None:
    """public/B1: a plan of one person is a record of that person, and one of ten examines nothing."""
    table = attacked()
    assert made(table, people=1)["plan"]["people"] == table.num_rows - LEAST
    with pytest.raises(PlanImpossible) as refused:
        ExplanationPlan.make(table, described(table), cut=0.5, unit="nobody")
    assert "“nobody”" in refused.value.said.zh


def test_the_operator_may_ask_for_more_people_never_for_fewer() -> None:
    """public/B1: k = max(10, MINGSUAN_K_ANONYMITY)."""
    table = attacked()
    many = table.set_column(4, "town", [["小镇" if i < 15 else "大城" for i in range(N)]])
    assert "小镇" in json.dumps(made(many), ensure_ascii=False)
    assert "小镇" not in json.dumps(made(many, k=20), ensure_ascii=False)
    assert "九户村" not in json.dumps(made(table, k=2), ensure_ascii=False)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Random tables: awkward numbers, levels from very common to single, blanks, owners of rows."""
    n = draw(st.integers(LEAST, 200))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    made: dict[str, Any] = {"income": np.round(random.lognormal(9, draw(st.floats(0.1, 2.5)), n), 3)}  # fmt: skip
    for i in range(draw(st.integers(1, 3))):
        kinds = draw(st.integers(2, 40))
        weights = random.pareto(draw(st.floats(0.3, 3)), kinds) + 1e-3
        levels = [f"情况{i}之{random.integers(10**6)}号" for _ in range(kinds)]
        drawn = random.choice(levels, n, p=weights / weights.sum()).astype(object)
        drawn[random.random(n) < draw(st.sampled_from([0.0, 0.03, 0.3]))] = None
        made[f"level{i}"] = drawn.tolist()
    whole = random.choice(
        [1234567, 7654321, 2468013], n, p=draw(st.sampled_from([[0.98, 0.01, 0.01], [0.5, 0.3, 0.2]]))
    )  # fmt: skip
    made["whole"] = whole
    if draw(st.booleans()):
        made["who"] = random.integers(0, max(LEAST, n // draw(st.integers(1, 4))), n)
        if len(set(made["who"].tolist())) < LEAST:
            del made["who"]
    return pa.table(made)


@settings(max_examples=20, deadline=None)
@given(tables(), st.sampled_from(["decision", "price"]))
def test_whatever_the_table_no_value_of_a_few_people_leaves(table: pa.Table, task: Task) -> None:
    """public/B1, over random tables."""
    unit = "who" if "who" in table.column_names else None
    try:
        content = made(table, task, unit=unit)
    except PlanImpossible:  # hardly anyone may be left beside those who have what few have
        owners = table[unit].to_pylist() if unit else range(table.num_rows)
        assert len(set(owners)) < 100
        return
    assert leaked(content, table) == set()


@given(
    st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=300),
    st.integers(10, 40),
)
def test_a_printed_number_is_not_one_persons(values: list[float], k: int) -> None:
    """public/B1: it comes from within the middle of at least k people, or all of them have it."""
    array = np.asarray(values)
    for number in (*edges(array, k, most=16, least=40), *middles(array, k, most=15)):
        assert np.count_nonzero(array <= number) >= min(k // 2, 5)
        assert np.count_nonzero(array >= number) >= min(k // 2, 5)
        exactly = int(np.count_nonzero(array == number))
        assert exactly == 0 or exactly >= k or float(f"{number:.3g}") == number
