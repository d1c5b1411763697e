import json
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

import filing
import filing.recommended
import registry
from portal import migrations
from registry import database
from registry.database import Record


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'migrated.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    engine = database.connect(url)
    yield engine
    engine.dispose()


def owners() -> set[str]:
    found = set()
    for package in (registry, filing, filing.recommended):
        for each in pkgutil.iter_modules(package.__path__):
            name = f"{package.__name__}.{each.name}"
            if each.ispkg or name == "registry.mlflow_snapshots":
                continue
            module = import_module(name)
            found |= {
                name
                for value in vars(module).values()
                if isinstance(value, type)
                and issubclass(value, Record)
                and value is not Record
                and value.__module__ == name
            }
    return found


def test_every_module_that_owns_tables_is_listed() -> None:
    assert set(migrations.OWNERS) == owners()


def test_the_migrations_make_the_tables_that_the_code_declares(empty: Engine) -> None:
    migrations.upgrade(empty)

    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Record.metadata) == []


def test_upgrading_twice_changes_nothing(empty: Engine) -> None:
    migrations.upgrade(empty)
    migrations.upgrade(empty)

    assert migrations.current(empty) == migrations.head()


def test_the_way_back_leaves_nothing_behind(empty: Engine) -> None:
    migrations.upgrade(empty)
    migrations.downgrade(empty, "base")

    assert inspect(empty).get_table_names() in ([], ["alembic_version"])


def test_rows_outlive_an_upgrade(empty: Engine, organisation_row: Callable[[Engine], str]) -> None:
    migrations.upgrade(empty, "0001")
    name = organisation_row(empty)

    migrations.upgrade(empty)

    with empty.connect() as connection:
        assert connection.scalar(text("SELECT name_zh FROM organisation")) == name


def test_accounts_outlive_the_new_way_of_counting(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """security/S4: counts of a quarter of an hour are forgotten, people and sign-ins stay."""
    migrations.upgrade(empty, "0003")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, SIGN_IN, SIGN_IN_ATTEMPT):
            connection.execute(text(row))

    migrations.upgrade(empty, "0004")
    with empty.begin() as connection:
        assert connection.scalar(text("SELECT person_id FROM sign_in")) == "p1"
        assert connection.scalar(text("SELECT count(*) FROM guess")) == 0
        connection.execute(text(RESET))
    assert "sign_in_attempt" not in inspect(empty).get_table_names()

    migrations.downgrade(empty, "0003")
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT email FROM person")) == "wang@example.test"
        assert connection.scalar(text("SELECT count(*) FROM sign_in_attempt")) == 0
    migrations.upgrade(empty)


SIGN_IN = """
INSERT INTO sign_in (id, created, token_digest, person_id, organisation_id, csrf, expires)
VALUES ('s1', '2026-11-21 00:00:00', 'aa', 'p1', 'o1', 'c', '2026-12-21 00:00:00')
"""
SIGN_IN_ATTEMPT = """
INSERT INTO sign_in_attempt (id, created, key) VALUES ('a1', '2026-11-21 00:00:00', 'k')
"""
RESET = """
INSERT INTO password_reset (id, created, token_digest, person_id, expires)
VALUES ('r1', '2026-11-21 00:00:00', 'bb', 'p1', '2026-12-21 00:00:00')
"""
DATASET = """
INSERT INTO dataset (id, created, organisation_id, name, use, digest, format, size, rows, columns,
  source, deidentification, held_out, registered_by)
VALUES ('d1', '2026-11-21 00:00:00', 'o1', '留出集', 'evaluation', 'aa', 'csv', 1, 1, '[]', '合成',
  '', '', 'p1')
"""
PERSON = """
INSERT INTO person (id, created, email, name, password_hash)
VALUES ('p1', '2026-11-21 00:00:00', 'wang@example.test', '王明', '-')
"""
CHECK = """
INSERT INTO reidentification_check (id, created, dataset_id, quasi_identifiers, named, k, direct,
  state, reason, made_by)
VALUES ('c1', '2026-11-21 00:00:00', 'd1', '["race"]', true, 5, '[]', 'acknowledged', '合成数据，没有真人',
  'p1')
"""


def test_checks_of_data_sets_come_and_go_and_the_data_sets_stay(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0001")
    organisation_row(empty)
    with empty.begin() as connection:
        connection.execute(text(PERSON))
        connection.execute(text(DATASET))

    migrations.upgrade(empty, "0002")
    with empty.begin() as connection:
        connection.execute(text(CHECK))

    migrations.downgrade(empty, "0001")
    assert "reidentification_check" not in inspect(empty).get_table_names()
    migrations.upgrade(empty, "0002")

    with empty.connect() as connection:
        assert connection.scalar(text("SELECT name FROM dataset")) == "留出集"
        assert connection.scalar(text("SELECT count(*) FROM reidentification_check")) == 0


@pytest.mark.parametrize("name", ["留出集", "贷款（留出）/ Loans, held out"])
def test_data_sets_are_called_as_before_and_may_be_named_in_english(
    empty: Engine, organisation_row: Callable[[Engine], str], name: str
) -> None:
    migrations.upgrade(empty, "0014")
    organisation_row(empty)
    with empty.begin() as connection:
        connection.execute(text(PERSON))
        connection.execute(text(DATASET))
        connection.execute(text("UPDATE dataset SET name = :name"), {"name": name})
    before = contents(empty)

    migrations.upgrade(empty, "0015")
    with empty.begin() as connection:
        row = connection.execute(text("SELECT name, name_en FROM dataset")).one()
        assert tuple(row) == (name, "")
        connection.execute(text("UPDATE dataset SET name_en = 'Loans'"))

    migrations.downgrade(empty, "0014")
    assert contents(empty) == before
    migrations.upgrade(empty)


def test_work_under_way_outlives_the_columns_of_putting_off(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """scale/1: what is queued or runs at the upgrade loses no attempt to what was dropped."""
    migrations.upgrade(empty, "0004")
    organisation_row(empty)
    with empty.begin() as connection:
        for name, state, attempts in (("a", "queued", 2), ("b", "running", 3), ("c", "failed", 3)):
            connection.execute(text(WORK), {"id": name, "state": state, "attempts": attempts})
        # Evaluations and explanations refer to their work: a table made anew would be refused.
        connection.execute(text("CREATE TABLE refers (work_id VARCHAR(32) REFERENCES work (id))"))
        connection.execute(text("INSERT INTO refers VALUES ('a')"))

    migrations.upgrade(empty, "0005")
    with empty.begin() as connection:
        found = connection.execute(
            text("SELECT id, state, attempts, returned, not_before FROM work ORDER BY id")
        ).all()
        assert [tuple(row) for row in found] == [
            ("a", "queued", 0, 0, None),
            ("b", "running", 0, 0, None),
            ("c", "failed", 3, 0, None),
        ]
        connection.execute(text("UPDATE work SET state = 'parked' WHERE id = 'b'"))

    migrations.downgrade(empty, "0004")
    with empty.connect() as connection:
        states = connection.execute(text("SELECT id, state FROM work ORDER BY id")).all()
    assert [tuple(row) for row in states] == [("a", "queued"), ("b", "queued"), ("c", "failed")]
    with empty.begin() as connection:
        connection.execute(text("DROP TABLE refers"))


def test_workers_get_a_table_beside_what_is_there(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """scale/1: work under way is not touched, and the way back loses nothing else."""
    migrations.upgrade(empty, "0007")
    organisation_row(empty)
    with empty.begin() as connection:
        connection.execute(
            text(WORK.replace("cancel)", "cancel, returned)").replace("false)", "false, 0)")),
            {"id": "a", "state": "queued", "attempts": 0},
        )
    migrations.upgrade(empty, "0008")
    with empty.begin() as connection:
        assert connection.scalar(text("SELECT state FROM work")) == "queued"
        assert connection.scalar(text("SELECT count(*) FROM worker")) == 0
        connection.execute(text("INSERT INTO worker VALUES ('w', '1', 1.5, 1.0, '存储', 'store')"))
    migrations.downgrade(empty, "0007")
    assert "worker" not in inspect(empty).get_table_names()
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT state FROM work")) == "queued"


def test_uploads_and_seals_get_tables_beside_what_is_there(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """scale/2: versions, work and workers of 0008 stay as they are, there and back."""
    migrations.upgrade(empty, "0008")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        connection.execute(
            text(WORK.replace("cancel)", "cancel, returned)").replace("false)", "false, 0)")),
            {"id": "a", "state": "running", "attempts": 1},
        )
        connection.execute(text("INSERT INTO worker VALUES ('w', '1', 1.5, 1.0, '存储', 'store')"))
    before = contents(empty)
    assert {"organisation", "person", "model", "version", "work", "worker"} <= {
        name for name, rows in before.items() if rows
    }

    migrations.upgrade(empty, "0009")
    after = contents(empty)
    assert {name: after[name] for name in before} == before
    assert {name for name in after if name not in before} == set(UPLOADS)
    with empty.begin() as connection:
        for row in UPLOADS.values():
            connection.execute(text(row))
    with pytest.raises(IntegrityError), empty.begin() as connection:  # one file at one path
        connection.execute(text(UPLOADS["staged_file"].replace("('f'", "('g'")))
    with pytest.raises(IntegrityError), empty.begin() as connection:  # of an organisation there is
        connection.execute(
            text(
                UPLOADS["staged_folder"]
                .replace("'o1'", "'o9'")
                .replace("'d', ", "'e', ")
                .replace("w/o1", "w/o9")
            )
        )
    full = contents(empty)
    assert full["staged_file"][0][-1] == 5 * 2**30
    assert {name: full[name] for name in before} == before

    migrations.upgrade(empty)
    migrations.downgrade(empty, "0008")
    assert contents(empty) == before


def test_uploads_under_way_go_on_without_a_number_of_parts(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0015")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (UPLOADS["staged_folder"], UPLOADS["part_upload"], UPLOADS["part"]):
            connection.execute(text(row))
    before = contents(empty)

    migrations.upgrade(empty, "0017")
    with empty.begin() as connection:
        assert connection.scalar(text("SELECT parts FROM part_upload WHERE id = 'u'")) is None
        connection.execute(
            text(
                "INSERT INTO part_upload (id, created, folder_id, path, secret, token, parts) "
                "VALUES ('v', '2026-11-21 00:00:00', 'd', 'w/o1/1/丁', 'secret', '', 3)"
            )
        )
        assert connection.scalar(text("SELECT sum(parts) FROM part_upload")) == 3
        connection.execute(text("DELETE FROM part_upload WHERE id = 'v'"))
    migrations.downgrade(empty, "0015")
    assert contents(empty) == before


def contents(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table but Alembic's own."""
    names = [name for name in inspect(engine).get_table_names() if name != "alembic_version"]
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))]
            for name in names
        }


UPLOADS = {
    "store_mark": "INSERT INTO store_mark VALUES ('s', '2026-11-21 00:00:00', 'mark')",
    "staged_folder": "INSERT INTO staged_folder (id, created, organisation_id, path, touched) VALUES "
    "('d', '2026-11-21 00:00:00', 'o1', 'w/o1/1', '2026-11-21 00:00:00')",
    "staged_file": "INSERT INTO staged_file (id, created, folder_id, path, digest, size) VALUES "
    "('f', '2026-11-21 00:00:00', 'd', 'w/o1/1/甲', 'digest', 5368709120)",
    "seal": "INSERT INTO seal (id, created, folder_id, path, digest, run_id, logged_model_id) "
    "VALUES ('l', '2026-11-21 00:00:00', 'd', 'w/o1/1/乙', 'digest', 'run', '')",
    "part_upload": "INSERT INTO part_upload (id, created, folder_id, path, secret, token) VALUES "
    "('u', '2026-11-21 00:00:00', 'd', 'w/o1/1/丙', 'secret', '')",
    "part": "INSERT INTO part (id, created, upload_id, number, digest, size) VALUES "
    "('p', '2026-11-21 00:00:00', 'u', 1, 'digest', 5368709120)",
}


WORK = """
INSERT INTO work (id, created, kind, subject_id, organisation_id, dedup, state, claim, attempts,
  done, total, said_zh, said_en, cancel)
VALUES (:id, '2026-11-21 00:00:00', 'evaluation', 'e', 'o1', :id, :state, 1, :attempts, 0, 0, '',
  '', false)
"""


@pytest.fixture
def organisation_row() -> Callable[[Engine], str]:
    def write(engine: Engine) -> str:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO organisation (id, created, kind, name_zh, name_en, district) "
                    "VALUES ('o1', '2026-11-21 00:00:00', 'enterprise', '甲公司', 'A Ltd', '')"
                )
            )
        return "甲公司"

    return write


MODEL = """
INSERT INTO model (id, created, organisation_id, name)
VALUES ('m1', '2026-11-21 00:00:00', 'o1', 'credit')
"""
VERSION = """
INSERT INTO version (id, created, model_id, organisation_id, number, digest, size, manifest,
  flavour, trust_class, inputs, screening, note, submitted_by)
VALUES ('v1', '2026-11-21 00:00:00', 'm1', 'o1', 1, 'aa', 1, '{}', 'sklearn', 'data', '[]', '{}', '', 'p1')
"""
FILING = """
INSERT INTO filing (id, created, version_id, model_id, organisation_id, opened_by, schema_version,
  status, since, revision, answers, report_ids, submissions, editions)
VALUES ('f1', '2026-11-21 00:00:00', 'v1', 'm1', 'o1', 'p1', '1', 'draft', '2026-11-21 00:00:00', 1,
  :answers, '[]', 0, 0)
"""


def test_a_withheld_answer_keeps_its_content_and_gets_a_ground_of_ours(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """law.md, "Sealing": that the city protects models (SH16-protect) is no ground."""
    seal: dict[str, Any] = {
        "reason": {"zh": "算法的阈值"},
        "ground": "SH16-protect",
        "review": "2027-06-01",
    }
    answers: dict[str, Any] = {
        "D7": {"value": [{"zh": "七"}], "sealed": seal},
        "B1": {"value": {"zh": "甲"}},
    }
    migrations.upgrade(empty, "0002")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        connection.execute(text(FILING), {"answers": json.dumps(answers)})

    migrations.upgrade(empty)
    assert stored_answers(empty) == {
        **answers,
        "D7": {**answers["D7"], "sealed": {**seal, "ground": "trade_secret"}},
    }
    migrations.downgrade(empty, "0002")
    assert stored_answers(empty) == answers


def test_an_edition_that_is_there_stays_and_can_no_longer_be_changed_or_deleted(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """The database itself refuses; when it was published and by whom is not in its bytes."""
    migrations.upgrade(empty, "0041")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        connection.execute(text(FILING), {"answers": "{}"})
        connection.execute(text(EDITION))
    migrations.upgrade(empty)
    changes = (
        "UPDATE edition SET content = '{}'",
        "UPDATE edition SET digest = 'bb'",
        "UPDATE edition SET record = 'x'",
        "UPDATE edition SET number = 2",
        "DELETE FROM edition",
    )
    for change in changes:
        with pytest.raises(DBAPIError, match="never changes"), empty.begin() as connection:
            connection.execute(text(change))
    migrations.downgrade(empty, "0041")
    with empty.begin() as connection:
        assert connection.scalar(text("SELECT digest FROM edition")) == "aa"
        connection.execute(text("DELETE FROM edition"))
    migrations.upgrade(empty)


def stored_answers(engine: Engine) -> Any:
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT answers FROM filing"))
    return json.loads(found) if isinstance(found, str) else found


CHANGED_FILING = """
INSERT INTO filing (id, created, version_id, model_id, organisation_id, opened_by, schema_version,
  status, since, revision, answers, report_ids, submissions, editions, grade_change)
VALUES ('f1', '2026-11-21 00:00:00', 'v2', 'm1', 'o1', 'p1', '1', 'change_pending',
  '2026-11-21 00:00:00', 9, '{}', '[]', 1, 1,
  '{"level": "low", "reason": {"zh": "审核认为风险低"}, "person_id": "p1", "at": "2026-11-21"}')
"""
EDITION = """
INSERT INTO edition (id, created, filing_id, number, content, digest, record, published,
  published_by)
VALUES ('e1', '2026-11-21 00:00:00', 'f1', 1, '{"model":{"version_id":"v1"}}', 'aa', '{}',
  '2026-11-21 00:00:00', 'p1')
"""


@pytest.mark.parametrize(
    ("status", "submitted", "kept"),
    [
        ("submitted", 2, True),
        ("accepted", 1, True),
        ("filed", 1, True),
        ("draft", 0, False),
        ("returned", 1, False),
        ("change_pending", 1, False),
        ("published", 1, False),
    ],
)
def test_what_is_under_review_is_kept_as_its_submission(
    empty: Engine,
    organisation_row: Callable[[Engine], str],
    status: str,
    submitted: int,
    kept: bool,
) -> None:
    """What an editable filing said when it was submitted is not known, so nothing is made up."""
    answers = '{"B2": {"value": {"zh": "判断贷款"}}}'
    migrations.upgrade(empty, "0013")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        connection.execute(text(FILING), {"answers": answers})
        connection.execute(
            text(
                "UPDATE filing SET status = :status, submissions = :count, report_ids = :reports"
            ),
            {"status": status, "count": submitted, "reports": '["r1"]'},
        )
    before = contents(empty)

    migrations.upgrade(empty, "0014")
    with empty.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT filing_id, number, version_id, explanation_id, CAST(report_ids AS TEXT), "
                "CAST(answers AS TEXT) FROM submission"
            )
        ).all()
    found = [(*row[:4], json.loads(row[4]), json.loads(row[5])) for row in rows]
    expected = ("f1", submitted, "v1", None, ["r1"], json.loads(answers))
    assert found == ([expected] if kept else [])
    assert {name: rows for name, rows in contents(empty).items() if name in before} == before

    migrations.downgrade(empty, "0013")
    assert contents(empty) == before
    migrations.upgrade(empty)


def test_a_submission_on_record_takes_the_form_of_its_filing(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0036")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        connection.execute(text(FILING), {"answers": "{}"})
        connection.execute(
            text(
                "INSERT INTO submission (id, created, filing_id, number, version_id, answers, "
                "report_ids) VALUES ('s1', '2026-11-21 00:00:00', 'f1', 1, 'v1', '{}', '[]')"
            )
        )
    before = contents(empty)

    migrations.upgrade(empty, "0037")
    with empty.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT submission.schema_version, filing.schema_version FROM submission "
                "JOIN filing ON filing.id = submission.filing_id"
            )
        ).all()
    assert [tuple(each) for each in rows] == [("1", "1")]

    migrations.downgrade(empty, "0036")
    assert contents(empty) == before
    migrations.upgrade(empty)


def test_no_organisation_on_record_is_taken_for_verified(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0037")
    organisation_row(empty)
    before = contents(empty)
    migrations.upgrade(empty, "0038")
    after = contents(empty)
    assert after.pop("identity_verification") == []
    assert after == before
    migrations.downgrade(empty, "0037")
    assert contents(empty) == before
    migrations.upgrade(empty)


def test_files_that_answers_name_already_are_held_and_answers_stay(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """filing/S14: an uploaded file had a digest in an answer and no row of its own."""
    migrations.upgrade(empty, "0038")
    organisation_row(empty)
    file = {"name": "承诺书.pdf", "sha256": "a" * 64, "size": 3}
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        answers = {"A9": {"value": {"statement": "true", "file": file}}}
        connection.execute(text(FILING), {"answers": json.dumps(answers)})
    before = contents(empty)
    migrations.upgrade(empty, "0039")
    after = contents(empty)
    (held,) = after.pop("evidence_file")
    assert after == before
    told = [str(each) for each in held]
    assert {"f1", "a" * 64, "承诺书.pdf", "unread"} <= set(told)
    migrations.downgrade(empty, "0038")
    assert contents(empty) == before
    migrations.upgrade(empty)


def test_a_grade_changed_by_one_reviewer_counts_no_longer_and_versions_stay_held(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """filing/B2, filing/S19: with data in place."""
    migrations.upgrade(empty, "0005")
    organisation_row(empty)
    with empty.begin() as connection:
        second = VERSION.replace("'v1'", "'v2'").replace("'o1', 1, 'aa'", "'o1', 2, 'bb'")
        rows = [PERSON, MODEL, VERSION, second]
        for row in (*rows, CHANGED_FILING, EDITION):
            connection.exec_driver_sql(row)

    migrations.upgrade(empty, "0006")
    with empty.connect() as connection:
        found = connection.execute(
            text("SELECT grade_change, grade_proposal, published_version_id FROM filing")
        ).one()
    assert found == (None, None, "v1")
    migrations.downgrade(empty, "0005")
    assert "grade_proposal" not in {each["name"] for each in inspect(empty).get_columns("filing")}


BEFORE_EFFECTS = "0006"
LISTING = """
INSERT INTO listing (id, created, filing_id, number, slug, organisation_id, grade, kinds, sectors,
  published, card, words)
VALUES (:id, '2026-11-21 00:00:00', :id, :id, :id, 'o1', 'low', '||', '||', '2026-11-21 00:00:00',
  '{}', '')
"""


def an_edition(filing: str, number: int, *answers: dict[str, str]) -> str:
    content = json.dumps({"model": {"version_id": "v1"}, "answers": answers})
    row = EDITION.replace('\'{"model":{"version_id":"v1"}}\'', f"'{content}'")
    return row.replace("'e1'", f"'{filing}{number}'").replace("'f1', 1,", f"'{filing}', {number},")


def test_every_line_of_the_catalogue_is_given_the_effect_its_edition_states(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    """Of several editions the newest counts; a line whose edition does not state it stays empty."""
    migrations.upgrade(empty, BEFORE_EFFECTS)
    organisation_row(empty)
    second = VERSION.replace("'v1'", "'v2'").replace("'o1', 1, 'aa'", "'o1', 2, 'bb'")
    other = CHANGED_FILING.replace("'f1'", "'f2'")
    editions = [
        an_edition("f1", 1, {"key": "B14", "value": "informs"}),
        an_edition("f1", 2, {"key": "B1", "value": "x"}, {"key": "B14", "value": "prices"}),
        an_edition("f2", 1),
    ]
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION, second, CHANGED_FILING, other, *editions):
            connection.exec_driver_sql(row)
        for name in ("f1", "f2"):
            connection.execute(text(LISTING), {"id": name})

    migrations.upgrade(empty)
    with empty.connect() as connection:
        found = connection.execute(
            text("SELECT filing_id, effect FROM listing ORDER BY filing_id")
        )
        assert [tuple(row) for row in found.all()] == [("f1", "prices"), ("f2", "")]

    migrations.downgrade(empty, BEFORE_EFFECTS)
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM listing")) == 2
    migrations.upgrade(empty)


def test_the_recommended_catalogue_comes_and_goes_and_the_rest_stays(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0023")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        connection.execute(text(FILING), {"answers": "{}"})
    before = contents(empty)

    migrations.upgrade(empty, "0020")
    with empty.begin() as connection:
        connection.execute(text(RECOMMENDED))
        connection.execute(text(APPLICATION))
    with pytest.raises(IntegrityError), empty.begin() as connection:
        connection.execute(text(RECOMMENDED.replace("'k1'", "'k2'")))
    migrations.downgrade(empty, "0023")
    assert contents(empty) == before
    migrations.upgrade(empty)


def test_weights_by_two_keep_what_is_in_force_and_the_public_revision(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0020")
    organisation_row(empty)
    with empty.begin() as connection:
        connection.execute(text(RECOMMENDED))
        connection.execute(text("UPDATE recommended_catalogue SET revision = 7"))
    before = contents(empty)
    migrations.upgrade(empty, "0024")
    read = text("SELECT weights, revision, public_revision, proposal FROM recommended_catalogue")
    with empty.connect() as connection:
        weights, *rest = connection.execute(read).one()
        assert (str(weights), rest) == ("{}", [7, 7, None])
    migrations.downgrade(empty, "0020")
    assert contents(empty) == before
    migrations.upgrade(empty)


def test_attachments_come_beside_the_concerns_on_record(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0027")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        connection.execute(text(FILING), {"answers": "{}"})
        connection.execute(text(CONCERN))
    before = contents(empty)

    migrations.upgrade(empty, "0025")
    assert {name: rows for name, rows in contents(empty).items() if name in before} == before
    with empty.begin() as connection:
        connection.execute(text(ATTACHMENT))
    with pytest.raises(IntegrityError), empty.begin() as connection:
        connection.execute(text(ATTACHMENT.replace("'a1', ", "'a2', ").replace("'c1'", "'c2'")))
    migrations.downgrade(empty, "0027")
    assert contents(empty) == before
    migrations.upgrade(empty)


CONCERN = """
INSERT INTO concern (id, created, number, filing_id, filer_id, by_filer, route, situation, status,
  since, revision, acknowledge_by, delete_on)
VALUES ('c1', '2026-11-21 00:00:00', 'ABCDE14345', 'f1', 'o1', false, 'report', 'other', 'received',
  '2026-11-21 00:00:00', 1, '2026-11-28', '2028-11-20')
"""
ATTACHMENT = """
INSERT INTO concern_attachment (id, created, concern_id, position, kind, size, digest)
VALUES ('a1', '2026-11-21 00:00:00', 'c1', 1, 'png', 10, NULL)
"""
RECOMMENDED = """
INSERT INTO recommended_catalogue (id, created, organisation_id, slug, city, guidance, weights,
  revision)
VALUES ('k1', '2026-11-21 00:00:00', 'o1', 'example', 'shanghai', '{}', '{}', 1)
"""
APPLICATION = """
INSERT INTO recommended_application (id, created, catalogue_id, filing_id, filer_id, applied_by,
  status, since, revision, filer_revision, offer, refusals)
VALUES ('r1', '2026-11-21 00:00:00', 'k1', 'f1', 'o1', 'p1', 'submitted', '2026-11-21 00:00:00', 1,
  1, '{}', 0)
"""


@pytest.mark.parametrize(
    ("status", "waits"),
    [("submitted", "accept_filing"), ("returned", "mend_filing"), ("published", None)],
)
def test_what_waits_at_the_upgrade_waits_on_the_desk(
    empty: Engine, organisation_row: Callable[[Engine], str], status: str, waits: str | None
) -> None:
    migrations.upgrade(empty, "0018")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, MODEL, VERSION):
            connection.execute(text(row))
        connection.execute(text(FILING), {"answers": '{"B1": {"value": {"zh": "贷款"}}}'})
        connection.execute(text("UPDATE filing SET status = :status"), {"status": status})
        connection.execute(text("UPDATE organisation SET kind = 'authority'"))
    before = contents(empty)

    migrations.upgrade(empty, "0019")
    with empty.connect() as connection:
        found = connection.execute(
            text("SELECT organisation_id, subject, what, label, created FROM inbox_item")
        ).all()
    assert [tuple(row)[:4] for row in found] == ([("o1", "f1", waits, "贷款")] if waits else [])
    assert all(str(row.created).startswith("2026-11-21 00:00:00") for row in found)
    migrations.downgrade(empty, "0018")
    assert contents(empty) == before
    migrations.upgrade(empty)


def test_keys_of_forms_come_beside_what_is_on_record(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0019")
    organisation_row(empty)
    before = contents(empty)
    migrations.upgrade(empty, "0023")
    assert {name: rows for name, rows in contents(empty).items() if name in before} == before
    migrations.downgrade(empty, "0019")
    assert contents(empty) == before


def test_when_data_are_from_is_asked_beside_what_is_on_record(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0039")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in (PERSON, DATASET):
            connection.execute(text(row))
    before = contents(empty)
    migrations.upgrade(empty, "0040")
    with empty.connect() as connection:
        assert connection.execute(text("SELECT period FROM dataset")).scalar_one() == ""
    migrations.downgrade(empty, "0039")
    assert contents(empty) == before


EVALUATION = """
INSERT INTO evaluation (id, created, version_id, dataset_id, organisation_id, registered_by, plan,
  plan_digest, predictions)
VALUES ('e1', '2026-11-21 00:00:00', 'v1', 'd1', 'o1', 'p1', '{}', 'aa', 0)
"""
REPORT = """
INSERT INTO report (id, created, evaluation_id, version_id, organisation_id, third_party,
  model_digest, envelope, statement_digest, findings_digest, sealed_digest)
VALUES ('e1', '2026-11-21 00:00:00', 'e1', 'v1', 'o1', false, 'aa', '{}', 'bb', 'cc', 'dd')
"""
REPORTED = (PERSON, DATASET, MODEL, VERSION, EVALUATION, REPORT)


def test_no_report_on_record_is_taken_for_withdrawn(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0042")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in REPORTED:
            connection.execute(text(row))
    before = contents(empty)
    migrations.upgrade(empty, "0043")
    with empty.connect() as connection:
        asked = text("SELECT withdrawn, withdrawal FROM report")
        assert tuple(connection.execute(asked).one()) == (None, None)
    migrations.downgrade(empty, "0042")
    assert contents(empty) == before


def test_lines_for_reviewers_and_answers_come_beside_what_is_on_record(
    empty: Engine, organisation_row: Callable[[Engine], str]
) -> None:
    migrations.upgrade(empty, "0043")
    organisation_row(empty)
    with empty.begin() as connection:
        for row in REPORTED:
            connection.execute(text(row))
        connection.execute(text(FILING), {"answers": "{}"})
    before = contents(empty)
    migrations.upgrade(empty, "0045")
    after = contents(empty)
    assert (after.pop("review_line"), after.pop("finding_answer")) == ([], [])
    assert after == before
    migrations.downgrade(empty, "0043")
    assert contents(empty) == before
