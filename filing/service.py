"""The state of a service: its filer's word, and that the evaluation beside it counts no longer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filing import counting, gate, withdrawn
from filing.risk import Level
from registry import legal_day
from registry.language import Text


@dataclass(frozen=True, slots=True)
class Service:
    """The state of the service: the filer's own word, and what became of the evaluation.

    Args:
        said: what field B8 says, marked as the filer's; None where it is not public.
        lapsed: since when the third-party evaluation counts no longer, if it does not.
        required: whether the grade asks for one: a condition of this platform.
        partly: whether another third-party report still counts, by which this one's age does not go.
        taken_back: whether it was withdrawn; else it has expired.
    """

    said: Text | None
    lapsed: datetime | None = None
    required: bool = False
    partly: bool = False
    taken_back: bool = False

    @property
    def lapse(self) -> Text | None:
        """The sentence on an evaluation that counts no longer, if there is one."""
        if self.lapsed is None:
            return None
        day = legal_day.of(self.lapsed).isoformat()
        why = Text("评估已过期", "Evaluation expired")
        if self.taken_back:
            why = Text("评估已由评估机构撤回", "Evaluation withdrawn by its tester")
        if self.required:
            return Text(
                f"{why.zh}：本平台对这个风险等级要求的第三方评估，从{day}起不再计入。",
                f"{why.en}: the third-party evaluation that this platform asks for at this "
                f"risk grade has not counted since {day}.",
            )
        if self.partly:
            return Text(
                f"{why.zh}：附的第三方评估里有一份从{day}起不再计入；"
                "这个风险等级，本平台不要求第三方评估。",
                f"{why.en}: one of the attached third-party evaluations has not counted "
                f"since {day}; at this risk grade this platform asks for none.",
            )
        return Text(
            f"{why.zh}：附的第三方评估从{day}起不再计入；这个风险等级，本平台不要求第三方评估。",
            f"{why.en}: the attached third-party evaluation has not counted since {day}; at "
            "this risk grade this platform asks for none.",
        )

    def as_json(self) -> dict[str, Any]:
        """The state of the service as a JSON object."""
        told, since = self.lapse, self.lapsed.isoformat() if self.lapsed else None
        words = told.as_json() if told else None
        expired, withdrawn = (None, words) if self.taken_back else (words, None)
        return {
            "declared": self.said.as_json() if self.said else None,
            "declared_by": "filer",
            "evaluation_required": self.required,
            "evaluation_expired": expired,
            "evaluation_expired_since": since if expired else None,
            "evaluation_withdrawn": withdrawn,
            "evaluation_withdrawn_since": since if withdrawn else None,
        }


def of(read: Mapping[str, Any], at: datetime, days: int) -> Service:
    """The filer's word on the service, and whether the third-party evaluation counts no longer.

    It is told whatever the grade; only a grade that asks for one keeps a new edition out (`gate`).

    Args:
        read: the basis (`filing.basis`) of the edition that is read.
        at: now.
        days: how long an evaluation counts.
    """
    declared = Text(**read["service"]) if read["service"] else None
    said = declared and Text(f"{declared.zh}（备案主体填写）", f"{declared.en} (the filer's word)")
    required = read["grade"]["level"] == Level.HIGH
    age = _age(read)
    if age is None:
        return Service(said, _taken_back(read), required, taken_back=_taken_back(read) is not None)
    if at < (until := gate.expires(age.made, days)):
        return Service(said, required=required)
    return Service(said, until, required, age.partly)


def _taken_back(read: Mapping[str, Any]) -> datetime | None:
    """Since when none of the third-party reports of the version stands; None where none was there."""
    stood = counting.stood(read)
    return max((each[withdrawn.MARK].at for each in stood), default=None)


def counts(read: Mapping[str, Any], at: datetime, days: int) -> bool:
    """Whether an edition has a third-party evaluation of its version that has not expired.

    Args:
        read: the basis of the edition.
        at: now.
        days: how long an evaluation counts.
    """
    age = _age(read)
    return age is not None and at < gate.expires(age.made, days)


def _age(read: Mapping[str, Any]) -> counting.Age | None:
    return counting.age(counting.third_party(read), read["task"])
