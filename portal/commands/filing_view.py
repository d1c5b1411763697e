"""A filing as the command line prints it: for who files, and with more for who reviews."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.commands import showing
from registry.language import Text

NOT_ANSWERED = Text("没有", "nothing")
OWN_VERBS = ("check", "submit")
"""Steps of the filer that are commands of `mingsuan file` themselves."""


def show(made: Mapping[str, Any], *, as_json: bool) -> None:
    """Print where a filing stands, what is missing, what was returned and what comes next.

    Args:
        made: a filing, as the API gives it.
        as_json: for a program.
    """
    if as_json:
        showing.as_json(made)
        return
    _head(made)
    _lacking(made)
    _set_aside(made)
    _remarks(made)
    _proposal(made)
    _next(made)


def newer_form(found: Mapping[str, Any] | None, *, as_json: bool) -> None:
    """Print what the newest version of the form would change.

    Args:
        found: as the API tells it; None for a filing that is kept under it.
        as_json: for a program.
    """
    if as_json:
        showing.as_json(found)
        return
    if found is None:
        _both("已经是新版备案表。", "It is kept under the newest form.")
        return
    _both(
        f"按第{found['version']}版填写，新的是第{found['newest']}版。已经公示的内容不变。",
        f"It is kept under version {found['version']}; the newest is {found['newest']}. What was "
        "published stays as it is.",
    )
    for heading, rows in (
        (("新版改了什么", "what the newest asks otherwise"), found["changes"]),
        (("受影响的内容", "answers that are affected"), found["left_behind"]),
    ):
        if rows:
            _heading(*heading)
        for each in rows:
            _both(each["zh"], each["en"])
    if found["asked"]:
        _heading("换过去以后还要填", "asked after the move")
    for each in found["asked"]:
        _fault(each)


def for_review(made: Mapping[str, Any]) -> None:
    """Print all that a reviewer decides on: also answers, grade, reports and what changed.

    Args:
        made: a filing, as the API gives it.
    """
    _head(made)
    _answers(made)
    _grade(made)
    _reports(made)
    _same_model(made)
    _changes(made)
    _lacking(made)
    _remarks(made)
    _proposal(made)
    _next(made)


def _head(made: Mapping[str, Any]) -> None:
    out, name = showing.console(), made["status_name"]
    out.print(f"备案 / filing:    {made['id']}", style="bold")
    out.print(f"状态 / status:    {name['zh']} / {name['en']}")
    out.print(f"修订 / revision:  {made['revision']}")
    if made["number"]:
        out.print(f"编号 / number:    {made['number']}")
    out.print(f"备案表 / form:    {made['schema_version']}")
    out.print(f"完成 / complete:  {made['percent']}%")


def _heading(zh: str, en: str) -> None:
    _print(f"\n{zh} / {en}", style="bold")


def _print(line: str, **style: Any) -> None:
    from rich.markup import escape

    showing.console().print(escape(line), **style)


def _both(zh: str, en: str) -> None:
    _print(f"  · {zh}")
    _print(f"    {en}", style="dim")


def _told(zh: Iterable[str], en: Iterable[str]) -> None:
    _both(" ".join(each for each in zh if each), " ".join(each for each in en if each))


def _answers(made: Mapping[str, Any]) -> None:
    """Every answer in words, group by group, withheld ones with the reason for it."""
    from filing import in_full
    from filing.forms import schema

    given, form = {**made["answers"], **made["computed"]}, schema(made["schema_version"])
    for group in form.groups:
        keys = [
            key for key in form.keys(given) if key in given and form.field(key) in group.fields
        ]
        if keys:
            _print(f"\n{group.id} {group.name}", style="bold")
        for key in keys:
            field = form.field(key)
            name, said = field.name, in_full.stored(field, given[key])
            _both(f"{key} {name.zh}：{said.zh}", f"{name.en}: {said.en}")
    _set_aside(made)


def _set_aside(made: Mapping[str, Any]) -> None:
    """What was answered and does not apply at present, with where it would."""
    from filing import applicability
    from filing.forms import schema

    form = schema(made["schema_version"])
    if made["set_aside"]:
        _heading(
            "现在不计入、也不公开的（填过的还在）",
            "kept, at present neither counted nor published",
        )
    for place in made["set_aside"]:
        field, when = (
            form.field(place.partition(".")[0]),
            applicability.place_in_words(form, place),
        )
        _both(
            f"{place} {field.name.zh}：在这种情况下才填：{when.zh}。",
            f"{field.name.en}: only asked where {when.en}.",
        )


def _grade(made: Mapping[str, Any]) -> None:
    from filing import wording
    from filing.forms import schema
    from filing.meanings import Meaning

    _heading("现在的等级", "the grade in force")
    key = schema(made["schema_version"]).key(Meaning.GRADE)
    if key not in made["computed"]:
        _both("问卷没有答完，还没有等级。", "The questionnaire is open; there is no grade yet.")
        return
    grade = made["computed"][key]["value"]
    by_method, statement = grade["computed"]["name"], wording.graded(grade)
    _both(
        f"{grade['name']['zh']}（平台方法得出：{by_method['zh']}）。{statement.zh}",
        f"{grade['name']['en']} (by the platform's method: {by_method['en']}). {statement.en}",
    )


def _proposal(made: Mapping[str, Any]) -> None:
    from filing import wording
    from filing.risk import LEVEL_NAMES, Level

    waiting = made.get("grade_proposal")
    if not waiting:
        return
    name, reason = LEVEL_NAMES[Level(waiting["level"])], wording.own_words(waiting["reason"])
    _heading("等另一位审核人员确认的等级", "a grade that waits for a second reviewer")
    _both(
        f"{name.zh}，由{waiting['by']}提出（{waiting['proposed'][:10]}）：{reason.zh}",
        f"{name.en}, proposed by {waiting['by']} ({waiting['proposed'][:10]}): {reason.en}",
    )


def _reports(made: Mapping[str, Any]) -> None:
    _heading("评估报告", "evaluation reports")
    if not made["evidence"]:
        _both("没有附报告。", "No report is attached.")
    for each in made["evidence"]:
        signed = (each["countersigned"] or "")[:10]
        own = each["this_version"]
        _told(
            (each["said"]["zh"],
             f"{signed}签章确认。" if signed else "没有签章确认。",
             "" if own else "针对的不是现在备案的版本。", each["id"]),
            (each["said"]["en"],
             f"Countersigned on {signed}." if signed else "Not countersigned.",
             "" if own else "It is not about the version that is filed.", each["id"]),
        )  # fmt: skip


def _same_model(made: Mapping[str, Any]) -> None:
    if made["same_model"]:
        _heading("其他单位备了同一个模型", "other organisations filed the same model")
    for each in made["same_model"]:
        _both(each["zh"], each["en"])


def _changes(made: Mapping[str, Any]) -> None:
    for heading, rows in (
        (("上次提交以后改过的", "changed since the submission before"), made["since_submission"]),
        (("和已公示的内容相比", "against the published edition"), made["since_edition"]),
    ):
        if rows:
            _heading(*heading)
        for each in rows:
            said = each.get("said", each)
            _told((each.get("item", ""), said["zh"]), (said["en"],))
    _resubmitted(made["resubmitted"])


def _resubmitted(compared: Mapping[str, Any] | None) -> None:
    """Old and new text since the submission before, or why there is none."""
    if compared is None:
        return
    _heading("和上次提交相比", "beside the submission before")
    _both(compared["said"]["zh"], compared["said"]["en"])
    for each in compared["changes"] or ():
        was, now = (each[side] or NOT_ANSWERED.as_json() for side in ("before", "after"))
        _told(
            (
                each["key"],
                f"{each['name']['zh']}：",
                f"原来“{was['zh']}”，",
                f"现在“{now['zh']}”。",
            ),
            (f"{each['name']['en']}:", f"before “{was['en']}”;", f"now “{now['en']}”."),
        )


def _lacking(made: Mapping[str, Any]) -> None:
    """What is missing, and apart from it what is only shown; each with where it comes from."""
    from filing.forms import schema

    form = schema(made["schema_version"])
    for group in form.groups:
        lacking = [each for each in made["lacking"] if form.group_of(each["item"]) is group]
        if lacking:
            _print(f"\n{group.id} {group.name}", style="bold")
        for each in lacking:
            _fault(each)
    failed = [each for each in (made["gate"] or {"hurdles": ()})["hurdles"] if not each["passed"]]
    for heading, blocking in (
        (("受理以前还缺", "before it can be accepted, still lacking"), True),
        (("另外说明，不妨碍受理", "also noted, in the way of nothing"), False),
    ):
        rows = [each for each in failed if each["blocking"] is blocking]
        if rows:
            _heading(*heading)
        for each in rows:
            _fault(each)
    if made["claims"]:
        _heading("像是获得批准、认证的字样", "words that claim an approval")
    for key, said in made["claims"].items():
        _both(f"{key}：{said['zh']}", said["en"])


def _fault(each: Mapping[str, Any]) -> None:
    said, remedy, grounds = each["said"], each["remedy"], each.get("grounds", ())
    from_zh = f"（{'；'.join(ground['zh'] for ground in grounds)}）" if grounds else ""
    from_en = f"({'; '.join(ground['en'] for ground in grounds)})" if grounds else ""
    _told(
        (f"{each['item']}：{said['zh']}", remedy["zh"], from_zh),
        (said["en"], remedy["en"], from_en),
    )


def _remarks(made: Mapping[str, Any]) -> None:
    from filing import wording

    returned, whole = made["open_remarks"], made["returned_for"]
    if returned or whole:
        _heading("退回的原因", "why it was returned")
    if whole:
        reason = wording.own_words(whole)
        _both(reason.zh, reason.en)
    for each in returned:
        name, said = each["name"], wording.own_words(each["said"])
        _both(f"{each['code']} {name['zh']}：{said.zh}", f"{name['en']}: {said.en}")
        reply = f'mingsuan file reply {made["id"]} {each["id"]} "…" --revision {made["revision"]}'
        _print(f"    改这一项，或答复 / change the field, or reply: {reply}")


def returns(found: Sequence[Mapping[str, Any]]) -> None:
    """The thread of returns, as it is printed.

    Args:
        found: as the API answers.
    """
    if not found:
        _both("没有退回过。", "It was never returned.")
    for each in found:
        number, day, who = each["submission"], each["at"][:10], each["who"]
        _heading(f"第{number}次提交被退回", f"submission {number} was returned")
        _both(f"{day} {who['zh']}", f"{day} {who['en']}")
        if each["reason"]:
            _quoted(each["reason"])
        for asked in each["asked"]:
            _print(f"  · {asked['code']} {asked['name']['zh']} / {asked['name']['en']}")
            _quoted(asked["said"])
            for reply in asked["replies"]:
                _both(f"答复，{reply['at'][:10]}：", f"reply, {reply['at'][:10]}:")
                _quoted(reply["said"])
            if asked["change"]:
                _changed(asked["change"])
        if each["answered"] is None:
            _both("还没有再次提交。", "Not submitted again yet.")
            continue
        again = each["answered"][:10]
        _both(f"{again}再次提交。", f"Submitted again on {again}.")
        for other in each["besides"]:
            _print(f"  + {other['key']} {other['name']['zh']} / {other['name']['en']}")
            _changed(other)


def _quoted(words: Mapping[str, str]) -> None:
    from filing import wording

    said = wording.own_words(words)
    _both(f"“{said.zh}”", f"“{said.en}”")


def _changed(change: Mapping[str, Any]) -> None:
    was, now = (change[name] or {"zh": "没有", "en": "nothing"} for name in ("before", "after"))
    _both(f"{was['zh']} → {now['zh']}", f"{was['en']} → {now['en']}")


def _next(made: Mapping[str, Any]) -> None:
    """Each step of the reader's role, with its command and what stands in its way that is not told above."""
    if made["steps"]:
        _heading("可做的下一步", "next")
    above = (*made["lacking"], *(made["gate"] or {"hurdles": ()})["hurdles"])
    told = {each["item"] for each in above}
    for each in made["steps"]:
        name, action = each["name"], each["action"]
        _print(f"  · {name['zh']} / {name['en']}: {_command(made, action)}")
        for fault in each["faults"]:
            if fault["item"] not in told:
                said, remedy = fault["said"], fault["remedy"]
                _print(f"    现在还不行：{said['zh']}{remedy['zh']}")
                _print(f"    not yet: {said['en']} {remedy['en']}", style="dim")


def _command(made: Mapping[str, Any], action: str) -> str:
    from portal.commands import reviewer

    last = f"--revision {made['revision']}"
    if action in OWN_VERBS:
        return f"mingsuan file {action} {made['id']} {last}"
    group = "review" if action in reviewer.STEPS else "file"
    return f"mingsuan {group} step {made['id']} {action} {last}"
