"""A text falls into its sentences, each as it stands."""

import pytest

from registry import sentences
from registry.language import Language


@pytest.mark.parametrize(
    ("language", "text", "every"),
    [
        ("zh", "看收入。不看性别！还有吗？有；没有", ["看收入。", "不看性别！", "还有吗？", "有；", "没有"]),
        ("zh", "0.8分以上通过。\n第二行", ["0.8分以上通过。", "第二行"]),
        ("en", "It scores 0.8 or more. Not sex; not age", ["It scores 0.8 or more.", "Not sex;", "not age"]),
        ("en", "One\ntwo?", ["One", "two?"]),
        ("zh", "  \n", []),
    ],
)  # fmt: skip
def test_the_sentences_of_a_text(language: Language, text: str, every: list[str]) -> None:
    assert list(sentences.of(text, language)) == every
