"""Which characters a text may hold, and which names look like another (filing/S2, security/A3)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import characters, lookalikes
from registry.characters import TextRefused
from registry.journal import Event
from registry.submission import Receipt
from registry.worklist import Work

HOSTILE = {
    "turning": ["\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c"],
    "no width": ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\u034f"],
    "controls": ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\r"],
    "half": ["\ud800", "\udfff"],
    "blank": ["\u3164", "\u115f", "\u1160", "\uffa0", "\u2800"],
    "none": ["\ufdd0", "\uffff", "\U0010fffe", "\U000e0041", "\ufff9"],
}
PLAIN = [
    "本算法给申请打分，不作最后决定。\n第二行\t制表",
    "Scores an application; a person decides. “Quoted” — 10 %…",
    "两行\r\n都在",
    "全角空格　和 emoji ❤️ 👍🏽",
    "上海（中国）有限公司",
    "हिन्दी Ελληνικά кириллица العربية 한국어 カード",
]


@pytest.mark.parametrize(
    "character", [each for kind in HOSTILE.values() for each in kind], ids=lambda c: f"{ord(c):x}"
)
def test_a_character_that_nobody_sees_is_refused_with_its_place(character: str) -> None:
    """filing/S2, S23: wherever it stands, the refusal names code point, place and remedy."""
    for text, place in ((f"审批{character}算法", 3), (f"{character}x", 1), (f"x{character}", 2)):
        found = characters.reasons("B1.zh", text)
        assert [each.item for each in found] == ["B1.zh"]
        (reason,) = found
        for said in (reason.said.zh, reason.said.en):
            assert f"U+{ord(character):04X}" in said
            assert str(place) in said
        assert reason.remedy.zh
        assert reason.remedy.en
        with pytest.raises(TextRefused):
            characters.check("B1.zh", text)


@pytest.mark.parametrize("text", PLAIN)
def test_what_people_write_is_let_through(text: str) -> None:
    """Every script, every punctuation mark, several lines: nothing of it is refused."""
    characters.check("B1.zh", text)


JOINED = [
    "👨\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "👩🏽\u200d💻", "❤\ufe0f\u200d🔥", "👁\ufe0f\u200d🗨\ufe0f", "🐈\u200d⬛",
    "👩\u200d❤\ufe0f\u200d💋\u200d👨", "一家人👨\u200d👩\u200d👧。", "🙂\u200d↔\ufe0f",
]  # fmt: skip
LETTERS = "a字9 -👩👨🏽❤⬛\ufe0f\u200d"


@pytest.mark.parametrize("text", JOINED)
def test_emoji_that_are_joined_to_one_are_let_through_and_are_no_name(text: str) -> None:
    characters.check("B1.zh", text)
    assert characters.visible(text) == text
    (reason,) = lookalikes.reasons("name", text)[:1]
    assert "U+200D" in reason.said.en or "U+FE0F" in reason.said.en


@given(st.text(alphabet=st.sampled_from(LETTERS), max_size=12))
def test_a_joiner_stands_between_two_emoji_or_nowhere(text: str) -> None:
    refused = {each.place - 1 for each in characters.unwanted(text) if each.character == "\u200d"}
    for place, letter in enumerate(text):
        if letter != "\u200d":
            continue
        before = text[:place].removesuffix("\ufe0f")[-1:]
        follows = text[place + 1 : place + 2]
        if follows not in set("👩👨🏽❤⬛") or before not in set("👩👨🏽❤⬛"):
            assert place in refused, ascii(text)
    plain = text.replace("\u200d", "")
    assert lookalikes.appearances(text) == lookalikes.appearances(plain)


def test_one_line_takes_no_line_break() -> None:
    """A label or a name has one line; a text may have several."""
    characters.check("note", "a\nb")
    with pytest.raises(TextRefused) as refused:
        characters.check("label", "a\nb", lines=False)
    assert "U+000A" in refused.value.reasons[0].said.en


@given(st.text(alphabet=st.characters()))
def test_a_text_in_order_is_one_that_shows_itself(text: str) -> None:
    """No format, control or half character gets through, and what is made visible passes."""
    if not characters.reasons("x", text):
        kinds = {unicodedata.category(letter) for letter in text} - {"Cn", "Co"}
        visible_marks = {c for c in text if unicodedata.category(c) == "Cf"}
        assert not kinds & {"Cs", "Zl", "Zp"}
        assert all(unicodedata.name(c, "").endswith(VISIBLE_FORMATS) for c in visible_marks)
        assert not {c for c in text if unicodedata.category(c) == "Cc"} - set("\t\n\r")
    characters.check("x", characters.visible(text))


# Number signs of Arabic and the like, and the joiners of hieroglyphs and shorthand, are drawn.
VISIBLE_FORMATS = (
    "SIGN", "SIGN ABOVE", "MARK", "MARK ABOVE", "MARKER", "AYAH", "SAFHA", "SAMVAT", "ABBREVIATION MARK",
    "JOINER", "SEGMENT", "INSERT AT MIDDLE", "START", "END", "BOTTOM", "OVERLAY MIDDLE",
)  # fmt: skip


def test_every_text_of_a_document_is_read_with_its_path() -> None:
    """filing/S23: keys and values, however deep."""
    body = {"answers": {"B1": {"zh": "好\u202e"}}, "tags": ["a", "b\u200b"], "k\x00": 1}
    with pytest.raises(TextRefused) as refused:
        characters.check_all(body)
    assert sorted(reason.item for reason in refused.value.reasons) == [
        "answers.B1.zh",
        "k‹U+0000›",
        "tags.1",
    ]
    deep: object = "x"
    for _ in range(50_000):
        deep = [deep]
    characters.check_all(deep)  # as deep as it comes
    characters.check_all({"n": 1, "none": None, "list": [True, 2.5]})


def test_a_quotation_of_others_shows_what_it_holds() -> None:
    """What is told about a hostile text can be told, stored and read."""
    told = characters.all_visible({"a\u202e": ["x\ud800", ("y\x00",), 3, None]})
    assert told == {"a‹U+202E›": ["x‹U+D800›", ["y‹U+0000›"], 3, None]}
    characters.check_all(told)


def test_no_record_takes_such_a_text_by_whichever_door() -> None:
    """filing/S2: the record's own guard, for texts and for documents; failures are told."""
    with pytest.raises(TextRefused) as refused:
        Receipt(organisation_id="o", key="a\u202eb", version_id="v", made=True)
    assert refused.value.reasons[0].item == "key"
    event = Event(name="registry:organisation:founded", subject="s")
    with pytest.raises(TextRefused) as refused:
        event.details = {"path": ["x", {"y": "\x00"}]}
    assert refused.value.reasons[0].item == "details.path.1.y"
    work = Work(said_zh="x\u202e", error={"zh": "模型 \ud800", "reasons": [{"item": "\x00"}]})
    assert work.said_zh == "x‹U+202E›"
    assert work.error == {"zh": "模型 ‹U+D800›", "reasons": [{"item": "‹U+0000›"}]}


@pytest.mark.parametrize(
    "name",
    [
        "Ехample Authority",  # Cyrillic
        "Examplе",
        "Αcme",  # Greek
        "模型α",
        "１２３",
        "𝐀cme",
        "①号",
        "㏇",
        "示例主管部门\u3164",
        "x\u200by",
        "x\ny",
        "x\ufe0f",
        "…",
        "示例主管部⻔",  # a radical (breaker, issue 7, F3)
        "㇐号公司",  # a stroke
        "明算\ue000",  # private use (F5)
        "a" + "\u0301\u0302\u0303\u0304\u0305" + "lgo",
        "a\u0301\u0301lgo",
        "x\ufffd",  # bytes that were no text (F6)
    ],
)
def test_a_name_that_is_easily_misread_is_refused(name: str) -> None:
    """security/A3: mixed scripts, forms of letters, blanks, nothing to read at all."""
    found = lookalikes.reasons("name_en", name)
    assert {each.item for each in found} == {"name_en"}
    reason = found[0]
    assert reason.said.zh
    assert reason.remedy.en


@pytest.mark.parametrize(
    "name",
    ["明德信贷有限公司", "上海（中国）AI 有限公司", "O'Neil & Söhne", "カード株式会社 AB", "ООО Ромашка",
     "Ελληνική", "한국 AI", "模型 v2.1-β测试"[:8], "ㄅㄆ 注音", "第3医院", "々〇", "张三·买买提"],
)  # fmt: skip
def test_a_name_in_one_script_or_with_latin_letters_is_let_through(name: str) -> None:
    """UTS 39, 5.2: Latin goes with Chinese, Japanese or Korean; any script stands alone."""
    assert lookalikes.reasons("name_zh", name) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("示例主管部门", "示例主管部门\u3164"),
        ("示例主管部门", "示例 主管部门"),
        ("Example Authority", "Ехample Authority"),
        ("Example Authority", "EXAMPLE AUTHORITY"),
        ("Example Authority", "Example  Authority"),
        ("Example Authority", "Ｅxample Authority"),
        ("Example Authority", "Examp1e Authority"),
        ("Illinois", "lllinois"),
        ("OAO T", "ОАО Т"),
        ("café", "cafe\u0301"),
        ("上海(中国)公司", "上海（中国）公司"),
        ("口行", "ロ行"),  # the second begins with Katakana
        ("Bank", "Bank\u0332"),  # a line below
        # breaker, issue 7, F3
        *(("enterprise-own", f"enterprise{dash}own") for dash in "\u2010\u2011\u2012–—―−－﹣"),
        *(("O'Neil Bank", f"O{sign}Neil Bank") for sign in "’‘ʼ´`′＇"),
        ("Credit Bank", "Credıt Bank"),
        ("sangnan", "ƽangnan"),
        ("apple", "аррӏе"),
        ("示例主管部门", "示例主管部门."),
        ("示例主管部门", "示例主管部门·"),
        ("买买提·张", "买买提・张"),
        ("示例主管部门", "示例主管部門"),  # G3
        ("深圳市计算机学会", "深圳市計算機學會"),
    ],
)
def test_two_names_that_look_alike_share_a_skeleton(one: str, other: str) -> None:
    """security/A3: width, case, blanks, other scripts."""
    assert lookalikes.skeletons(one) & lookalikes.skeletons(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mai Ltd", "Mal Ltd"), ("明德信贷", "明德信货"), ("Acme 1", "Acme 2"), ("café", "cafe")],
)
def test_two_names_that_differ_to_the_eye_do_not(one: str, other: str) -> None:
    """What a reader can tell apart may stand side by side."""
    assert not lookalikes.skeletons(one) & lookalikes.skeletons(other)
