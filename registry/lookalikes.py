"""Names that look like other names: which scripts a name may mix, and what it looks like.

The rule of mixing is "highly restrictive" of Unicode Technical Standard 39, 5.2: one script, or
Latin with Chinese, with Japanese or with Korean. The table of look-alikes is ours and small: the
letters of other scripts that are drawn like a Latin one, chosen from `confusables.txt` of the same
standard. What a name looks like (its skeleton, 4 there) is never shown or stored as the name.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from registry import characters
from registry.errors import Reason
from registry.language import Text
from registry.simplified import simplified

# The first word of a letter's Unicode name is its script, but for these.
SPELT_SCRIPTS: Mapping[str, str] = {
    "CJK": "HAN",
    "IDEOGRAPHIC": "HAN",
    "KANGXI": "HAN",
    "HANGZHOU": "HAN",
    "FULLWIDTH": "LATIN",
    "MODIFIER": "",
    "MICRO": "GREEK",
    "OHM": "GREEK",
    "KELVIN": "LATIN",
    "ANGSTROM": "LATIN",
    "FEMININE": "LATIN",
    "MASCULINE": "LATIN",
}
TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
SCRIPT_NAMES: Mapping[str, str] = {
    "LATIN": "拉丁字母",
    "CYRILLIC": "西里尔字母",
    "GREEK": "希腊字母",
    "HAN": "汉字",
    "ARMENIAN": "亚美尼亚字母",
    "CHEROKEE": "切罗基字母",
    "HANGUL": "韩文",
    "HIRAGANA": "平假名",
    "KATAKANA": "片假名",
    "ARABIC": "阿拉伯字母",
    "HEBREW": "希伯来字母",
}
DRAWN_LIKE: Mapping[str, str] = {
    # Latin letter: letters of Cyrillic, Greek, Armenian and Cherokee that are drawn like it.
    "A": "АΑᎪ", "B": "ВΒᏴ", "C": "СϹᏟ", "D": "Ꭰ", "E": "ЕΕᎬ", "F": "Ϝ", "G": "ԌᏀ", "H": "НΗᎻ",
    "I": "ІΙӀ", "J": "ЈͿᎫ", "K": "КΚᏦ", "L": "Ꮮ", "M": "МΜᎷ", "N": "Ν", "O": "ОΟՕ", "P": "РΡᏢ",
    "Q": "Ԛ", "R": "Ꭱ", "S": "ЅՏᏚ", "T": "ТΤᎢ", "U": "Ս", "V": "ѴᏙ", "W": "ԜᎳ", "X": "ХΧ",
    "Y": "ҮΥ", "Z": "ΖᏃ", "a": "аα", "c": "сϲ", "d": "ԁ", "e": "еҽ", "f": "ք", "g": "ց", "h": "һհ",
    "i": "іι", "j": "јϳ", "k": "кκ", "l": "ӏ", "n": "ոп", "o": "оοօσ", "p": "рρ", "q": "ԛզ",
    "r": "г", "s": "ѕ", "t": "т", "u": "սυ", "v": "ѵν", "w": "ԝω", "x": "хχ", "y": "уγү",
}  # fmt: skip
# Letters of Latin itself that are drawn like another one (from the same table).
LATIN_ALIKE: Mapping[str, str] = {
    "a": "ɑ", "b": "ƅ", "c": "ᴄ", "f": "ſẝ", "g": "ɡᶃ", "i": "ıɩɪ", "j": "ȷ", "k": "ĸᴋ", "l": "Ɩǀ",
    "o": "ᴏ", "s": "ƽꜱ", "u": "ᴜʋ", "v": "ᴠ", "w": "ᴡ", "y": "ʏỿ", "z": "ᴢ", "I": "İ",
}  # fmt: skip
SIGNS_ALIKE: Mapping[str, str] = {
    "-": "−˗⁃", "'": "’‘‛ʼʻʹʽˈ`´′׳", '"': "“”„‟″״", "·": "•・‧∙⋅᛫⸱ꞏ•",
}  # fmt: skip
KANA_LIKE_HAN: Mapping[str, str] = {
    "ロ": "口", "カ": "力", "ニ": "二", "ハ": "八", "エ": "工", "タ": "夕", "ト": "卜", "チ": "千",
    "ー": "一", "ミ": "三", "ヌ": "又", "ノ": "丿", "オ": "才", "セ": "七", "ヘ": "へ",
}  # fmt: skip
SAME = str.maketrans(
    {
        like: letter
        for table in (DRAWN_LIKE, LATIN_ALIKE, SIGNS_ALIKE)
        for letter, alike in table.items()
        for like in alike
    }
    | dict(KANA_LIKE_HAN)
)
AT_THE_EDGE = ".·。,，、;；:：!！-_'\""  # before or after a name it is easily overlooked
RADICAL = re.compile("[\u2e80-\u2eff\u31c0-\u31ef]")  # radicals and strokes; others by their form
MOST_MARKS = 4
"""Marks on one letter at most, none of them twice: Unicode Technical Standard 39, 5.4."""
SELECTOR = re.compile(f"[\ufe00-\ufe0f{characters.JOINER}]")
"""A text may pick the form of an emoji and join two of them, a name may not."""
PAIRS_ALIKE: Mapping[str, str] = {"rn": "m", "nn": "m"}
HASTY = str.maketrans({"l": "i", "1": "i", "q": "g", "v": "u"})
STROKES = str.maketrans({"1": "l", "I": "l", "|": "l", "0": "O"})


def reasons(item: str, name: str) -> list[Reason]:
    """Why a name of an organisation, a person or a model is refused; empty for one in order.

    Args:
        item: which name it is, as the sender knows it.
        name: as it was sent, without blanks around it.
    """
    found = characters.reasons(item, name, lines=False)
    if found:
        return found
    selector = SELECTOR.search(name)
    if selector is not None:
        why = characters.CLASSES[characters.INVISIBLE]
        return [characters.Unwanted(selector.start() + 1, selector.group(), why).reason(item)]
    return _forms(item, name) + _piles(item, name) + _mixture(item, name)


def skeletons(name: str) -> frozenset[str]:
    """What a name looks like: two names that share a skeleton cannot be told apart by eye.

    Width, case, spaces, marks that only hang on a letter and points at either end do not count, nor
    do letters that are drawn alike; a traditional character is its simplified one, all dashes are
    one sign, and so are all apostrophes. `I`, `l` and `1` are told apart by their case alone, so
    there are two skeletons: one that ignores case, one that ignores those strokes.
    """
    drawn = _drawn(name)
    return _seen(drawn.strip(AT_THE_EDGE) or drawn)


def appearances(word: str) -> frozenset[str]:
    """What a value in a table looks like: as a name's skeletons, but that A- is not A."""
    return _seen(_drawn(word))


def at_a_glance(letters: str) -> str:
    """What small Latin letters are taken for by whoever reads hastily: two for one, one for another.

    Coarser than a skeleton: two people may be named so, and no client a tag of the platform's.
    """
    for pair, letter in PAIRS_ALIKE.items():
        letters = letters.replace(pair, letter)
    return letters.translate(HASTY)


def _drawn(text: str) -> str:
    """A text in the letters that are drawn, in one width, without blanks and marks."""
    # Before the form is folded, too: folded, some apostrophes become a blank and a mark.
    drawn = characters.ANY.sub("", text).replace(characters.JOINER, "").translate(SAME)
    drawn = simplified(unicodedata.normalize("NFKC", drawn).translate(SAME))
    return "".join(
        "-" if unicodedata.category(letter) == "Pd" else letter
        for letter in drawn
        if not letter.isspace() and unicodedata.category(letter) not in {"Mn", "Me"}
    )


def _seen(drawn: str) -> frozenset[str]:
    """With case and without: what is seen of it."""
    strokes = drawn.translate(STROKES).casefold()
    return frozenset({f"case:{drawn.casefold().translate(SAME)}", f"strokes:{strokes}"})


def script_of(letter: str) -> str:
    """The script that a letter belongs to, as the first word of its Unicode name; empty for others.

    A mathematical or enclosed letter counts as a script of its own, which nothing goes with.
    """
    if unicodedata.category(letter)[0] != "L":
        return ""
    first = unicodedata.name(letter, "UNKNOWN").split()[0]
    return SPELT_SCRIPTS.get(first, first)


def _forms(item: str, name: str) -> list[Reason]:
    """Letters and digits in a disguise (full-width, mathematical, enclosed), and a name of none."""
    found = [
        Reason(
            item,
            Text(
                f"第 {place} 个字符是 {characters.named(letter)}：它是“{plain}”的另一种写法。",
                f"Character {place} is {characters.named(letter)}: another form of “{plain}”.",
            ),
            Text(f"请改写为“{plain}”。", f"Write “{plain}” instead."),
        )
        for place, letter in enumerate(name, 1)
        if unicodedata.category(letter)[0] in "LNS"
        and (plain := unicodedata.normalize("NFKC", letter)) != letter
        and plain.isalnum()
    ]
    found += [
        Reason(
            item,
            Text(
                f"第 {place.start() + 1} 个字符是 {characters.named(place.group())}：它是部首，不是字。",
                f"Character {place.start() + 1} is {characters.named(place.group())}: a part of "
                "characters, not one itself.",
            ),
            Text("请改写为同形的汉字。", "Write the character that looks like it instead."),
        )
        for place in RADICAL.finditer(name)
    ]
    if name and not any(letter.isalnum() for letter in name):
        found.append(
            Reason(
                item,
                Text("名称里没有一个字或数字。", "The name has no letter and no digit."),
                Text("请写出名称。", "Write the name out."),
            )
        )
    return found


def _piles(item: str, name: str) -> list[Reason]:
    """Marks heaped on one letter until nothing can be read."""
    heap: list[str] = []
    for place, letter in enumerate(name, 1):
        if unicodedata.category(letter) not in {"Mn", "Me"}:
            heap = []
            continue
        if letter in heap or len(heap) == MOST_MARKS:
            said = Text(
                f"第 {place} 个字符是 {characters.named(letter)}：同一个字母上的附加符号太多或重复。",
                f"Character {place} is {characters.named(letter)}: too many marks on one letter, or "
                "the same one twice.",
            )
            remedy = Text("请删去多余的附加符号。", "Delete the marks that are too many.")
            return [Reason(item, said, remedy)]
        heap.append(letter)
    return []


def _mixture(item: str, name: str) -> list[Reason]:
    first: dict[str, int] = {}
    for place, letter in enumerate(name, 1):
        script = script_of(letter)
        if script:
            first.setdefault(script, place)
    scripts = frozenset(first)
    if len(scripts) < 2 or any(scripts <= allowed for allowed in TOGETHER):
        return []
    usual = "HAN" if "HAN" in scripts and "LATIN" not in scripts else "LATIN"
    odd = next((script for script in first if script not in {"HAN", "LATIN"}), usual)
    letter = name[first[odd] - 1]
    others = [script for script in first if script != odd]
    return [
        Reason(
            item,
            Text(
                f"第 {first[odd]} 个字符 {characters.named(letter)} 是{_zh(odd)}，"
                f"名称里的其他字是{'、'.join(map(_zh, others))}，容易看错。",
                f"Character {first[odd]}, {characters.named(letter)}, is {odd.capitalize()} among "
                f"{' and '.join(script.capitalize() for script in others)}: it is easily misread.",
            ),
            Text("请用同一种文字书写这个名称。", "Write the name in one script."),
        )
    ]


@cache
def _zh(script: str) -> str:
    return SCRIPT_NAMES.get(script, f"{script.capitalize()} 文字")
