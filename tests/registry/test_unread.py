from registry import unread
from registry.language import Text


def test_a_key_that_nothing_reads_is_named_with_what_may_have_been_meant() -> None:
    (near, far) = unread.reasons({"cutt": 1, "zzz": 2, "cut": 3}, ("cut", "task"), "plan")
    assert (near.item, near.remedy) == ("plan.cutt", Text("是不是 cut", "did you mean cut"))
    assert (far.item, far.remedy.en) == ("plan.zzz", "leave it out; there are: cut, task")
    assert list(unread.reasons({"cut": 3}, ("cut",))) == []
