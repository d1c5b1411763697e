"""The policy file: margins and thresholds with their sources, and the probes each task requires."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from registry import attestation


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

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical content."""
        return attestation.digest(self.content)

    def value(self, name: str) -> float:
        """A margin or threshold."""
        return float(self.content["values"][name]["value"])

    def source(self, name: str) -> str:
        """Where it comes from: a rule, "convention" or "ours"."""
        return str(self.content["values"][name]["source"])

    def required(self, task: Literal["decision", "pricing"]) -> frozenset[str]:
        """The probes that a high-risk filing needs for its task."""
        return frozenset(self.content["required"][task])


POLICY = Policy(tomllib.loads(Path(__file__).with_name("policy.toml").read_text("utf-8")))


def required(task: Literal["decision", "pricing"]) -> frozenset[str]:
    """The probes that the installed policy requires for a task."""
    return POLICY.required(task)
