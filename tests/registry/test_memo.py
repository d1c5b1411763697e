"""What is kept of what never changes."""

from registry.memo import Memo


def test_a_memo_keeps_what_was_asked_for_last() -> None:
    made: list[str] = []
    memo: Memo[str] = Memo(2)

    def get(key: str) -> str:
        return memo.get(key, lambda: made.append(key) or key)  # type: ignore[func-returns-value]

    assert [get(each) for each in ("a", "b", "a", "c", "a", "b")] == ["a", "b", "a", "c", "a", "b"]
    assert made == ["a", "b", "c", "b"]
    assert len(memo) == 2
