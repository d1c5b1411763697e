"""Whether a group is called by its own name, and not by that of another or by what it is not.

A report names the groups that it compares. Where a text that quotes it gives the name of one group to
another, every number about them is told of the wrong people.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from registry import untranslated
from registry.errors import Reason
from registry.language import LANGUAGES, Language, Text

LEAST_LETTERS = 3
"""Letters of a level in the data that is read as a word: of `f`, `m` and `1` anything may be made; ours."""
NO_NAMES = frozenset(
    {"yes", "no", "true", "false", "none", "other", "not", "all"}
    | {"是", "否", "有", "无", "没有", "不是", "其他"}
)
NEGATED = {
    "zh": re.compile(r"(?:非|不是|除了?|不属于|没有?|未)$"),
    "en": re.compile(
        r"\b(?:non|not|no|never|other than|except(?: for)?|but|without)[\s-]+(?:(?:a|an|the)\s+)?$"
    ),
}
"""By language, what right before a name says that it is another's."""
BEHIND = re.compile(r"^(?:人|的人)?(?:以外|之外)")
"""What right behind a name says so, in Chinese."""
AROUND = {
    "zh": re.compile(r"(?:不是|没有)[^，。、；]{1,4}$"),
    "en": re.compile(r"\b(?:not|no|never|without)\s+(?:\w+\s+){1,2}$"),
}
"""By language, what further before may say so: such a name is neither said nor denied."""
SEE = Text("请看清哪个是哪个，再改正。", "See which is which and correct them.")


def faults(
    place: str, key: str, names: Mapping[str, Text], given: Mapping[str, Text]
) -> Iterator[Reason]:
    """Each group that a text calls by the name of another, or by what it is not.

    Args:
        place: where the attribute stands in the plan.
        key: under which key its groups are named there: `values` or `phrases`.
        names: by group, the name that counts.
        given: by group, the words that are held against it.
    """
    for group, said in given.items():
        for language in LANGUAGES:
            own, others = _names(names, group, language)
            found = _found(said.in_(language).casefold(), {*own, *others}, language)
            item = f"{place}.{key}.{group}.{language}"
            if any(name in own for name in (*found[True], *found[None])):
                continue
            if denied := [name for name in found[False] if name in own]:
                yield Reason(
                    item,
                    Text(
                        f"它叫“{denied[0]}”，这里写的是它不是“{denied[0]}”。",
                        f"It is called “{denied[0]}”, and this says that it is not.",
                    ),
                    SEE,
                )
            elif taken := [name for name in found[True] if name in others]:
                whose = others[taken[0]]
                yield Reason(
                    item,
                    Text(
                        f"“{taken[0]}”是“{whose}”这一组的名称，不是“{group}”的。",
                        f"“{taken[0]}” is the name of the group “{whose}”, and not of “{group}”.",
                    ),
                    SEE,
                )


def by_level(levels: Iterable[str], called: Mapping[str, Text] | None = None) -> dict[str, Text]:
    """What counts as the name of each group: what it is called, else the level as the data have it.

    Args:
        levels: the groups, as the data have them.
        called: names, by group.
    """
    known = called or {}
    return {level: known.get(level) or untranslated.once(level) for level in levels}


def _names(
    names: Mapping[str, Text], group: str, language: Language
) -> tuple[set[str], dict[str, str]]:
    """What the group is called, and what others are, each with its group; in small letters."""
    called = {level: name.in_(language).casefold().strip() for level, name in names.items()}
    own = {word for level, word in called.items() if level == group and _is_name(word)}
    others = {word: level for level, word in called.items() if word not in own and _is_name(word)}
    return own, others


def _is_name(word: str) -> bool:
    if word in NO_NAMES or not any(sign.isalpha() for sign in word):
        return False
    return not word.isascii() or sum(sign.isalpha() for sign in word) >= LEAST_LETTERS


def _found(said: str, names: set[str], language: Language) -> dict[bool | None, list[str]]:
    """The names in a text: said, denied, or neither; a name within a longer one is not one."""
    found: dict[bool | None, list[str]] = {True: [], False: [], None: []}
    for name in sorted(names, key=lambda each: (-len(each), each)):
        for match in reversed([*_pattern(name).finditer(said)]):
            before, behind = said[: match.start()], said[match.end() :]
            if NEGATED[language].search(before) or BEHIND.search(behind):
                found[False].append(name)
            else:
                found[None if AROUND[language].search(before) else True].append(name)
            said = f"{before}\0{behind}"
    return found


def _pattern(name: str) -> re.Pattern[str]:
    """A name in a text: of letters, as a whole word, in the plural too."""
    if not name.isascii():
        return re.compile(re.escape(name))
    word = f"{re.escape(name[:-2])}[ae]n" if name.endswith("man") else re.escape(name)
    return re.compile(rf"(?<![a-z0-9]){word}(?:s|es)?(?![a-z0-9])")
