from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from registry import database
from tests import servers


@pytest.mark.postgres
def test_each_test_has_an_empty_database_that_takes_every_table(postgres_url: str) -> None:
    engine = database.connect(postgres_url)
    database.Record.metadata.create_all(engine)
    with engine.connect() as connection:
        tables = connection.scalar(
            text("select count(*) from information_schema.tables where table_schema = 'public'")
        )
    engine.dispose()
    assert tables == len(database.Record.metadata.tables)


@pytest.mark.postgres
def test_the_wheel_serves_where_debian_has_no_postgresql_and_comes_back(tmp_path: Path) -> None:
    with (
        servers.running(servers.Wheel(tmp_path)) as server,
        servers.fresh_database(server.url) as url,
    ):
        engine = create_engine(url)
        for _ in range(2):
            with engine.connect() as connection:
                assert connection.scalar(text("select 1")) == 1
            server.stop()
            engine.dispose()
            with pytest.raises(OperationalError):
                engine.connect()
            server.start()
