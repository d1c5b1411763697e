"""What came of a finding in the words of its own metric: no share that is kept is a small difference.

The names of the verdicts are those of a difference between groups. A requirement is kept or missed,
answers are stable, a price does not rise: where a metric asks something else, its verdict is told so
wherever it stands without the finding's own sentence (withheld numbers, lists, tables).
"""

from collections.abc import Mapping
from typing import Any

from registry.findings import VERDICT_NAMES, Verdict, told
from registry.language import Text
from registry.outcomes import OF_EVERYBODY, metric

Words = Mapping[Verdict, Text]

REQUIRED: Words = {
    Verdict.DISPARITY: Text("没有达到申报的要求（{line}）", "falls short of the declared requirement ({line})"),
    Verdict.EQUIVALENT: Text("达到申报的要求（{line}）", "keeps the declared requirement ({line})"),
    Verdict.INCONCLUSIVE: Text("是否达到申报的要求（{line}），还不能下结论", "whether it keeps the declared requirement ({line}) is open"),
}  # fmt: skip
MEASURED: Words = {
    Verdict.INCONCLUSIVE: Text("只是测量值，没有申报要求，不作判断", "a measurement; no requirement is declared and nothing is judged"),
}  # fmt: skip
_SAME: Words = {
    Verdict.DISPARITY: Text("会变的超过界线", "more change than the line allows"),
    Verdict.DIFFERENCE: Text("有人的结果会变，没有证明超过界线", "some change; that it is more than the line allows is not shown"),
    Verdict.EQUIVALENT: Text("结果是稳定的", "answers are stable"),
}  # fmt: skip
_BATCHED: Words = {
    Verdict.DISPARITY: Text("超出容差：和谁一起被问会影响结果", "beyond the tolerance: who is asked together matters"),
    Verdict.EQUIVALENT: Text("在容差之内相同", "the same within the tolerance"),
}  # fmt: skip
_SHIFT: Words = {
    Verdict.DISPARITY: Text("变化超过界线", "the shift exceeds the line"),
    Verdict.DIFFERENCE: Text("有变化，没有证明超过界线", "a shift, not shown to exceed the line"),
    Verdict.EQUIVALENT: Text("已证明变化很小", "the shift is shown to be small"),
}  # fmt: skip
_CHANGES: Words = {
    Verdict.DISPARITY: Text("超过界线", "it exceeds the line"),
    Verdict.DIFFERENCE: Text("有人的结果会变，没有证明超过界线", "some change; not shown to exceed the line"),
    Verdict.EQUIVALENT: Text("对问到的人几乎没有影响", "for the people asked about it hardly matters"),
}  # fmt: skip
_FAILS: Words = {
    Verdict.DISPARITY: Text("超过界线", "it exceeds the line"),
    Verdict.DIFFERENCE: Text("有人得不到结果，没有超过界线", "some get no answer; not beyond the line"),
    Verdict.EQUIVALENT: Text("问到的人几乎都能得到结果", "almost everyone asked about gets an answer"),
}  # fmt: skip
_TELLS: Words = {
    Verdict.DISPARITY: Text("看得出来，超过界线", "it tells, beyond the line"),
    Verdict.DIFFERENCE: Text("看得出一些，没有证明超过界线", "it tells something, not shown to be beyond the line"),
    Verdict.EQUIVALENT: Text("已证明几乎看不出", "it is shown to tell next to nothing"),
}  # fmt: skip
_RISE: Words = {
    Verdict.DISPARITY: Text("上升超过界线", "the rise exceeds the line"),
    Verdict.DIFFERENCE: Text("有上升，没有证明超过界线", "a rise, not shown to exceed the line"),
    Verdict.EQUIVALENT: Text("已证明各档相差很小", "the levels are shown to differ little"),
}  # fmt: skip

_DEALT: Words = {
    Verdict.DIFFERENCE: Text("超出偶然所及：名次与它有关", "more than chance: places go with it"),
}
"""Of the make-up of a list's top, for which there is no line."""
_LEFT: Words = {
    Verdict.DIFFERENCE: Text("这个理由不能解释全部", "the reason does not explain all of it"),
    Verdict.EQUIVALENT: Text("剩下的差异很小", "what is left is small"),
}
_TOLD: Words = {
    Verdict.DIFFERENCE: Text("不是每条报价都有告知记录", "not every quote is recorded as told"),
    Verdict.EQUIVALENT: Text("每条报价都有告知记录（是否属实没有检验）", "every quote is recorded as told (whether truly was not tested)"),
}  # fmt: skip
_ASSIGNED: Words = {
    Verdict.DIFFERENCE: Text("这个理由不成立", "the reason fails"),
    Verdict.EQUIVALENT: Text("比较的几项都相差很小，没有什么要解释", "all that was compared differs little; there is nothing to explain"),
}  # fmt: skip

SHARES = frozenset({"accuracy", "balanced_accuracy"})
WORDS: dict[str, Words] = {
    "repeat_change_share": _SAME,
    "replay_change_share": _SAME,
    "rebatch_gap": _BATCHED,
    "population_stability_index": _SHIFT,
    "counterfactual_flip_share": _CHANGES,
    "counterfactual_flip_share_beyond_twin": _CHANGES,
    "text_swap_share": _CHANGES,
    "text_swap_share_beyond_twin": _CHANGES,
    "noise_change_share": _CHANGES,
    "noise_change_share_beyond_twin": _CHANGES,
    "missing_failure_share": _FAILS,
    "out_of_range_failure_share": _FAILS,
    "score_auc": _TELLS,
    "features_auc": _TELLS,
    "loyalty_rise": _RISE,
    "ndkl": _DEALT,
    "defence_cost_drivers": _LEFT,
    "defence_new_user_offer": _LEFT,
    "defence_disclosure": _TOLD,
    "defence_random_experiment": _ASSIGNED,
}


def of(finding: Mapping[str, Any]) -> Text:
    """What came of a finding, without a number that was measured.

    Args:
        finding: as JSON; of its numbers the threshold alone is read, which the plan declares.
    """
    measured, verdict = metric(finding), told(finding)
    if measured not in OF_EVERYBODY:
        return WORDS.get(measured, {}).get(verdict, VERDICT_NAMES[verdict])
    line = (finding.get("threshold") or {}).get("value")
    words = MEASURED if line is None else REQUIRED
    said = words.get(verdict, VERDICT_NAMES[verdict])
    return said.format(
        line=f"{100 * line:g}%" if measured in SHARES and line is not None else line
    )
