from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from sqlalchemy.orm import Session

from registry import croissant, datasets, evaluations, journal, overlaps, reidentification, reports
from registry.artifacts import ArtifactStore
from registry.datafiles import DatasetRefused
from registry.datasets import Dataset, Use
from registry.organisations import Actor, Kind, NotYours, Organisation
from registry.reidentification import NotChecked, Reidentifiable, State, Wish
from tests import cast

REASON = "数据是合成的，没有真人"
ROLES = [{"name": "sex", "role": "sensitive"}, {"name": "y", "role": "target"}]


@pytest.fixture
def by(session: Session) -> Actor:
    """A tester."""
    return cast.actor(session, Kind.TESTER)


def rows(tmp_path: Path, form: str = "csv", rare: int = 1) -> Path:
    """Twelve people by sex and age band; `rare` of them are the only ones over seventy."""
    table = pa.table(
        {
            "sex": ["女", "男"] * 6,
            "age": ["30"] * (12 - rare) + ["70"] * rare,
            "y": [0, 1, 1] * 4,
        }
    )
    path = tmp_path / f"rows.{form}"
    if form == "csv":
        lines = [",".join(map(str, row.values())) for row in table.to_pylist()]
        path.write_text("\n".join([",".join(table.column_names), *lines, ""]), encoding="utf-8")
    elif form == "parquet":
        pq.write_table(table, path)
    else:
        pyarrow.feather.write_feather(table, path, compression="uncompressed")
    return path


def register(
    session: Session, store: ArtifactStore, by: Actor, path: Path, **more: Any
) -> Dataset:
    given: dict[str, Any] = {
        "name": "留出集",
        "use": Use.EVALUATION,
        "columns": ROLES,
        "source": "合成",
        "deidentification": "没有真人",
    }
    return datasets.register(session, store, by=by, path=path, **(given | more))


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow"])
def test_what_falls_short_is_refused_with_its_figures_and_nothing_is_stored(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, form: str
) -> None:
    with pytest.raises(Reidentifiable) as refused:
        register(session, store, by, rows(tmp_path, form), wish=Wish(("sex", "age")))
    said = {reason.item: reason.said.en for reason in refused.value.reasons}
    assert said["k"].startswith("The smallest class has 1 rows; the set k is 5")
    assert "1 are unique (8.3%)" in said["sex、age"]
    assert list(store.digests()) == []
    with pytest.raises(Reidentifiable):
        register(
            session, store, by, rows(tmp_path, form), wish=Wish(("sex", "age"), reason="  好 ")
        )


def test_an_acknowledgement_is_kept_and_journalled_with_who_and_when(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    made = register(
        session, store, by, rows(tmp_path), wish=Wish(("sex", "age"), f" {REASON} ", k=3)
    )
    found = reidentification.require(session, made.id)
    assert (found.state, found.reason, found.made_by) == (State.ACKNOWLEDGED, REASON, by.person_id)
    assert found.exposure is not None
    assert (found.exposure["smallest"], found.exposure["small_members"], found.k) == (1, 1, 3)
    event = journal.history(session, made.id)[-1]
    assert event.name == "dataset:reidentification:acknowledged"
    assert (event.person_id, event.organisation_id) == (by.person_id, by.organisation_id)
    assert event.details["reason"] == REASON
    assert "smallest" not in str(event.details)


def test_sensitive_columns_are_checked_where_nobody_names_any(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    made = register(session, store, by, rows(tmp_path))
    found = reidentification.require(session, made.id)
    assert (found.state, found.named, found.quasi_identifiers) == (State.PASSED, False, ["sex"])
    assert found.reason == ""


@pytest.mark.parametrize("columns", [[], [{"name": "age", "role": "sensitive"}]])
def test_an_open_check_keeps_a_data_set_from_every_plan(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path, columns: list[Any]
) -> None:
    made = register(session, store, by, rows(tmp_path), columns=columns)
    filer = cast.actor(session)
    version = cast.version(session, filer)
    engagement = cast.engaged(session, version, filer=filer, tester=by)

    def plan() -> evaluations.Evaluation:
        return evaluations.register_plan(
            session,
            by=by,
            version_id=version.id,
            dataset_id=made.id,
            plan={},
            engagement_id=engagement.id,
        )

    with pytest.raises(NotChecked):
        plan()
    with pytest.raises(Reidentifiable):
        datasets.check(session, store, by=by, dataset=made, wish=Wish())
    datasets.check(session, store, by=by, dataset=made, wish=Wish((), REASON))
    assert plan().dataset_id == made.id


def test_a_look_records_nothing_and_the_newest_check_counts(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    made = register(session, store, by, rows(tmp_path))
    looked = datasets.look(store, made, Wish(("age",)))
    assert (looked.state, looked.enough) == (None, False)
    assert len(reidentification.history(session, made.id)) == 1
    datasets.check(session, store, by=by, dataset=made, wish=Wish(("age",), REASON))
    first, second = reidentification.history(session, made.id)
    assert (first.state, second.state) == (State.ACKNOWLEDGED, State.PASSED)
    assert reidentification.latest_of(session, [made.id, "none"]) == {made.id: first}
    stranger = cast.actor(session, Kind.TESTER)
    with pytest.raises(NotYours):
        datasets.check(session, store, by=stranger, dataset=made, wish=Wish(("sex",)))


def test_a_column_that_names_people_is_refused_or_acknowledged(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = tmp_path / "named.csv"
    lines = [f"{'女男'[each % 2]},1380013800{each % 10}" for each in range(20)]
    path.write_text("\n".join(["sex,phone", *lines, ""]), encoding="utf-8")
    columns = [{"name": "sex", "role": "sensitive"}]
    open_ = register(session, store, by, path, columns=columns)
    assert reidentification.latest(session, open_.id) is None
    with pytest.raises(Reidentifiable) as refused:
        datasets.check(session, store, by=by, dataset=open_, wish=Wish(("sex",)))
    (reason,) = refused.value.reasons
    assert (reason.item, "look like mobile numbers" in reason.said.en) == ("phone", True)
    assert "13800138" not in str(reason)
    made = datasets.check(session, store, by=by, dataset=open_, wish=Wish(("sex",), REASON))
    assert made.state is State.ACKNOWLEDGED
    assert made.direct == [
        {"column": "phone", "form": "mobile_number", "values": 20, "filled": 20}
    ]


def test_columns_that_are_not_there_and_the_number_of_the_person_are_named(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    columns = [*ROLES, {"name": "age", "role": "user"}]
    with pytest.raises(reidentification.QuasiIdentifiersUnknown) as refused:
        register(
            session,
            store,
            by,
            rows(tmp_path),
            columns=columns,
            wish=Wish(("absent", "age", "sex")),
        )
    assert [reason.item for reason in refused.value.reasons] == ["absent", "age"]


def test_registering_again_finishes_an_open_check(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    path = rows(tmp_path)
    columns = [{"name": "age", "role": "sensitive"}]
    made = register(session, store, by, path, columns=columns)
    assert reidentification.latest(session, made.id) is None
    again = register(session, store, by, path, columns=columns, wish=Wish(("sex",)))
    assert again.id == made.id
    assert reidentification.require(session, made.id).quasi_identifiers == ["sex"]


def test_data_for_an_explanation_are_checked_only_on_wish_but_always_declared(
    session: Session, store: ArtifactStore, tmp_path: Path
) -> None:
    """public/B1: explanation data are declared de-identified like evaluation data."""
    filer = cast.actor(session)
    given: dict[str, Any] = {"use": Use.EXPLANATION}
    made = register(session, store, filer, rows(tmp_path), **given)
    assert reidentification.latest(session, made.id) is None
    for use in Use:
        with pytest.raises(DatasetRefused) as refused:
            register(session, store, filer, rows(tmp_path), use=use, deidentification=" ")
        assert [reason.item for reason in refused.value.reasons] == ["deidentification"]


def test_a_report_says_how_the_check_ended_and_no_figure(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    made = register(session, store, by, rows(tmp_path), wish=Wish(("age",), REASON))
    said = reports.data(session, made)
    assert said["reidentification"]["state"] == "acknowledged"
    assert said["reidentification"]["quasi_identifiers"] == ["age"]
    assert (said["source"], said["deidentification"]) == ("合成", "没有真人")
    assert not {"exposure", "smallest", "unique"} & set(said["reidentification"])


def test_a_croissant_describes_the_columns_and_holds_no_row(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    plain = {"name": "sex", "role": "sensitive", "plain": {"zh": "性别", "en": "sex"}}
    made = register(session, store, by, rows(tmp_path, "parquet"), columns=[plain])
    found = croissant.describe(
        made,
        session.get_one(Organisation, by.organisation_id),
        address="https://registry.example/zh/datasets/x",
        check=reidentification.latest(session, made.id),
    )
    assert "http://mlcommons.org/croissant/1.0" in found["conformsTo"]
    (file,) = found["distribution"]
    assert (file["sha256"], file["encodingFormat"]) == (made.digest, "application/x-parquet")
    assert not file["contentUrl"].startswith("http")
    (records,) = found["recordSet"]
    assert not {"data", "examples"} & set(records)
    assert [each["dataType"] for each in records["field"]] == ["sc:Text", "sc:Text", "sc:Integer"]
    assert all(each["source"]["fileObject"] == {"@id": file["@id"]} for each in records["field"])
    assert records["field"][0]["description"].startswith("性别（敏感特征")
    assert found["rai:personalSensitiveInformation"] == ["sex"]
    assert found["rai:dataPreprocessingProtocol"] == ["没有真人"]
    mandatory = {"name", "description", "license", "url", "creator", "datePublished", "citeAs"}
    assert mandatory <= set(found)
    assert _undeclared(found) == set()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the peer's own libraries
def test_a_croissant_is_valid_for_its_own_library(
    session: Session, store: ArtifactStore, by: Actor, tmp_path: Path
) -> None:
    peer = pytest.importorskip("mlcroissant")
    made = register(session, store, by, rows(tmp_path))
    owner = session.get_one(Organisation, by.organisation_id)
    told = croissant.describe(made, owner, address="https://registry.example/zh/datasets/x")
    issues = peer.Dataset(jsonld=told).metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings


def test_rows_shared_with_ones_own_other_data_are_counted_and_nobody_elses(
    session: Session,
    store: ArtifactStore,
    by: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = register(session, store, by, rows(tmp_path))
    more = pa.table({"sex": ["女", "男", "男"], "age": ["30", "30", "99"], "y": [0, 1, 0]})
    pq.write_table(more, tmp_path / "more.parquet")
    second = register(session, store, by, tmp_path / "more.parquet", name="另一批", columns=[])
    pq.write_table(pa.table({"z": [1, 2]}), tmp_path / "far.parquet")
    far = register(session, store, by, tmp_path / "far.parquet", name="别的列", columns=[])
    stranger = cast.actor(session, Kind.TESTER)
    register(session, store, stranger, rows(tmp_path))
    found = {each.other.id: each.overlap for each in overlaps.beside(session, store, second)}
    assert set(found) == {first.id, far.id}
    assert found[far.id] is None
    shared = found[first.id]
    assert shared is not None
    # The csv's ages are whole numbers, the other file's are text: nothing is shared by accident.
    assert (shared.rows, shared.shared, shared.columns) == (3, 0, ("age", "sex", "y"))
    third = register(session, store, by, rows(tmp_path, "parquet"), name="同一批", columns=[])
    again = {each.other.id: each.overlap for each in overlaps.beside(session, store, third)}
    known = again[second.id]
    assert known is not None
    assert known.shared > 0
    monkeypatch.setattr(overlaps, "MOST_ROWS", 20)  # enough for one of the two
    some = [each.overlap for each in overlaps.beside(session, store, third)]
    assert [each is None for each in some] == [True, False, True]


def _undeclared(found: dict[str, Any]) -> set[str]:
    """Properties of Croissant's own that the context does not declare."""
    own = {"recordSet", "field", "extract", "column", "fileObject", "citeAs", "isLiveDataset"}
    used: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            used.update(value)
            for key, each in value.items():
                if key != "@context":
                    walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(found)
    prefixes = {name.partition(":")[0] for name in used if ":" in name}
    return ((own & used) | prefixes) - set(found["@context"])
