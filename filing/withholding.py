"""What is withheld from the public: on which ground, until when, who sees it, and how it is proved later.

Withholding is the filer's own step, under no article: that the city protects algorithm models
(Shanghai 16) is no ground for it, and state secrets have no place here at all. A withheld value stands
in an edition as the SHA-256 of its canonical JSON with a salt, so that whoever is shown value and salt
can tell that they are what was on file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from filing.answers import part_of
from filing.fields import Group, Part, Show
from registry import attestation, json_text
from registry.errors import Invalid, Reason
from registry.language import Text

LONGEST_REVIEW = timedelta(days=2 * 365 + 1)
"""Ours: withholding is looked at again within two years."""
GROUNDS: dict[str, Text] = {
    "trade_secret": Text("商业秘密", "trade secret"),
    "security": Text("公开后可能被人恶意利用", "publication would invite misuse"),
    "privacy": Text("涉及他人个人信息", "personal information of others"),
}
SEEN_BY = Text(
    "备案主体、主管部门和受委托期间的测试机构能看到",
    "seen by the filer, the authority, and the assigned tester while it is engaged",
)
NO_END = Text("没有写到哪天为止", "no end is given")
MADE_OF = {"key", "part", "salt", "value"}

Wrong = list[tuple[str, Text, Text]]
"""Path inside the answer, what is wrong, what to do."""


class WrongDisclosure(Invalid):
    """What is shown is not what a disclosure is made of: key, part, salt and value."""


class NothingWithheld(Invalid):
    """No edition withholds anything there: look at which fields the record says are withheld."""


def until(seal: Mapping[str, Any]) -> Text:
    """Until when something is withheld, and when that is looked at again, in words.

    Args:
        seal: as it is stored, or as an edition tells it.
    """
    review = Text(f"复查日期{seal['review']}", f"reviewed on {seal['review']}")
    if not seal.get("until"):
        return Text(f"{NO_END.zh}，{review.zh}", f"{NO_END.en}, {review.en}")
    end = seal["until"]
    return Text(f"不公开到{end}，{review.zh}", f"until {end}, {review.en}")


def told(seal: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """A seal as the public reads it, with the salted digest of what lies behind it.

    Args:
        seal: as it is stored.
        value: what is withheld; never told.
    """
    ground = seal["ground"]
    return {
        "reason": seal["reason"],
        "ground": {"id": ground, **GROUNDS[ground].as_json()},
        "review": seal["review"],
        **({"until": seal["until"]} if seal.get("until") else {}),
        "seen_by": SEEN_BY.as_json(),
        "digest": digest(seal["salt"], value),
    }


def digest(salt: str, value: Any) -> str:
    """SHA-256 of the canonical JSON of salt and value, in hexadecimal."""
    return attestation.digest({"salt": salt, "value": value})


def check(part: Part, group: Group, seal: Mapping[str, Any], today: date, place: str) -> Wrong:
    """What is wrong with the withholding of a whole answer or of one part of it.

    Args:
        part: the field or the part.
        group: the group it stands in, which may say why nothing in it is ever withheld.
        seal: as it is stored.
        today: against which dates are held.
        place: the path of the part inside the answer; empty for the whole.
    """
    wrong: Wrong = []
    if part.show is not Show.SEALABLE:
        wrong.append((f"{place}.sealed", *_never(part, group)))
    if not seal["reason"].get("zh"):
        said = Text(
            "不公开要写理由，公众会看到。", "Withholding needs a reason, which the public sees."
        )
        wrong.append((f"{place}.sealed.reason", said, Text("请写理由。", "Give the reason.")))
    if seal["ground"] not in GROUNDS:
        said = Text("没有选不公开的依据。", "No ground for withholding was chosen.")
        remedy = Text(
            f"请从{'、'.join(each.zh for each in GROUNDS.values())}里选一项；"
            "涉及国家秘密的内容不要填在这里。",
            f"Choose one of: {', '.join(each.en for each in GROUNDS.values())}. "
            "State secrets must not be entered here at all.",
        )
        wrong.append((f"{place}.sealed.ground", said, remedy))
    when = _day(seal["review"])
    if when is None or not today < when <= today + LONGEST_REVIEW:
        said = Text(
            "不公开要写复查日期，在两年以内。",
            "Withholding needs a review date within two years.",
        )
        remedy = Text("请填以后的日期。", "Give a date in the future.")
        wrong.append((f"{place}.sealed.review", said, remedy))
    if seal.get("until"):
        end = _day(seal["until"])
        if end is None or end <= today:
            said = Text(
                "不公开到哪天为止，要写以后的日期。",
                "The day until which it is withheld lies in the future.",
            )
            remedy = Text(
                "期限到了的，请取消不公开；还要不公开的，写新的日期和理由。",
                "Where the time is over, take the withholding back; otherwise give a new day and "
                "the reason.",
            )
            wrong.append((f"{place}.sealed.until", said, remedy))
    return wrong


def _never(part: Part, group: Group) -> tuple[Text, Text]:
    """Why something cannot be withheld, and what to do instead."""
    if part.show is Show.RESTRICTED:
        return (
            Text(
                f"“{part.name.zh}”本来就不公开，不用申请。",
                f"“{part.name.en}” is not public in any case: nothing is to be withheld.",
            ),
            Text("请取消不公开。", "Take the withholding back."),
        )
    why = group.public or PUBLIC
    return (
        Text(
            f"“{part.name.zh}”必须公开：{why.zh}",
            f"“{part.name.en}” has to be public: {why.en}",
        ),
        Text(
            "请取消不公开；有不能公开的细节，这里不写。",
            "Take the withholding back; leave out details that cannot be public.",
        ),
    )


PUBLIC = Text(
    "按本平台的要求，备案表没有说可以不公开的，都要公开。",
    "by this platform’s rule, whatever the form does not mark as one that may be withheld is public.",
)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A value that was withheld, with the salt that proves it.

    Args:
        key: of the answer, `D7` or `C1#2`.
        part: of the answer; empty for the whole.
        salt: that was drawn with the value.
        value: what is withheld.
    """

    key: str
    part: str
    salt: str
    value: Any

    @property
    def digest(self) -> str:
        """What an edition that withholds this value says."""
        return digest(self.salt, self.value)

    def as_json(self) -> dict[str, Any]:
        """The disclosure as the file that is shown to others."""
        return {"key": self.key, "part": self.part, "salt": self.salt, "value": self.value}

    @classmethod
    def read(cls, text: str | bytes) -> "Disclosure":
        """A disclosure from the file in which it was given out.

        Raises:
            WrongDisclosure: when it is no such file.
            KeyTwice: when a key stands twice in it.
        """
        try:
            return cls.of(json_text.parse(text))
        except (ValueError, RecursionError):
            return cls.of(None)

    @classmethod
    def of(cls, raw: Any) -> "Disclosure":
        """A disclosure as somebody shows it.

        Raises:
            WrongDisclosure: when it is not made of key, part, salt and value.
        """
        shaped = isinstance(raw, Mapping) and {"key", "salt", "value"} <= set(raw) <= MADE_OF
        texts = shaped and all(
            isinstance(raw.get(name, ""), str) for name in ("key", "part", "salt")
        )
        if not texts:
            raise WrongDisclosure(
                "这不是披露的内容。",
                "This is no disclosure.",
                reasons=[
                    Reason(
                        "value",
                        Text("要有 key、salt、value。", "It needs key, salt and value."),
                        Text(
                            "请用备案主体或主管部门给出的文件，一个字也不改。",
                            "Use the file that filer or authority gave out, without any change.",
                        ),
                    )
                ],
            )
        return cls(raw["key"], raw.get("part", ""), raw["salt"], raw["value"])


def disclosable(on_file: Mapping[str, Any]) -> list[Disclosure]:
    """Everything that an edition withholds, with what proves it: for its filer and the authority.

    Args:
        on_file: the full record behind the edition (`Edition.on_file`).
    """
    found = []
    for key, answer in on_file["dossier"]["answers"].items():
        if "sealed" in answer:
            found.append(Disclosure(key, "", answer["sealed"]["salt"], answer["value"]))
        for name, seal in (answer.get("sealed_parts") or {}).items():
            found.append(Disclosure(key, name, seal["salt"], part_of(answer["value"], name)))
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Something that an edition withholds.

    Args:
        edition: its number.
        key: of the answer.
        part: of the answer; empty for the whole.
        digest: that proves it.
    """

    edition: int
    key: str
    part: str
    digest: str

    def as_json(self) -> dict[str, Any]:
        """The place as a JSON object."""
        return asdict(self)


def places(contents: Iterable[Mapping[str, Any]]) -> list[Place]:
    """Everything that editions withhold, edition by edition, in the order of the form.

    Args:
        contents: their JSON objects, oldest first.
    """
    return [
        Place(content["edition"], row["key"], part, seal["digest"])
        for content in contents
        for row in content["answers"]
        for part, seal in (
            *([("", row["withheld"])] if "withheld" in row else ()),
            *((each["part"], each) for each in row.get("withheld_parts", ())),
        )
    ]


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a disclosed value is what editions withhold there.

    Args:
        digest: of the disclosed value with its salt.
        fits: numbers of the editions that withhold exactly this.
        others: numbers of those that withhold something else there.
    """

    digest: str
    fits: tuple[int, ...]
    others: tuple[int, ...]

    @property
    def said(self) -> Text:
        """What the comparison comes to, in sentences."""
        if not self.fits:
            return Text(
                "对不上：没有一次公示的校验值由这个内容和随机串得出。",
                "It does not fit: no edition’s digest comes from this value and salt.",
            )
        fits, others = _numbers(self.fits), _numbers(self.others)
        zh = f"对得上：第{fits.zh}次公示时备案的就是这个内容。"
        en = f"It fits: this is what was on file at edition {fits.en}."
        if not self.others:
            return Text(zh, en)
        return Text(
            f"{zh}第{others.zh}次公示里这一项是别的内容，或者用了别的随机串。",
            f"{en} In edition {others.en} something else, or another salt, stood there.",
        )

    def as_json(self) -> dict[str, Any]:
        """The comparison as a JSON object."""
        return {
            "fits": bool(self.fits),
            "digest": self.digest,
            "editions": list(self.fits),
            "other_editions": list(self.others),
            **self.said.as_json(),
        }


def _numbers(given: Sequence[int]) -> Text:
    return Text("、".join(map(str, given)), ", ".join(map(str, given)))


def prove(withheld: Sequence[Place], shown: Disclosure) -> Proof:
    """Hold a disclosed value against what the editions of a filing withhold.

    Args:
        withheld: what they withhold (`places`).
        shown: what is disclosed.

    Raises:
        NothingWithheld: when no edition withholds anything at that place.
    """
    there = [each for each in withheld if (each.key, each.part) == (shown.key, shown.part)]
    if not there:
        place = f"{shown.key}.{shown.part}" if shown.part else shown.key
        raise NothingWithheld(
            f"这份备案在“{place}”没有不公开的内容。",
            f"This filing withholds nothing at “{place}”.",
        )
    own = shown.digest
    return Proof(
        own,
        tuple(each.edition for each in there if each.digest == own),
        tuple(each.edition for each in there if each.digest != own),
    )
