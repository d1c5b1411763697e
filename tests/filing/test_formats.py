import time

import pytest

from filing import formats

RIGHT = "91350100M000100Y43"


def test_the_example_of_the_standard_is_right() -> None:
    assert formats.credit_code(RIGHT) == []


def test_the_check_character_can_be_worked_out_on_paper() -> None:
    # all zeros but a 1 in the first place: weight 3^0 = 1, so 31 - 1 = 30 -> the 31st, Y
    assert formats.credit_check("1" + "0" * 16) == "Y"
    # a 1 in the third place: weight 3^2 = 9, so 31 - 9 = 22 -> the 23rd, N
    assert formats.credit_check("001" + "0" * 14) == "N"
    assert formats.credit_check("0" * 17) == "0"


@pytest.mark.parametrize("place", range(18))
def test_one_wrong_character_is_found_wherever_it_stands(place: int) -> None:
    for character in formats.CREDIT_ALPHABET:
        changed = RIGHT[:place] + character + RIGHT[place + 1 :]
        assert (formats.credit_code(changed) == []) == (changed == RIGHT)


@pytest.mark.parametrize(
    "code", ["", RIGHT[:-1], RIGHT + "0", RIGHT.lower(), "I" + RIGHT[1:], "９" * 18]
)
def test_a_code_of_another_form_is_wrong(code: str) -> None:
    assert formats.credit_code(code)


@pytest.mark.parametrize(
    "text",
    [
        "没有编号",
        "我们没有网信算备的编号",
        "见网信算备110108823483901230017号。",
        "网信算备310115124334401220013号和网信算备330110507206401230035号",
    ],
)
def test_well_formed_national_numbers_pass(text: str) -> None:
    assert formats.national_numbers(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "网信算备1234号",
        "网信算备110108823483901230017",
        "网信算备990108823483901230017号",
        "网信算备110108823483901190017号",
        "网信算备11010882348390123001A号",
        "网信算备1101088234839012300170号",
    ],
)
def test_malformed_national_numbers_are_named(text: str) -> None:
    said = formats.national_numbers(text)
    assert len(said) == 1
    assert "网信算备" in said[0].zh


@pytest.mark.parametrize("address", ["https://a.example/x?y=1", "http://127.0.0.1:8080/zh/"])
def test_absolute_addresses_are_links(address: str) -> None:
    assert formats.link(address) == []


@pytest.mark.parametrize(
    "address",
    [
        "a.example",
        "/zh",
        "javascript:alert(1)",
        "ftp://a.example",
        "https://",
        "https://u:p@a.example",
        "https://a b.example",
        "https://[::1",
    ],
)
def test_anything_else_is_no_link(address: str) -> None:
    assert formats.link(address)


def test_a_personal_mailbox_is_named() -> None:
    assert formats.no_personal_mailbox("写信到 help@bank.example") == []
    (said,) = formats.no_personal_mailbox("写信到 Zhang.San@QQ.com")
    assert "Zhang.San@QQ.com" in said.zh


@pytest.mark.parametrize(
    "piece",
    [
        "长",
        "a",
        "1",
        " ",
        "-",
        "网信算备",
        "网信算备1",
        "网信算备-",
        "a@",
        "@a.",
        "a.",
        "号",
        "a@qq.",
        "//",
    ],
)
def test_a_long_text_costs_its_length_and_not_its_square(piece: str) -> None:
    long = piece * (200_000 // len(piece))
    before = time.process_time()
    for read in (formats.national_numbers, *formats.FORMATS.values()):
        read(long)
    assert time.process_time() - before < 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a@bank.example+x@qq.com", ["bank.example+x@qq.com"]),
        ("a@b@qq.com", ["b@qq.com"]),
        ("li@163.com, wang@bank.example; zhou@126.com", ["li@163.com", "zhou@126.com"]),
        ("@qq.com", []),
        ("someone@qq", []),
    ],
)
def test_every_personal_mailbox_of_a_text_is_named_whole(text: str, named: list[str]) -> None:
    said = formats.no_personal_mailbox(text)
    assert [each.zh.split("”")[0].removeprefix("“") for each in said] == named
