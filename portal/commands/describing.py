"""What is said of a data file when it is registered: from options, or from `[data]` of a plan."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from portal.commands.places import ANY
from registry.errors import Invalid, Reason
from registry.language import Text

if TYPE_CHECKING:
    from portal.commands.client import Client, Tell

Command = TypeVar("Command", bound=Callable[..., Any])

ROLES = (
    *("target", "price", "time", "user", "weight", "item"),
    *("sensitive", "control", "cost", "profile"),
)
"""Roles that a plan's [columns] and a data set on record have in common."""


NEEDED = ("source", "deidentification")
STATED = (*NEEDED, "held_out", "period")
"""What a report repeats of what is said of the data."""
UNSAID: Mapping[str, Reason] = {
    "source": Reason(
        "--source",
        Text("没有说明数据来源", "nothing says where the rows come from"),
        Text('加 --source "…"，或在计划里写 [data] source', "give --source, or [data] source"),
    ),
    "deidentification": Reason(
        "--deidentification",
        Text("没有说明怎样去标识化", "nothing says how persons were made unrecognisable"),
        Text(
            '加 --deidentification "…"，或在计划里写 [data] deidentification；'
            "没有个人的，写明没有",
            "give --deidentification, or [data] deidentification; say so if there are no persons",
        ),
    ),
}
"""What must be said of data, whatever their use."""


class DataUndescribed(Invalid):
    """A data set on record says where its rows come from: say it."""


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of a data file, and the record to use where there is one already.

    Args:
        path: the file; None when a record is named.
        dataset: a data set already on record.
        said: name, name_en, source, period, held_out, deidentification, acknowledgement, quasi_identifiers.
    """

    path: Path | None
    dataset: str | None
    said: Mapping[str, Any] = field(default_factory=dict)

    def beside(self, written: Mapping[str, Any]) -> "Description":
        """The same, with what a plan's `[data]` says where no option does."""
        given = {name: text for name, text in self.said.items() if text}
        return Description(self.path, self.dataset, {**written, **given})

    @property
    def stated(self) -> dict[str, str]:
        """What a report made at home repeats of it, so that nobody need say it again."""
        return of_report(self.said)

    def registered(
        self, client: "Client", *, use: str, columns: Sequence[Mapping[str, Any]], tell: "Tell"
    ) -> str:
        """The id of the data set: the one named, the file's own record, or a new one.

        A file that is on record is not sent again, and its record stays as it is, unless nothing
        was said of de-identification then and something is now.

        Args:
            client: of the registry.
            use: evaluation or explanation.
            columns: what is said of single columns.
            tell: hears of the upload.

        Raises:
            DataUndescribed: when there is no file, or nothing says where its rows come from.
        """
        if self.dataset is not None:
            return self.dataset
        if self.path is not None:
            require_one_file(self.path)
        known = self._on_record(client, use)
        if known is not None and (
            known["deidentification"] or not self.said.get("deidentification")
        ):
            tell(1, 1, _on_record_said(known))
            return str(known["id"])
        lacking = [name for name in NEEDED if not self.said.get(name)]
        if self.path is None or lacking:
            raise _undescribed(self.path, lacking)
        metadata = {
            "name": self.said.get("name") or self.path.name,
            "name_en": self.said.get("name_en", ""),
            "use": use,
            "columns": list(columns),
            "source": self.said["source"],
            "deidentification": self.said.get("deidentification", ""),
            "held_out": self.said.get("held_out", ""),
            "period": self.said.get("period", ""),
            "quasi_identifiers": self.said.get("quasi_identifiers"),
            "acknowledgement": self.said.get("acknowledgement", ""),
        }
        text = json.dumps(metadata, ensure_ascii=False)
        made = client.send_form("/datasets", text, self.path, name=self.path.name, tell=tell)
        return str(made["id"])

    def _on_record(self, client: "Client", use: str) -> dict[str, Any] | None:
        if self.path is None:
            return None
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        same = (each for each in client.items("/datasets") if each["digest"] == digest)
        return next((each for each in same if each["use"] == use), None)


def called(found: Mapping[str, Any]) -> Text:
    """What a data set is called, as the API gives it."""
    return Text(found["name"], found["name_en"] or found["name"])


def _on_record_said(known: Mapping[str, Any]) -> Text:
    name = called(known)
    return Text(f"数据已登记：{name.zh}", f"on record: {name.en}")


def require_one_file(path: Path) -> None:
    """See that data are no folder, where one file is taken.

    Raises:
        DataUndescribed: for a folder.
    """
    if path.is_dir():
        raise DataUndescribed(
            "登记系统每份数据收一个文件。请把文件夹合成一个 Parquet 文件。",
            "A registry takes one file per data set. Make one Parquet file of the folder.",
        )


def options(command: Command) -> Command:
    """The options by which a command takes a data file."""
    for option in (
        click.option(
            "--acknowledge",
            default="",
            help="组小于 k 时仍使用的理由 / why, where classes are small",
        ),
        click.option(
            "--quasi", multiple=True, metavar="COLUMN", help="准标识符，可多次 / quasi-identifier"
        ),
        click.option(
            "--deidentification", default="", help="怎样去除个人身份 / how de-identified"
        ),
        click.option(
            "--period", default="", help="什么时候的数据，如 2024/2025-06 / from when the rows are"
        ),
        click.option("--held-out", default="", help="怎样确保未用于训练 / how held out"),
        click.option("--source", default="", help="数据来源 / where the rows come from"),
        click.option("--data-name-en", default="", help="英文名称 / their name in English"),
        click.option("--data-name", default="", help="数据的名称 / what the data are called"),
        click.option("--dataset", help="已登记的数据编号 / a data set already on record"),
        click.option(
            "--data", type=ANY, help="CSV、Parquet 或 Arrow 文件 / a CSV, Parquet or Arrow file"
        ),
    ):
        command = option(command)
    return command


def of_options(given: Mapping[str, Any]) -> Description:
    """What the options say."""
    said: dict[str, Any] = {
        "source": str(given["source"]),
        "held_out": str(given["held_out"]),
        "period": str(given["period"]),
        "deidentification": str(given["deidentification"]),
        "name": str(given["data_name"]),
        "name_en": str(given["data_name_en"]),
        "quasi_identifiers": list(given["quasi"]) or None,
        "acknowledgement": str(given["acknowledge"]),
    }
    return Description(given["data"], given["dataset"], said)


def of_report(data: Mapping[str, Any]) -> dict[str, str]:
    """What a report says of its data that a data set on record says too.

    Args:
        data: `data` of the report.
    """
    return {name: str(data[name]) for name in STATED if data.get(name)}


def roles(columns: Mapping[str, Any]) -> list[dict[str, str]]:
    """The columns of a plan as a data set declares them; the first role of a column counts."""
    found: dict[str, str] = {}
    for role in (*ROLES, "inputs"):
        named = columns.get(role) or []
        for name in [named] if isinstance(named, str) else named:
            found.setdefault(str(name), "input" if role == "inputs" else role)
    return [{"name": name, "role": role} for name, role in found.items()]


def _undescribed(path: Path | None, lacking: Sequence[str]) -> DataUndescribed:
    if path is None:
        reasons = [
            Reason(
                "--data",
                Text("没有数据文件", "there is no data file"),
                Text("用 --data 给出文件，或用 --dataset 给出编号", "give --data or --dataset"),
            )
        ]
    else:
        reasons = [UNSAID[name] for name in lacking]
    return DataUndescribed(
        "数据还不能登记。", "The data cannot be registered yet.", reasons=reasons
    )
