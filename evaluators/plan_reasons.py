"""What is wrong with a plan as written, collected while the rest of it is still read."""

from collections.abc import Mapping
from typing import Any

from evaluators.policy import POLICY
from registry.errors import Invalid, Reason
from registry.language import Text

Words = str | Mapping[str, str]
"""One sentence, or {zh, en}."""


class PlanInvalid(Invalid):
    """The plan breaks a rule: correct every listed item and register it again."""


class Reasons:
    """Collects what is wrong while the rest of the plan is still read."""

    def __init__(self) -> None:
        self.found: list[Reason] = []

    def add(self, item: str, zh: str, en: str, *, do_zh: str, do_en: str) -> None:
        self.found.append(Reason(item, Text(zh, en), Text(do_zh, do_en)))

    def settle(self) -> None:
        if self.found:
            raise PlanInvalid(
                f"评估计划有 {len(self.found)} 处要改，请逐项改正。",
                f"To correct in the plan: {len(self.found)}.",
                reasons=self.found,
            )

    def unknown(self, mapping: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in sorted(set(mapping) - set(known)):
            self.add(
                prefix + key,
                "计划里没有这一项",
                "no such entry in a plan",
                do_zh=f"可用的有：{'、'.join(known)}",
                do_en=f"choose from: {', '.join(known)}",
            )

    def text(self, mapping: Mapping[str, Any], key: str, *, required: bool = True) -> Words:
        value = mapping.get(key, "")
        if isinstance(value, Mapping) and set(value) == {"zh", "en"}:
            pair = {language: str(value[language]).strip() for language in ("zh", "en")}
            if all(pair.values()):
                return pair
        if not isinstance(value, str) or (required and not value.strip()):
            self.add(
                key,
                "要写一段文字",
                "must be a text",
                do_zh="写一句话，或者写 { zh = …, en = … }",
                do_en="write a sentence, or { zh = …, en = … }",
            )
            return ""
        return value

    def choice(self, mapping: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> Any:
        value = mapping.get(key, allowed[0])
        if value not in allowed:
            names = " / ".join(allowed)
            self.add(key, "不是可选的值", "not one of the choices", do_zh=names, do_en=names)
            return allowed[0]
        return value

    def number(
        self, mapping: Mapping[str, Any], key: str, *, default: float, low: float, high: float
    ) -> float:
        value = mapping.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high:
            self.add(
                key,
                f"要写 {low} 与 {high} 之间的数",
                f"must be a number between {low} and {high}",
                do_zh=f"不写则用 {default}",
                do_en=f"leave it out for {default}",
            )
            return default
        return float(value)

    def policy(self, mapping: Mapping[str, Any]) -> str:
        value = mapping.get("policy", POLICY.version)
        if value != POLICY.version:
            self.add(
                "policy",
                "界线文件的版本与本程序不同",
                "the policy version is not the one installed here",
                do_zh=f"改为 {POLICY.version}，或用登记时的程序版本",
                do_en=f"write {POLICY.version}, or use the program version it was registered with",
            )
        return POLICY.version
