"""The policy file: margins and thresholds with their sources, and the probes each task requires."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Policy:
    """One version of the policy file.

    Args:
        content: the parsed TOML.
    """

    content: Mapping[str, Any]

    @property
    def version(self) -> str:
        """The version, as plans and reports quote it."""
        return str(self.content["version"])

    def value(self, name: str) -> float:
        """A margin or threshold."""
        return float(self.content["values"][name]["value"])

    def source(self, name: str) -> str:
        """Where it comes from: a rule, "convention" or "ours"."""
        return str(self.content["values"][name]["source"])

    def named_in(self, source: str) -> dict[str, Any]:
        """The values that a probe's source names in quotes: those it applies.

        Args:
            source: Python text.
        """
        values: Mapping[str, Any] = self.content["values"]
        return {name: dict(values[name]) for name in sorted(values) if f'"{name}"' in source}

    def required(self, task: Literal["decision", "pricing"]) -> frozenset[str]:
        """The probes that a high-risk filing needs for its task."""
        return frozenset(self.content["required"][task])


POLICY = Policy(tomllib.loads(Path(__file__).with_name("policy.toml").read_text("utf-8")))


def required(task: Literal["decision", "pricing"]) -> frozenset[str]:
    """The probes that the installed policy requires for a task."""
    return POLICY.required(task)
