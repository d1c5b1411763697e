"""Conditions as data: what a tree comes to."""

from hypothesis import given
from hypothesis import strategies as st

from filing import conditions
from filing.conditions import ALWAYS, NEVER, Condition, Every, Is, Not, Some

LEAVES = st.builds(
    Is, st.frozensets(st.sampled_from("xyz"), min_size=1), field=st.sampled_from(("A1", "B1"))
)
TREES: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Every, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Some, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
SAID = st.fixed_dictionaries({"A1": st.sampled_from(("", *"xyz")), "B1": st.sampled_from("xyz")})


def met(tree: Condition, said: dict[str, str]) -> bool:
    return conditions.met(tree, lambda leaf: [said[leaf.field]] if said[leaf.field] else [])


def test_all_of_nothing_holds_and_one_of_nothing_does_not() -> None:
    assert met(ALWAYS, {})
    assert not met(NEVER, {})


def test_a_leaf_holds_where_one_of_several_answers_is_among_its_values() -> None:
    leaf = Is(frozenset({"x"}), "A1")
    assert conditions.met(leaf, lambda _: ["y", "x"])
    assert not conditions.met(leaf, lambda _: ["y"])
    assert not conditions.met(leaf, lambda _: [])


@given(TREES, TREES, SAID)
def test_not_turns_every_into_some(one: Condition, two: Condition, said: dict[str, str]) -> None:
    assert met(Not(one), said) is not met(one, said)
    turned = met(Some((Not(one), Not(two))), said)
    assert met(Not(Every((one, two))), said) is turned


@given(TREES)
def test_a_tree_asks_only_at_its_leaves(tree: Condition) -> None:
    asked = list[Is]()
    conditions.met(tree, lambda leaf: asked.append(leaf) or [])  # type: ignore[func-returns-value]
    assert set(asked) <= set(conditions.leaves(tree))
