"""The bench of numbers that are best or worst over a stretch, of which some of all values are.

Whoever stands on the stretch is told so, wherever it begins and ends; where it cannot be told, the
page gives counts.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tests.explainers.toys import columns
from tests.explainers.truth import (
    FARE,
    KM,
    LATE,
    NO_LATE_STEP,
    NO_STEP,
    NO_TURN,
    PHONE,
    SCORE,
    Case,
    Columns,
    Pair,
    adults,
    even,
    overdue,
    shared_out,
    trips,
    yes,
)

AGES = columns("age", "income", "sex")
NO_WAY = ("年龄越", "with the age higher, the person is (nearly|usually|sometimes)")
NO_POINT = ("年龄在\\d+左右", "at about \\d+ for the age")


def between(low: str, high: str, word: tuple[str, str] = ("最容易", "most"), plain: tuple[str, str] = ("年龄", "the age")) -> Pair:  # fmt: skip
    """The pattern of a stretch of one number, of which both ends are patterns."""
    return (
        f"^{plain[0]}大约在({low})\\D*到({high})\\D*之间{word[0]}.*在这之间差别不大.*再.或再.都更",
        f"{word[1]} likely to get “approved” between about ({low}) .*and ({high}) .*for {plain[1]}.* little difference there.* both ",
    )


def trapezoid(x: Columns) -> npt.NDArray[np.float64]:
    """Rises from 18 to 35, is level to 60 and falls."""
    age = x["age"].astype(float)
    height: npt.NDArray[np.float64] = np.minimum.reduce(
        [(age - 10) / 25, np.ones(len(age)), (86 - age) / 26]
    )
    return height


def flat_fare(x: Columns) -> npt.NDArray[np.float64]:
    """Cheapest from 5 to 25 kilometres."""
    return np.where((x["km"] < 5) | (x["km"] >= 25), 30.0, 20.0)


def half_as_often_before(x: Columns) -> npt.NDArray[np.float64]:
    """None below 20, half of those from 20 to 29, everybody from 30 to 49, and none from 50 on."""
    half = (x["age"] >= 20) & (x["sex"] == "f")
    return yes((half | (x["age"] >= 30)) & (x["age"] < 50))


def bell(x: Columns) -> npt.NDArray[np.float64]:
    score: npt.NDArray[np.float64] = np.exp(-(((x["age"].astype(float) - 48) / 14) ** 2))
    return score


PLATEAUS: Sequence[Case] = (
    Case(
        "refused from 25 to 69, both ends approved",
        adults,
        lambda x: yes((x["age"] < 25) | (x["age"] >= 70)),
        AGES,
        must=[between("2[456]", "6[89]|7[01]", ("最难", "least"))],
        must_not=[NO_STEP, NO_WAY, NO_POINT],
        marks={"age": (23, 72)},
    ),
    Case(
        "approved from 20 to 74, both ends refused",
        adults,
        lambda x: yes((x["age"] >= 20) & (x["age"] < 75)),
        AGES,
        must=[between("19|2[012]", "7[3-6]")],
        must_not=[NO_STEP, NO_WAY, NO_POINT],
        marks={"age": (18, 76)},
    ),
    Case(
        "approved from 30 to 49",
        adults,
        lambda x: yes((x["age"] >= 30) & (x["age"] < 50)),
        AGES,
        must=[between("29|3[01]", "4[89]|5[01]")],
        must_not=[NO_STEP, NO_WAY, NO_POINT],
        marks={"age": (28, 52)},
    ),
    Case(
        "refused from 30 to 49, low scores are good",
        adults,
        lambda x: yes((x["age"] >= 30) & (x["age"] < 50)),
        AGES,
        plan={"favourable_above": False},
        must=[between("29|3[01]", "4[89]|5[01]", ("最难", "least"))],
        must_not=[NO_STEP, NO_WAY, NO_POINT],
        marks={"age": (28, 52)},
    ),
    Case(
        "refused below 25, and women from 70 on",
        adults,
        lambda x: yes((x["age"] >= 25) & ~((x["age"] >= 70) & (x["sex"] == "f"))),
        AGES,
        must=[between("2[3-6]", "6[7-9]|7[01]")],
        must_not=[NO_STEP, NO_WAY, NO_POINT],
        marks={"age": (23, 72)},
    ),
    Case(
        "approved from 35 to 59, of them who earns 2,000",
        adults,
        lambda x: yes((x["age"] >= 35) & (x["age"] < 60) & (x["income"] >= 2_000)),
        AGES,
        must=[between("3[3-7]", "5[7-9]|6[01]")],
        must_not=[("^年龄.*界", "step .* for the age"), NO_WAY, NO_POINT],
        marks={"age": (33, 62)},
    ),
    Case(
        "half of those from 20, everybody from 30, nobody from 50 on",
        adults,
        half_as_often_before,
        AGES,
        must=[between("29|3[0-3]", "4[6-9]|50")],
        must_not=[NO_STEP, NO_WAY, NO_POINT],
        marks={"age": (28, 52)},
    ),
    Case(
        "rises, is level from 35 to 60, and falls",
        adults,
        trapezoid,
        AGES,
        must=[between("3[2-8]", "5[6-9]|6[0-3]")],
        must_not=[NO_STEP, NO_WAY, NO_POINT],
        marks={"age": (31, 64)},
    ),
    Case(
        "a narrow valley at 40 and 41",
        adults,
        lambda x: yes((x["age"] < 40) | (x["age"] >= 42)),
        AGES,
        must=[("^年龄在4[01]左右最难|^年龄大约在(39|4[01])到4[012]之间最难", "least likely to get “approved” (at about 4[01]|between about (39|4[01]) and 4[012])")],
        must_not=[NO_STEP, NO_WAY],
        marks={"age": (39, 42)},
    ),
    Case(
        "a bell with its top at 48",
        adults,
        bell,
        AGES,
        must=[("^年龄(在4[5-9]左右|大约在4[0-7]到(49|5[0-6])之间)最容易", "most likely to get “approved” (at about 4[5-9]|between about 4[0-7] and (49|5[0-6]))")],
        must_not=[NO_STEP, NO_WAY],
        marks={"age": (40, 56)},
    ),
    Case(
        "two bands, from 25 to 34 and from 55 to 64",
        adults,
        lambda x: yes(((x["age"] >= 25) & (x["age"] < 35)) | ((x["age"] >= 55) & (x["age"] < 65))),
        AGES,
        must=[("^年龄有四道分界，在(24|25|26)、(34|35|36)、(54|55|56)和(64|65|66)左右.*有0人.*有100人.*有0人.*有100人.*有0人", "^There are four steps for the age, at about (24|25|26), (34|35|36), (54|55|56) and (64|65|66): .* 0 of 100 .*, 100; .*, 0; .*, 100; .*, 0\\.")],
        must_not=[("左右为界", "step at about"), NO_WAY, NO_TURN],
    ),
    Case(
        "a level beginning is no stretch: approved to 59",
        adults,
        lambda x: yes(x["age"] < 60),
        AGES,
        must=[("^年龄以(59|60|61)左右为界", "step at about (59|60|61)")],
        must_not=[NO_TURN, NO_WAY],
        marks={"age": (58, 62)},
    ),
    Case(
        "approved with one or two late payments",
        overdue,
        shared_out("late", [0.05, 0.95, 0.95, 0.05, 0.05, 0.05]),
        [LATE, *columns("age", "income")],
        must=[between("1", "2", plain=("晚还次数", "the times paid late"))],
        must_not=[NO_LATE_STEP],
        marks={"late": (1, 2)},
    ),
    Case(
        "approved with one to four late payments, and few have so many as five",
        overdue,
        shared_out("late", [0.05, 0.95, 0.95, 0.95, 0.95, 0.05]),
        [LATE, *columns("age", "income")],
        must=[("晚还次数变高，有时更容易.*有时更难.*从4到5次，.*变成“不通过”", "from 4 to 5 times, “not approved” instead")],
        must_not=[NO_LATE_STEP, ("晚还次数.*最容易", "most likely to get “approved” .*late")],
    ),
    Case(
        "a fare that is lowest from 5 to 25 kilometres",
        trips,
        flat_fare,
        [KM, PHONE],
        plan=FARE,
        must=[
            (
                "^路程大约在(4|5)\\.?\\d*公里到2[456]\\.?\\d*公里之间车费最低，在这之间差别不大；再长或再短，车费更高",
                "The fare is lowest between about (4|5)\\.?\\d* km and 2[456]\\.?\\d* km for the distance, with little difference there; with both longer and shorter, a higher fare",
            )
        ],
        must_not=[NO_STEP],
        marks={"km": (4, 26)},
    ),
    Case(
        "a ranking score that is lowest at 15 kilometres",
        trips,
        lambda x: 2 * np.abs(x["km"] - 15),
        [KM, PHONE],
        plan=SCORE,
        must=[("^路程在1[456]\\.?\\d*公里左右评分最低", "lowest at about 1[456]\\.?\\d* km for the distance")],
        must_not=[NO_STEP],
        marks={"km": (13, 17)},
    ),
    Case(
        "sixty rows, approved from 35 to 59",
        lambda: adults(60),
        lambda x: yes((x["age"] >= 35) & (x["age"] < 60)),
        columns("age", "job"),
        must_not=[NO_STEP, NO_WAY, NO_POINT],
    ),
    Case(
        "approved from 20 to 74, the ends sealed",
        adults,
        lambda x: yes((x["age"] >= 20) & (x["age"] < 75)),
        columns("age", "job", age={"actionable": "any"}),
        plan={"sealed": {"zh": "商业秘密", "en": "trade secret"}},
        must=[("^年龄在某一段.*具体数值未公开：商业秘密.*最容易", "most likely to get “approved” over one stretch .its values are not published: trade secret")],
        must_not=[("年龄.{0,6}\\d\\d(到|左右|以上|及)|不到\\d\\d", "between about|below \\d\\d|from \\d\\d")],
    ),
    Case(
        "level but for a slope of the score that changes no result",
        adults,
        lambda x: np.where((x["age"] >= 30) & (x["age"] < 50), 0.9, 0.1) + 0.02 * even(x, "age", 18, 80),
        AGES,
        must=[between("29|3[01]", "4[89]|5[01]")],
        must_not=[NO_STEP, NO_POINT],
        marks={"age": (28, 52)},
    ),
)  # fmt: skip
