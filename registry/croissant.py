"""A data set described in MLCommons Croissant 1.0 (JSON-LD), with the RAI vocabulary; never a row.

Croissant describes a data set so that tools can read it: the file with its SHA-256, and one field
per column. The rows stay with their owner, so the file is named by its digest and not by an
address, and no record set carries `data` or `examples`. Roles, which Croissant has no word for,
are told in each field's description; what is personal, how the rows were obtained and how they
were de-identified stand in the properties that the RAI extension has for it.
Specification: docs.mlcommons.org/croissant (1.0, and RAI 1.0).
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from registry import legal_day
from registry.columns import ROLE_NAMES
from registry.datasets import Dataset
from registry.language import Text
from registry.organisations import Organisation
from registry.reidentification import STATE_NAMES, ReidentificationCheck

CONFORMS = ("http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0")
MEDIA_TYPE = "application/ld+json"
ENCODINGS = {
    "csv": "text/csv",
    "csv-gbk": "text/csv",
    "parquet": "application/x-parquet",
    "arrow": "application/vnd.apache.arrow.file",
}
ENDINGS = {"csv": "csv", "csv-gbk": "csv", "parquet": "parquet", "arrow": "arrow"}
TYPES = {
    "boolean": "sc:Boolean",
    "long": "sc:Integer",
    "double": "sc:Float",
    "datetime": "sc:DateTime",
    "string": "sc:Text",
}
NOT_OFFERED = Text(
    "不对外提供：每一行只有登记单位自己能看到",
    "Not offered: the rows are for the organisation that registered them alone",
)
CONTEXT: Mapping[str, Any] = {
    "@language": "zh",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe(
    dataset: Dataset,
    owner: Organisation,
    *,
    address: str,
    check: ReidentificationCheck | None = None,
) -> dict[str, Any]:
    """The description of a data set on record.

    Args:
        dataset: which.
        owner: the organisation that registered it.
        address: of its page in this registry, which only its owner may open.
        check: the re-identification check that counts; its figures are left out.
    """
    file = f"rows.{ENDINGS[dataset.format]}"
    return {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS),
        "name": dataset.name,
        **({"alternateName": dataset.name_en} if dataset.name_en else {}),
        "description": _description(dataset),
        "identifier": f"sha256:{dataset.digest}",
        "citeAs": f"{owner.name_zh}：{dataset.name}（sha256:{dataset.digest}）",
        "url": address,
        "license": f"{NOT_OFFERED.zh} / {NOT_OFFERED.en}",
        "creator": {"@type": "sc:Organization", "name": owner.name_zh, "url": address},
        "datePublished": legal_day.of(dataset.created).isoformat(),
        "version": "1.0.0",
        "isLiveDataset": False,
        **_responsible(dataset, check),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file,
                "name": file,
                "description": str(NOT_OFFERED.zh),
                "contentUrl": f"urn:sha256:{dataset.digest}",
                "contentSize": f"{dataset.size} B",
                "encodingFormat": ENCODINGS[dataset.format],
                "sha256": dataset.digest,
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "rows",
                "name": "rows",
                "description": f"{dataset.rows} 行 / {dataset.rows} rows",
                "field": [_field(column, file) for column in dataset.columns],
            }
        ],
    }


def _description(dataset: Dataset) -> str:
    said = f"来源 / source: {dataset.source}"
    if dataset.period:
        said += f"\n时间 / period: {dataset.period}"
    return f"{said}\n与训练数据分开 / held out: {dataset.held_out}" if dataset.held_out else said


def _responsible(dataset: Dataset, check: ReidentificationCheck | None) -> dict[str, Any]:
    """What the RAI vocabulary has words for."""
    sensitive = [column["name"] for column in dataset.columns if column["role"] == "sensitive"]
    said: dict[str, Any] = {
        "rai:dataCollection": dataset.source,
        "rai:dataUseCases": "测试评估 / testing and evaluation"
        if dataset.use == "evaluation"
        else "算法说明 / explanation of an algorithm",
    }
    if sensitive:
        said["rai:personalSensitiveInformation"] = sensitive
    if dataset.deidentification:
        said["rai:dataPreprocessingProtocol"] = [dataset.deidentification]
    if check is not None:
        state = STATE_NAMES[check.state]
        columns = "、".join(map(str, check.quasi_identifiers)) or "—"
        said["rai:dataLimitations"] = (
            f"重标识检查：{state.zh}（k={check.k}；准标识符：{columns}） / "
            f"re-identification check: {state.en} (k={check.k}; quasi-identifiers: {columns})"
        )
    return said


def _field(column: Mapping[str, Any], file: str) -> dict[str, Any]:
    name, role = str(column["name"]), ROLE_NAMES[str(column["role"])]
    plain = column.get("plain")
    said = f"{role.zh} / {role.en}"
    if isinstance(plain, Mapping) and plain.get("zh"):
        said = f"{plain['zh']}（{said}）"
    return {
        "@type": "cr:Field",
        "@id": f"rows/{quote(name, safe='')}",
        "name": name,
        "description": said,
        "dataType": TYPES[str(column["type"])],
        "source": {"fileObject": {"@id": file}, "extract": {"column": name}},
    }
