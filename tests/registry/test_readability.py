import pytest

from registry.language import Language
from registry.readability import blocking, profile, remarks, syllables

PLAIN = "这个程序帮银行决定是否借钱给你。它看三样东西：你的收入、你有没有按时还钱、你还欠多少钱。"
LEGAL = "本算法系依据相关规定之要求，对申请主体予以评估，" * 5 + "方可生效。"


def test_a_plain_text_has_no_remarks() -> None:
    assert remarks(PLAIN, "zh") == []


def test_a_sentence_of_over_eighty_characters_stops_publication() -> None:
    assert {remark.rule for remark in blocking(LEGAL, "zh")} == {"long_sentence"}


def test_officialese_is_named_with_its_place_and_a_plain_word() -> None:
    found = [r for r in remarks("你方可申请。", "zh") if r.rule == "officialese"]
    assert [(r.place, r.quoted, "才能" in r.said.zh) for r in found] == [((1, 3), "方可", True)]


def test_an_ordinary_word_is_no_officialese() -> None:
    assert remarks("其他人之间的关系很好。", "zh") == []


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [("模型看特征。", "zh", "特征"), ("The model reads features.", "en", "feature")],
)
def test_a_word_of_the_trade_needs_a_gloss(text: str, language: Language, word: str) -> None:
    assert [remark.rule for remark in blocking(text, language)] == ["jargon"]
    assert blocking(text, language, glossed={word}) == []


def test_measures_agree_with_counting_by_hand() -> None:
    assert profile("你好。我很好，他也好。", "zh")["sentence_max"] == 6
    assert profile("你好。我很好，他也好。", "zh")["clause_mean"] == pytest.approx(8 / 3)
    english = profile("The cat sat. The dog ran.", "en")
    assert english["grade"] == pytest.approx(0.39 * 3 + 11.8 - 15.59)


@pytest.mark.parametrize(
    ("word", "count"),
    [("cat", 1), ("table", 2), ("income", 2), ("changed", 1), ("tested", 2), ("information", 4), ("never", 2), ("likely", 2)],
)  # fmt: skip
def test_syllables_are_counted_by_ear(word: str, count: int) -> None:
    assert syllables(word) == count


def test_numbers_do_not_end_an_english_sentence() -> None:
    assert profile("It was 3.5 of them", "en")["sentence_max"] == 4


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("人均收入变高了。", "zh"),
        ("这是原因之一。", "zh"),
        ("体系很好。", "zh"),
        ("均价不高。", "zh"),
        ("There was a product recall.", "en"),
        ("The insurance premium is low.", "en"),
    ],
)
def test_an_ordinary_word_that_holds_or_is_a_listed_one_is_left_alone(
    text: str, language: Language
) -> None:
    listed = [r for r in remarks(text, language) if r.rule in ("jargon", "officialese")]
    assert listed == []


def test_a_term_of_several_segmented_words_is_found_at_its_place() -> None:
    assert [r.place for r in blocking("它的召回率高。", "zh")] == [(2, 5)]


def test_a_word_that_says_nothing_is_to_be_left_out() -> None:
    (found,) = [r for r in remarks("我们予以同意。", "zh") if r.rule == "officialese"]
    assert found.said.zh == "“予以”是公文用语：可以不写。"
    (hard,) = blocking("You are hereby told.", "en")
    assert hard.said.en == "“hereby” is a word of the trade: leave it out."


@pytest.mark.parametrize("said", ["higher", "approved", "number of dependants", "monthly income"])
def test_a_few_words_have_no_school_grade(said: str) -> None:
    """N12/F17: the form's own examples were told to be above grade 8."""
    assert remarks(said, "en") == []


def test_a_sentence_of_ten_words_has_one() -> None:
    said = "Notification obligations regarding individual determinations necessitate supplementary administrative documentation procedures immediately."
    assert [each.rule for each in remarks(said, "en")] == ["grade"]


@pytest.mark.parametrize(
    ("text", "language", "severity"),
    [
        ("模型的特征有八项。", "zh", ["block"]),
        ("特征有八项。", "zh", ["warn"]),
        ("孩子的特征像妈妈。", "zh", []),
        ("孩子的信用特征有八项。", "zh", ["warn"]),
        ("The model reads eight features.", "en", ["block"]),
        ("Eight features.", "en", ["warn"]),
        ("This house has one feature we love.", "en", []),
        ("The house has a feature that the model reads.", "en", ["warn"]),
    ],
)
def test_a_word_with_an_everyday_meaning_stops_a_text_only_in_a_sentence_of_the_trade(
    text: str, language: Language, severity: list[str]
) -> None:
    assert [each.severity for each in remarks(text, language)] == severity


def test_a_measure_of_a_passage_is_not_taken_of_a_sentence() -> None:
    """A clause of fifteen characters, two rare ones of ten, a grade of ten words."""
    assert remarks("快递员把包裹放在门卫那里了。", "zh") == []
    assert remarks("外婆做了馄饨。", "zh") == []
    long = "They met at a restaurant overlooking the harbour on Wednesday evening."
    assert remarks(long, "en") == []
    assert [
        each.rule
        for each in remarks(" ".join(["Negotiations necessitate intermediaries."] * 30), "en")
    ] == ["grade"]
