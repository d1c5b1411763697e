"""What a risk grade asks for before a filing is accepted: pure functions over the evidence.

High risk: an unexpired, countersigned report by another organisation on this model digest, with
every probe the policy requires for its task. These conditions are this platform's and stand under
no article: Shenzhen 66 has the city see to an assessment beforehand and says neither who makes it
nor how. A probe that could not measure anything counts as run and is shown. Medium and low: the public
explanation is there no later than service starts, which is this platform's condition as well, for
disclosure beforehand (Shenzhen 66, Shanghai 65) is the city's task. A pilot (Shenzhen 44, Shanghai 65) has conditions of its own.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from filing import applicability
from filing.evidence import Evidence
from filing.fields import Answers
from filing.meanings import Meaning, Topic
from filing.risk import Level
from registry import law, legal_day
from registry.errors import Reason
from registry.language import Text
from registry.law import City

SERVING = frozenset({"pilot", "in_service"})
PUBLIC_INTEREST = frozenset({"public_decision", "public_interest"})
PUBLIC_EXPLANATION: Mapping[str, tuple[str, ...]] = {City.SHENZHEN: ("SZ71",)}
"""Where an explanation must be given; what a city only encourages is no ground to stop a filing."""
PILOT_RULES: Mapping[str, tuple[str, ...]] = {City.SHENZHEN: ("SZ44",), City.SHANGHAI: ("SH65",)}
TASKS = {"prices": "pricing", "allocates": "decision", "decides": "decision"}
DECIDES_THE_REST = frozenset({"another_organisation", "task"})
"""Without an evaluation by others there is none to look at; required probes are those of a task."""
TASK_NAMES = {
    "pricing": Text("定价", "pricing"),
    "decision": Text("决定", "decisions"),
}


@dataclass(frozen=True, slots=True)
class Hurdle:
    """One thing the gate looks at.

    Args:
        name: `another_organisation`, `unexpired`, …
        passed: whether it holds.
        said: what was looked at and found.
        remedy: what to do when it does not hold.
        blocking: whether the filing stops here; else it is only shown.
        legal: the articles behind it; none where it is this platform's own condition.
        probes: the probes that `said` names by their ids.
    """

    name: str
    passed: bool
    said: Text
    remedy: Text
    blocking: bool = True
    legal: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()

    def told(self, caption: Callable[[str], Text]) -> Text:
        """What was looked at, with every probe called by its caption instead of its id.

        Args:
            caption: what a probe is called, by its id.
        """
        told = self.said
        for each in self.probes:
            name = caption(each)
            told = Text(_called(told.zh, each, name.zh), _called(told.en, each, name.en))
        return told

    @property
    def grounds(self) -> tuple[Text, ...]:
        """Where the condition comes from, as a reader is shown it."""
        return law.shown(self.legal) or (law.OURS,)


def _called(text: str, probe: str, name: str) -> str:
    whole = re.compile(rf"(?<![a-z0-9_]){re.escape(probe)}(?![a-z0-9_])")
    return f"“{name}”".join(whole.split(text))


@dataclass(frozen=True, slots=True)
class Gate:
    """What the grade asks for, and whether it is there."""

    level: Level
    hurdles: tuple[Hurdle, ...]

    @property
    def open(self) -> bool:
        """Whether nothing that blocks is missing."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What blocks, and what to do about it."""
        return tuple(
            Reason(each.name, each.said, each.remedy)
            for each in self.hurdles
            if each.blocking and not each.passed
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """What is filed.

    Args:
        model_digest: of the version.
        owner_id: the filer's organisation.
        told: the stored answers.
        explained_since: the day from which an edition has carried the explanation, if one has.
        steps_sealed: whether the attached explanation keeps back the values of its steps.
        explained_digest: of the model that the attached explanation is about; None without one.
    """

    model_digest: str
    owner_id: str
    told: Answers
    explained_since: date | None = None
    steps_sealed: bool = False
    explained_digest: str | None = None

    @property
    def city(self) -> str:
        """The city of filing, which decides whose rules are cited."""
        return str(self.told.value(Meaning.CITY) or "")

    @property
    def serving(self) -> bool:
        """Whether the service is said to be a pilot or in service."""
        return self.told.value(Meaning.SERVICE) in SERVING


def check(
    subject: Subject,
    level: Level,
    evidence: Sequence[Evidence],
    *,
    beside: Sequence[Evidence] = (),
    at: datetime,
    days: int,
) -> Gate:
    """Hold a filing against what its grade asks for.

    Args:
        subject: what is filed.
        level: the grade in force.
        evidence: the attached reports.
        beside: reports on the version that count and are not attached.
        at: the moment of the decision.
        days: how long an evaluation counts (settings.evaluation_days; ours).
    """
    pilot, taken_back = _pilot(subject, level), _withdrawn(evidence)
    evidence = [each for each in evidence if each.withdrawn is None]
    outside = [each for each in evidence if each.third_party]
    apart = (*taken_back, *_independent(outside), *_every(outside, beside))
    if level is Level.HIGH:
        high = _once_attached(subject, evidence, beside, at, days)
        return Gate(level, (*high, *apart, *_told(subject), *pilot))
    timely = _in_time(subject, legal_day.of(at))
    return Gate(level, (*apart, *_told(subject), timely, *pilot))


def _withdrawn(evidence: Sequence[Evidence]) -> tuple[Hurdle, ...]:
    """Whatever the grade: nothing new is published on a report that its maker does not stand by."""
    found = [each for each in evidence if each.withdrawn is not None]
    if not found:
        return ()
    told = [
        (each.organisation, legal_day.of(each.withdrawn), each.report_id)
        for each in found
        if each.withdrawn is not None
    ]
    said = Text(
        "附上的报告里有做评估的单位撤回的："
        + "；".join(f"{who.zh}，{day}撤回（报告{name}）" for who, day, name in told),
        "attached reports that whoever made them withdrew: "
        + "; ".join(f"{who.en}, withdrawn on {day} ({name})" for who, day, name in told),
    )
    remedy = Text(
        "请取下撤回的报告；这个等级要求评估的，请另做一次。",
        "Detach it; where the grade asks for an evaluation, have another one made.",
    )
    return (Hurdle("not_withdrawn", passed=False, said=said, remedy=remedy),)


ATTACH_IT = Text(
    "请附上这个版本还没有附上的第三方评估报告：附上就满足这一项。",
    "Attach the third-party report of this version that is not attached yet: with it this holds.",
)


def _once_attached(
    subject: Subject,
    evidence: Sequence[Evidence],
    beside: Sequence[Evidence],
    at: datetime,
    days: int,
) -> tuple[Hurdle, ...]:
    """What high risk asks for; where a report that only is not attached meets it, the remedy is that."""
    there = [each for each in beside if not each.ties]
    met = {
        each.name
        for each in _high(subject, [*evidence, *there], at, days)
        if there and each.passed
    }
    return tuple(
        replace(each, remedy=ATTACH_IT) if not each.passed and each.name in met else each
        for each in _high(subject, evidence, at, days)
    )


def _independent(evidence: Sequence[Evidence]) -> tuple[Hurdle, ...]:
    """Whatever the grade: what is shown as a third party's is made by other people than the filer's.

    Without a third party's evaluation there is nothing to say, and nothing is ticked.
    """
    if not evidence:
        return ()
    tied = list(dict.fromkeys(said for each in evidence for said in each.ties))
    if not tied:
        said = Text(
            "第三方评估的经手人和备案主体没有人员关联",
            "no people tie the third party's evaluation to the filer",
        )
    else:
        said = Text(
            "".join(each.zh for each in tied).rstrip("。"),
            " ".join(each.en for each in tied).rstrip("."),
        )
    remedy = Text(
        "请取下这份报告，由与您没有人员关联的机构重新评估。",
        "Detach the report, and have the version evaluated by people without ties to you.",
    )
    return (Hurdle("independent_people", passed=not tied, said=said, remedy=remedy),)


def _every(outside: Sequence[Evidence], beside: Sequence[Evidence]) -> tuple[Hurdle, ...]:
    """Whatever the grade: of the reports that count, the filer does not choose which are shown.

    One by people who are tied to the filer by now is not asked for: attached, it would be refused.
    Nobody is tied when a report is countersigned, so the tie came later, and the filer may have
    made it: whoever decides is told what that report says, and so is everybody afterwards.
    """
    left = [each for each in beside if not each.ties]
    tied = [each for each in beside if each.ties]
    if not outside and not beside:
        return ()
    if not left:
        said = Text(
            "这个版本有效的第三方评估报告都附上了",
            "every third-party report of this version that counts is attached",
        )
    else:
        told = [_left_out(each) for each in left]
        said = Text(
            f"还有{len(left)}份有效的第三方评估报告没有附上：{'；'.join(t.zh for t in told)}",
            f"third-party reports of this version that count and are not attached: {len(left)} "
            f"({'; '.join(t.en for t in told)})",
        )
    if tied:
        told = [_left_out(each) for each in tied]
        said = Text(
            f"{said.zh}；另有{len(tied)}份，测试的人后来与备案主体有了关联，不能附上，公示以后会写明："
            f"{'；'.join(t.zh for t in told)}",
            f"{said.en}; by people who are tied to the filer by now, so not to be attached, and told "
            f"in public: {len(tied)} ({'; '.join(t.en for t in told)})",
        )
    remedy = Text(
        "请把没有附上的也附上：这个版本有效的第三方评估报告要全部附上，不能只挑一份。",
        "Attach what is missing: all third-party reports of this version that count are attached, "
        "not a choice of them.",
    )
    return (Hurdle("every_report", passed=not left, said=said, remedy=remedy),)


def _left_out(evidence: Evidence) -> Text:
    """Who made a report, when, and how much of it is beyond a line."""
    day, beyond = legal_day.of(evidence.made).isoformat(), evidence.beyond
    who = evidence.organisation
    return Text(
        f"{who.zh}，{day}（报告{evidence.report_id}），差异超过界线{beyond}项",
        f"{who.en}, report of {day} ({evidence.report_id}), findings beyond a line: {beyond}",
    )


def expires(made: datetime, days: int) -> datetime:
    """The moment from which an evaluation no longer counts: the beginning of a legal day.

    An evaluation taken in on a day counts on that day and on the `days - 1` that follow, whatever
    the hour, so that the day said on a page is the day from which the rule holds.

    Args:
        made: when the report was taken in.
        days: how long an evaluation counts (settings.evaluation_days; ours).
    """
    return legal_day.after(made, days)


def counting_since(at: datetime, days: int) -> datetime:
    """The moment since which an evaluation must have been taken in to count at `at`.

    The other side of `expires`, for a search in the database: at `at`, an evaluation counts exactly
    when it was taken in at or after this moment.
    """
    return legal_day.begins(legal_day.of(at) - timedelta(days=days - 1))


def _high(
    subject: Subject, evidence: Sequence[Evidence], at: datetime, days: int
) -> tuple[Hurdle, ...]:
    """Walk the requirements in order, each among the reports that passed those before.

    Where none passes, the next ones judge those that came as far, by what they say: the task and
    the probes of an expired report are there. Only who made it and its task decide what the
    others look at.
    """
    task = TASKS.get(str(subject.told.value(Meaning.EFFECT)))
    wanted = TASK_NAMES[task] if task else Text("对应", "its")
    code = subject.told.form.key(Meaning.EFFECT)
    rows = (
        (
            "another_organisation",
            lambda each: each.third_party and each.organisation_id != subject.owner_id,
            Text("有别的单位做的评估", "an evaluation by another organisation"),
            Text(
                "请委托一家测试机构评估这个版本。",
                "Engage a tester organisation to evaluate this version.",
            ),
        ),
        (
            "this_version",
            lambda each: each.model_digest == subject.model_digest,
            Text("评估的正是这个版本", "the evaluation is of this very version"),
            Text("请对现在备案的版本重新评估。", "Have the version that is filed evaluated."),
        ),
        (
            "countersigned",
            lambda each: each.countersigned is not None,
            Text("报告有测试机构的签名", "the tester has countersigned the report"),
            Text(
                "请测试机构签名后交回报告。", "Ask the tester to sign the report and hand it in."
            ),
        ),
        (
            "unexpired",
            lambda each: at < expires(each.made, days),
            Text(f"评估不超过{days}天", f"the evaluation is no older than {days} days"),
            Text(
                "过期的评估不算，请附上没有过期的，或者重新评估。",
                "An expired evaluation does not count; attach one that has not expired, or have it"
                " done again.",
            ),
        ),
        (
            "task",
            lambda each: task is None or each.task == task,
            Text(f"评估针对{wanted.zh}", f"the evaluation is about {wanted.en}"),
            Text(
                f"按字段 {code}，需要针对{wanted.zh}的评估。",
                f"By field {code}, an evaluation about {wanted.en} is needed.",
            ),
        ),
        (
            "required_probes",
            lambda each: bool(each.required) and not each.missing,
            Text("要求的检查项都做了", "every required probe was run"),
            Text("请补做缺少的检查项。", "Have the missing probes run."),
        ),
    )
    left, hurdles = list(evidence), list[Hurdle]()
    for name, holds, said, remedy in rows:
        before, held = left, [each for each in left if holds(each)]
        # An algorithm out of service may say so after its evaluation has run out: nothing else
        # would take "in service" off the record.
        shown = name == "unexpired" and not subject.serving
        left = held if name in DECIDES_THE_REST or (held and not shown) else before
        missing = _missing(before) if name == "required_probes" else ()
        hurdles.append(
            Hurdle(
                name,
                bool(held),
                _named(said, missing),
                remedy,
                blocking=not shown,
                probes=missing,
            )
        )
    return (*hurdles, *(_unmeasured(each) for each in left[:1] if each.not_evaluable))


def _missing(tried: Sequence[Evidence]) -> tuple[str, ...]:
    return tuple(sorted({probe for each in tried for probe in each.missing}))


def _named(said: Text, missing: Sequence[str]) -> Text:
    """The requirement, with the probes that are missing."""
    if not missing:
        return said
    listed = ", ".join(missing)
    return Text(f"{said.zh}（缺少：{listed}）", f"{said.en} (missing: {listed})")


def _unmeasured(evidence: Evidence) -> Hurdle:
    listed = ", ".join(evidence.not_evaluable)
    return Hurdle(
        "not_evaluable",
        passed=False,
        said=Text(f"做了但无法评估的检查项：{listed}", f"run but not evaluable: {listed}"),
        remedy=Text("结果会公开写明。", "The public record says so."),
        blocking=False,
        probes=evidence.not_evaluable,
    )


def _explained(subject: Subject) -> Hurdle:
    absent = applicability.missing(subject.told, Topic.EXPLANATION)
    codes = ", ".join(absent)
    return Hurdle(
        "explanation",
        passed=not absent,
        said=Text(
            f"备案主体写给公众的算法说明{'已写好' if not absent else f'还缺：{codes}'}",
            f"the filer's own explanation for the public {'is there' if not absent else f'lacks {codes}'}",
        ),
        remedy=Text("请写好“给公众的算法说明”。", "Write the explanation for the public."),
        legal=_explanation_rules(subject),
    )


def _told(subject: Subject) -> tuple[Hurdle, ...]:
    """What is looked at of the explanation, whatever the grade."""
    return (_explained(subject), *_this_version(subject), *_steps(subject))


def _this_version(subject: Subject) -> tuple[Hurdle, ...]:
    """An explanation made from tests is of the version that is filed, where one must be given.

    Elsewhere an older one is shown as that. That it be of this very version is our condition.
    """
    if subject.explained_digest is None:
        return ()
    passed = subject.explained_digest == subject.model_digest
    said = (
        Text("附上的说明测的正是这个版本", "the attached explanation is of this very version")
        if passed
        else Text("附上的说明测的是另一个版本", "the attached explanation is of another version")
    )
    remedy = Text(
        "请为现在备案的版本重新生成说明，读过确认后附上。",
        "Have an explanation made of the version that is filed, confirm it and attach it.",
    )
    blocking = bool(_explanation_rules(subject))
    return (Hurdle("explanation_of_this_version", passed, said, remedy, blocking=blocking),)


def _steps(subject: Subject) -> tuple[Hurdle, ...]:
    """Values of steps are kept back only with the rules and thresholds, and never where a law wants them.

    What was measured on a person's own inputs is explanation: no secret where it must be explained.
    """
    if not subject.steps_sealed:
        return ()
    rules, code = _explanation_rules(subject), subject.told.form.key(Meaning.RULES)
    sealed = "sealed" in subject.told.of(Meaning.RULES)
    if rules:
        said = Text(
            "说明里分界的具体数值没有公开，这里应当公开",
            "the explanation keeps back the values of its steps, which must be told here",
        )
        remedy = Text(
            "请去掉说明计划里的 sealed，重新生成说明。",
            "Leave out sealed in the explanation's plan, and have it made anew.",
        )
    else:
        said = Text(
            f"说明里分界的具体数值没有公开，{code}（规则与阈值）"
            + ("也没有公开" if sealed else "却是公开的"),
            f"the explanation keeps back the values of its steps, and {code} (rules and thresholds) is "
            + ("kept back, too" if sealed else "public"),
        )
        remedy = Text(
            f"请申请不公开{code}并写明理由，或者去掉说明计划里的 sealed，重新生成说明。",
            f"Ask to keep {code} back, with a reason, or leave out sealed in the explanation's plan and "
            "have it made anew.",
        )
    passed = sealed and not rules
    return (Hurdle("steps_told", passed=passed, said=said, remedy=remedy, legal=rules),)


def _in_time(subject: Subject, today: date) -> Hurdle:
    """Disclosure beforehand; a late one is shown, since refusing it would only hide it longer."""
    start = (subject.told.value(Meaning.SERVICE_START) or "") if subject.serving else ""
    late = bool(start) and start < (subject.explained_since or today).isoformat()
    return Hurdle(
        "explanation_in_time",
        passed=not late,
        said=Text(
            f"服务从{start}开始，算法说明公开得晚了" if late else "算法说明不晚于服务开始公开",
            f"service started on {start}, before the explanation was public"
            if late
            else "the explanation is public no later than service starts",
        ),
        remedy=Text("迟到会在公开记录里写明。", "The public record shows that it is late."),
        blocking=False,
    )


def _explanation_rules(subject: Subject) -> tuple[str, ...]:
    """The rules of the filer's city on explaining to the public; none where none binds."""
    public = subject.told.value(Meaning.PUBLIC_INTEREST) in PUBLIC_INTEREST
    return PUBLIC_EXPLANATION.get(subject.city, ()) if public else ()


@dataclass(frozen=True, slots=True)
class PilotCondition:
    """One thing that a pilot needs, and where.

    Args:
        name: how the hurdle is called.
        cities: cities of filing where it is asked; none named means everywhere.
        holds: whether it is met, of what is filed and its grade.
        said: what is looked at; a meaning in braces stands for its field's code.
        remedy: what to do when it is not met.
    """

    name: str
    cities: frozenset[str]
    holds: Callable[[Subject, Level], bool]
    said: Text
    remedy: Text


def _declared(subject: Subject) -> frozenset[str]:
    return frozenset(subject.told.value(Meaning.PILOT_CONDITIONS) or ())


PILOT_CONDITIONS = (
    PilotCondition(
        "pilot_city",
        frozenset(),
        lambda subject, _: subject.city in PILOT_RULES,
        Text("先行先试只见于上海和深圳的条例", "pilots stand in the two cities' regulations only"),
        Text("请在字段 {service} 选别的状态。", "Choose another state in field {service}."),
    ),
    PilotCondition(
        "pilot_grade",
        frozenset({City.SHANGHAI}),
        lambda _, level: level is not Level.HIGH,
        Text("先行先试的是中风险或低风险", "what is piloted is of medium or low risk"),
        Text("高风险的不能先行先试。", "High risk cannot be a pilot."),
    ),
    PilotCondition(
        "pilot_grade",
        frozenset({City.SHENZHEN}),
        lambda _, level: level is Level.LOW,
        Text("先行先试的是低风险", "what is piloted is of low risk"),
        Text("只有低风险的能先行先试。", "Only low risk can be a pilot."),
    ),
    PilotCondition(
        "pilot_interest",
        frozenset({City.SHENZHEN}),
        lambda subject, _: subject.told.value(Meaning.PUBLIC_INTEREST) not in PUBLIC_INTEREST,
        Text("先行先试不涉及公共利益（字段 {public_interest}）", "the pilot does not touch the public interest ({public_interest})"),
        Text("涉及公共利益的不能先行先试。", "What touches the public interest cannot be a pilot."),
    ),
    PilotCondition(
        "pilot_conditions",
        frozenset({City.SHENZHEN}),
        lambda subject, _: _declared(subject) >= {"no_standard", "advanced", "outside"},
        Text("先行先试的条件都声明了（字段 {pilot_conditions}）", "the pilot's conditions are all declared ({pilot_conditions})"),
        Text("请填写字段 {pilot_conditions}；缺一项就不能先行先试。", "Fill in field {pilot_conditions}; each of them is needed."),
    ),
)  # fmt: skip


NAMED_BY_PILOTS = (Meaning.SERVICE, Meaning.PUBLIC_INTEREST, Meaning.PILOT_CONDITIONS)


def _pilot(subject: Subject, level: Level) -> tuple[Hurdle, ...]:
    """What a pilot asks for: each city's own conditions, and never high risk."""
    if subject.told.value(Meaning.SERVICE) != "pilot":
        return ()
    legal, form = PILOT_RULES.get(subject.city, ()), subject.told.form
    codes = {meaning.value: form.key(meaning) for meaning in NAMED_BY_PILOTS}
    return tuple(
        Hurdle(
            each.name,
            each.holds(subject, level),
            each.said.format(**codes),
            each.remedy.format(**codes),
            legal=legal,
        )
        for each in PILOT_CONDITIONS
        if not each.cities or subject.city in each.cities
    )
