import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from filing import numbers
from filing.numbers import Number, NumberNotFound
from registry import database
from tests import tables

THREADS = 8
EACH = 10


def test_the_check_character_is_that_of_the_standard() -> None:
    # ISO/IEC 7064 MOD 37,36 worked on paper for "1": (36 + 1) mod 36 = 1, doubled 2; 37 - 2 = 35
    assert numbers.check_character("1") == "Z"
    # "A": (36 + 10) mod 36 = 10, doubled 20; 37 - 20 = 17 -> H
    assert numbers.check_character("A") == "H"


def test_a_number_is_read_back_in_either_form() -> None:
    number = Number("SH", 2026, 123)

    assert re.fullmatch(r"明算备（沪）2026-000123-[0-9A-Z]", str(number))
    assert numbers.parse(str(number)) == number
    assert numbers.parse(number.slug) == number
    assert numbers.parse(f" ms-{number.slug.lower()} ") == number
    assert numbers.parse(str(number).replace("（", "(").replace("）", ")")) == number


def test_a_number_never_looks_like_the_national_one() -> None:
    assert "网信算备" not in str(Number("SZ", 2026, 1))
    with pytest.raises(NumberNotFound):
        numbers.parse("网信算备110108823483901230017号")


def test_every_single_error_and_exchange_of_neighbours_is_found() -> None:
    body = "SH2026000123"
    check = numbers.check_character(body)
    for place, right in enumerate(body):
        for wrong in numbers.ALPHABET.replace(right, ""):
            assert numbers.check_character(body[:place] + wrong + body[place + 1 :]) != check
    for place in range(len(body) - 1):
        first, second = body[place], body[place + 1]
        if first != second:
            exchanged = body[:place] + second + first + body[place + 2 :]
            assert numbers.check_character(exchanged) != check


@pytest.mark.parametrize("written", ["", "SH-2026-000123", "XX-2026-000123-A", "SH-2026-000123-!"])
def test_anything_else_is_no_number(written: str) -> None:
    with pytest.raises(NumberNotFound):
        numbers.parse(written)


def test_a_typing_error_is_said_to_be_one() -> None:
    with pytest.raises(NumberNotFound, match="check character"):
        numbers.parse(Number("SH", 2026, 123).slug.replace("123", "124"))


def test_places_and_years_count_for_themselves(session: Session) -> None:
    given = [
        numbers.give(session, city=city, year=year)
        for city, year in (
            ("shanghai", 2026),
            ("shanghai", 2026),
            ("shenzhen", 2026),
            ("shanghai", 2027),
        )
    ]

    assert [(each.place, each.year, each.sequence) for each in given] == [
        ("SH", 2026, 1),
        ("SH", 2026, 2),
        ("SZ", 2026, 1),
        ("SH", 2027, 1),
    ]


def test_a_number_is_given_again_when_its_transaction_fails(
    factory: sessionmaker[Session],
) -> None:
    with factory() as session:
        numbers.give(session, city="shanghai", year=2026)
        session.rollback()
    with database.transaction(factory) as session:
        assert numbers.give(session, city="shanghai", year=2026).sequence == 1


def give_many(factory: sessionmaker[Session]) -> list[int]:
    given = []
    for _ in range(EACH):
        with database.transaction(factory) as session:
            given.append(numbers.give(session, city="shanghai", year=2026).sequence)
    return given


def check_concurrently(factory: sessionmaker[Session]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        given = [
            each
            for made in pool.map(lambda _: give_many(factory), range(THREADS))
            for each in made
        ]
    assert sorted(given) == list(range(1, THREADS * EACH + 1))


def test_eight_threads_get_numbers_without_gap_or_double(factory: sessionmaker[Session]) -> None:
    check_concurrently(factory)


@pytest.mark.postgres
def test_eight_threads_get_numbers_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    engine = database.connect(postgres_url)
    try:
        tables.make(engine)
        check_concurrently(database.sessions(engine))
    finally:
        engine.dispose()
