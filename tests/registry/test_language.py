"""How two halves of a statement stand beside each other."""

import pytest

from registry.language import Language, followed


@pytest.mark.parametrize(
    ("said", "remedy", "language", "whole"),
    [
        ("里面没有“1”，只有：“归还” 3", "写有利的那个值", "zh", "里面没有“1”，只有：“归还” 3；写有利的那个值"),
        ("it never holds '1'", "name another", "en", "it never holds '1'; name another"),
        ("不合。", "请改。", "zh", "不合。请改。"),
        ("It is unfit.", "Change it.", "en", "It is unfit. Change it."),
        ("不合", "", "zh", "不合"), ("It is unfit.", "", "en", "It is unfit."),
    ],
)  # fmt: skip
def test_what_is_wrong_and_what_to_do_are_never_run_together(
    said: str, remedy: str, language: Language, whole: str
) -> None:
    """F-n7/2: a blank stood between a reason without a full stop and its remedy."""
    assert followed(said, remedy, language) == whole
