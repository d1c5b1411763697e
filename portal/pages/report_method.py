"""How a finding was made and how to make it again: method in words, counts, exact commands."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from evaluators.judging import captions, counted
from evaluators.policy import POLICY
from registry.language import Language, Text

METHODS: dict[str, Text] = {
    "koopman": Text("比值的得分区间（Koopman）", "score interval of a ratio (Koopman)"),
    "newcombe": Text("差的 Newcombe 区间", "Newcombe's interval of a difference"),
    "max_of_newcombe": Text("各差的 Newcombe 区间取最大", "the larger of Newcombe's intervals"),
    "wilson": Text("Wilson 区间", "Wilson's interval"),
    "clopper_pearson": Text("精确区间（Clopper–Pearson）", "exact interval (Clopper–Pearson)"),
    "delong_logit": Text("AUC 的 DeLong 区间", "DeLong's interval of an AUC"),
    "max_t": Text("多组同时比较的 max-T", "max-T over all groups at once"),
    "chi_square": Text("卡方检验", "χ² test"),
    "fisher": Text("Fisher 精确检验", "Fisher's exact test"),
    "fisher_exact": Text("Fisher 精确检验", "Fisher's exact test"),
    "mann_whitney": Text("Mann–Whitney 检验", "Mann–Whitney test"),
    "mcnemar": Text("McNemar 检验", "McNemar's test"),
    "agresti_min": Text("精确区间（Agresti–Min）", "exact interval (Agresti–Min)"),
    "clustered_log": Text("按单位聚类的对数比区间", "interval of a log ratio, clustered by unit"),
    "clustered_t": Text("按单位聚类的 t 检验", "t test clustered by unit"),
    "influence_logit": Text(
        "AUC 的区间（按单位的影响值）", "interval of an AUC from units' influence"
    ),
    "massart": Text("Massart 界", "Massart's bound"),
    "noncentral_chi2": Text("非中心卡方区间", "noncentral χ² interval"),
    "null_draws": Text("与随机分配的比较", "against draws without a difference"),
    "pairwise_log": Text("各组两两之比取最大", "the largest of all pairwise ratios"),
    "stratified_score": Text("分层得分区间", "stratified score interval"),
    "student": Text("t 区间", "t interval"),
    "student_log": Text("对数比的 t 区间", "t interval of a log ratio"),
    "welch": Text("Welch 检验", "Welch's test"),
    "welch_influence": Text("Welch 型（影响值）", "Welch's, from influence values"),
    "binomial_null": Text("二项检验", "binomial test"),
    "delong": Text("DeLong 检验", "DeLong's test"),
    "kolmogorov_smirnov": Text("Kolmogorov–Smirnov 检验", "Kolmogorov–Smirnov test"),
    "labels_dealt_at_random": Text("标签随机重发", "labels dealt at random"),
    "linearised_ratio": Text("线性化的比值检验", "linearised test of a ratio"),
    "mantel_haenszel": Text("Mantel–Haenszel 检验", "Mantel–Haenszel test"),
    "mcnemar_exact": Text("精确 McNemar 检验", "exact McNemar test"),
    "psi_chi2": Text("PSI 的卡方检验", "χ² test of the PSI"),
    "random_assignment": Text("随机分配检验", "test of random assignment"),
    "rao_scott": Text("Rao–Scott 卡方检验", "Rao–Scott χ² test"),
    "wald": Text("Wald 检验", "Wald test"),
    "benjamini_yekutieli": Text("Benjamini–Yekutieli", "Benjamini–Yekutieli"),
    "share_of_level": Text("按份额分配显著性水平", "a share of the level each"),
    "holm": Text("Holm", "Holm"),
    "holm_minimum": Text("Holm，取最小", "Holm, the least"),
    "t, CRV1": Text("按用户聚类的 t 检验（CRV1）", "t test clustered by user (CRV1)"),
}
COUNTS: dict[str, Text] = {
    "n": Text("人数", "people"),
    "people": Text("人数", "people"),
    "rows": Text("行数", "rows"),
    "units": Text("单位数", "units"),
    "favoured": Text("得到有利结果", "favourable result"),
    "refused": Text("没有得到", "refused"),
    "tp": Text("该得，得到", "deserved, granted"),
    "fp": Text("不该得，得到", "undeserved, granted"),
    "fn": Text("该得，被拒", "deserved, refused"),
    "tn": Text("不该得，被拒", "undeserved, refused"),
    "asked": Text("提问数", "asked"),
    "flipped": Text("结果变了", "result changed"),
}
COUNTS_BY_PEOPLE: dict[str, Text] = {
    "tp": Text("人工同意，模型同意", "favoured by both"),
    "fp": Text("人工拒绝，模型同意", "refused by a person, favoured by the model"),
    "fn": Text("人工同意，模型拒绝", "favoured by a person, refused by the model"),
    "tn": Text("人工拒绝，模型拒绝", "refused by both"),
}
"""Where people decided what results are held against."""


ACCOUNTS = frozenset({"accounts", "pairs"})


@dataclass(frozen=True, slots=True)
class CountRow:
    """One row of the public counts that a finding follows from."""

    label: str
    counts: tuple[tuple[str, str], ...]


def method(finding: Mapping[str, Any], plan: Mapping[str, Any], language: Language) -> str:
    """How the number was made, in one line of plain words.

    Args:
        finding: whose.
        plan: the plan's content.
        language: of the words.
    """
    zh, en = [], []
    ci, test, family = finding["ci"], finding["test"] or {}, finding["family"] or {}
    if ci:
        named = _named(str(ci.get("method", "")))
        level = f"{100 * float(ci.get('level') or 0.95):g}%"
        together = bool(ci.get("simultaneous"))
        zh.append(f"区间：{named.zh}，{level}" + ("，各组同时成立" if together else ""))
        en.append(
            f"interval: {named.en}, {level}" + (", for all groups at once" if together else "")
        )
    if test.get("name"):
        named = _named(str(test["name"]))
        zh.append(f"检验：{named.zh}")
        en.append(f"test: {named.en}")
    if finding["adjustment"]:
        named, size = _named(str(finding["adjustment"])), family.get("size")
        zh.append(f"多次比较的校正：{named.zh}" + (f"，共 {size} 项" if size else ""))
        en.append(f"corrected for {size or 'several'} comparisons: {named.en}")
    if finding["threshold"]:
        rule, source = finding["threshold"].get("rule"), finding["threshold"].get("source")
        zh.append(f"界线：{_chinese(str(rule))}（出处：{_chinese(str(source))}）")
        en.append(f"line: {rule} (source: {source})")
    least = _least(finding, plan)
    zh.append(least.zh)
    en.append(least.en)
    said = Text("；".join(zh) + "。", "; ".join(en) + ".")
    return said.zh if language == "zh" else said.en[:1].upper() + said.en[1:]


def _least(finding: Mapping[str, Any], plan: Mapping[str, Any]) -> Text:
    """Of how few nothing is said; of accounts and of pairs of them that is the policy's own number."""
    of = str((finding.get("units") or {}).get("of", "people"))
    least = plan.get("min_n", 30)
    if of not in ACCOUNTS:
        few = counted.many(of, plan, least)
        return Text(f"少于 {few.zh}不作判断", f"nothing is said of fewer than {few.en}")
    few = counted.many(of, plan, min(least, int(POLICY.value("described_accounts"))))
    enough = counted.many(of, plan, int(POLICY.value("min_units")))
    return Text(
        f"少于 {few.zh}不作判断，少于 {enough.zh}不说差异很小",
        f"nothing is said of fewer than {few.en}, and of fewer than {enough.en} nothing is called small",
    )


def counts(
    finding: Mapping[str, Any], predicate: Mapping[str, Any], language: Language
) -> tuple[CountRow, ...]:
    """The public counts that a finding follows from: its own group's and its reference's.

    None where rows are weighted, or people have several: its rates are no ratios of these counts.

    Args:
        finding: whose.
        predicate: of the report, with the public evidence.
        language: of the words.
    """
    content = (predicate["evidence"]["public"].get("content") or {}).get("tables", {})
    plan = predicate["plan"].get("content") or {}
    slice_, found = finding["slice"] or {}, []
    columns = plan.get("columns") or {}
    if finding["suppressed"] or columns.get("weight") or columns.get("unit"):
        return ()
    for table in content.get(finding["probe"], []):
        if not slice_ or set(table["keys"]) != set(slice_):
            continue
        for levels, numbers in table["rows"]:
            at = dict(zip(table["keys"], levels, strict=True))
            if numbers is not None and _concerns(at, finding):
                found.append(_row(at, table["counts"], numbers, plan, language))
    return tuple(found)


def commands(predicate: Mapping[str, Any]) -> tuple[tuple[Text, str], ...]:
    """What to type to make the findings again: from the published counts, and from the rows."""
    own = predicate["report"]["kind"] == "exploratory"
    name, model = str(predicate["data"]["name"]), predicate.get("model") or {}
    # Only a file that was read at home has a name that a command can take.
    data = name if own and "." in name else "DATA"
    asked = bool((predicate["plan"].get("content") or {}).get("columns", {}).get("inputs"))
    ask = f" --endpoint {model['endpoint']}" if "endpoint" in model else " --model MODEL"
    repeat = f"mingsuan evaluate report.dsse.json --data {_quoted(data)}{ask if asked else ''}"
    check = "mingsuan verify report.dsse.json"
    if not own:
        check += " --key platform.pem --tester-key tester.pub.pem"
    return (
        (Text("没有数据：从报告里公开的计数重算", "without the rows: from the published counts"), check),
        (Text("有数据：用同一份计划和随机数重做", "with the rows: same plan and nonce, done again"), repeat),
    )  # fmt: skip


def _quoted(name: str) -> str:
    import shlex

    return shlex.quote(name)


def _named(code: str) -> Text:
    words = code.replace("_", " ")
    return METHODS.get(code) or Text(_chinese(words if "_" in code else code), words)


def _chinese(said: str) -> str:
    """A method, rule or source in Chinese, as far as `method_words.toml` knows it."""
    whole, parts = _words()
    if said in whole:
        return whole[said]
    for pattern, put in parts:
        said = pattern.sub(put, said)
    return said


@cache
def _words() -> tuple[Mapping[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    content = tomllib.loads(files("portal.pages").joinpath("method_words.toml").read_text("utf-8"))
    parts = tuple((re.compile(each["find"]), str(each["put"])) for each in content["patterns"])
    return content["whole"], parts


def _concerns(at: Mapping[str, str], finding: Mapping[str, Any]) -> bool:
    """Whether a row counts the finding's group or the one it is compared with."""
    own = all(finding["slice"][name] in {level, "*"} for name, level in at.items())
    other = finding["reference_group"]
    return own or other == "*" or (len(at) == 1 and other in at.values())


def _row(
    at: Mapping[str, str],
    names: Sequence[str],
    numbers: Sequence[int],
    plan: Mapping[str, Any],
    language: Language,
) -> CountRow:
    label = captions.group({"slice": at, "group": None}, plan).in_(language)
    known = COUNTS | (COUNTS_BY_PEOPLE if captions.by_people(plan) else {})
    shown = [(known.get(n, Text(n, n.replace("_", " "))).in_(language), f"{v:,}")
             for n, v in zip(names, numbers, strict=True)]  # fmt: skip
    return CountRow(label, tuple(shown))
