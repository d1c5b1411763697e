"""Codes with a checked format, and what a public text may not contain.

Sources: GB 32100-2015 (credit code and its check character); the form of the national filing
number, 网信算备 + 21 digits + 号, whose first six digits are an administrative division
(GB/T 2260) and whose 16th and 17th are the year. The national number is only ever validated.
"""

import re
from urllib.parse import urlsplit

from registry import characters, lookalikes
from registry.language import Text

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "40",  # in no list of divisions; four numbers of the national lists begin with it
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)
FIRST_NATIONAL_YEAR = 22
LONGEST_LINK = 2000  # characters; ours, of what every browser opens
# Each pattern reads on from where the one before stopped: a long text costs its length, not its square.
NATIONAL = re.compile(r"网信算备\s*([^\s，。；、,;.）)网]*?)号|网信算备\s*(\w+)")
NATIONAL_DIGITS = 21
NATIONAL_WEIGHTS = (2, 1, 3, 4)
TELEPHONE = re.compile(
    r"(?P<number>\+?[0-9()（）][0-9 ()（）-]*?)(?:\s*(?:转|ext\.?)\s*(?P<extension>[0-9]{1,6}))?",
    re.ASCII,
)
LEAST_DIGITS, MOST_DIGITS = (
    3,
    22,
)  # 110 and 12345; E.164 has 15 at most, an extension six, and one to spare
DIGEST = re.compile(r"[0-9a-f]{64}")
MAILBOX = re.compile(r"[\w.+-]+")
PROVIDER = re.compile(r"@([\w-]+(?:\.[\w-]+)+)")
PERSONAL_MAIL = frozenset(
    [
        "qq.com",
        "foxmail.com",
        "vip.qq.com",
        "163.com",
        "126.com",
        "yeah.net",
        "139.com",
        "189.cn",
        "sina.com",
        "sina.cn",
        "sohu.com",
        "21cn.com",
        "aliyun.com",
        "gmail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "icloud.com",
        "yahoo.com",
        "proton.me",
        "protonmail.com",
    ]
)


def credit_check(body: str) -> str:
    """The check character of the 17 characters before it (GB 32100-2015, MOD 31).

    Args:
        body: seventeen characters of the code's alphabet.

    Raises:
        ValueError: when a character is not in the alphabet.
    """
    total = sum(
        CREDIT_ALPHABET.index(character) * weight
        for character, weight in zip(body, CREDIT_WEIGHTS, strict=True)
    )
    return CREDIT_ALPHABET[-total % 31]


def credit_code(code: str) -> list[Text]:
    """What is wrong with a unified social credit code; nothing when it is right."""
    if len(code) != 18:
        return [
            Text(
                f"统一社会信用代码是18位，这里有{len(code)}位。",
                f"A unified social credit code has 18 characters; this has {len(code)}.",
            )
        ]
    wrong = sorted(set(code) - set(CREDIT_ALPHABET))
    if wrong:
        listed = " ".join(wrong)
        return [
            Text(
                f"代码里不会有这些字符：{listed}（字母大写，不用 I、O、S、V、Z）。",
                f"The code never contains: {listed} (capitals, without I, O, S, V, Z).",
            )
        ]
    if credit_check(code[:17]) != code[17]:
        return [
            Text(
                "最后一位校验码对不上，请对照证书再抄一遍。",
                "The check character does not match; copy the code again from the certificate.",
            )
        ]
    return []


def national_numbers(text: str) -> list[Text]:
    """What is wrong with the national filing numbers that `text` quotes."""
    return [
        said
        for match in NATIONAL.finditer(text)
        if match[1] or match[2]
        for said in _national(match[1] or match[2], closed=match[1] is not None)
    ]


def quoted(text: str) -> list[str]:
    """The digits of every well-formed national filing number that `text` quotes.

    Args:
        text: any.
    """
    found = (match[1] for match in NATIONAL.finditer(text) if match[1])
    return [each for each in found if not _national(each, closed=True)]


def national_check(body: str) -> str:
    """The last digit that the first twenty of a national filing number ask for.

    c = 1 + 2 · (Σ wᵢ·dᵢ mod 5) with w = 2, 1, 3, 4 repeating; inferred from published lists, in no
    text that we know.

    Args:
        body: twenty digits.
    """
    total = sum(
        int(digit) * weight for digit, weight in zip(body, NATIONAL_WEIGHTS * 5, strict=True)
    )
    return str(1 + 2 * (total % 5))


def _national(digits: str, *, closed: bool) -> list[Text]:
    if not any(character.isdigit() for character in digits):
        return []  # the words, not a number
    quoted = f"网信算备{digits}{'号' if closed else ''}"
    if (
        not closed
        or len(digits) != NATIONAL_DIGITS
        or not digits.isascii()
        or not digits.isdigit()
    ):
        return [
            Text(
                f"国家备案号“{quoted}”的写法不对：应为“网信算备”加21位数字加“号”。",
                f"The national filing number “{quoted}” is malformed: 网信算备, 21 digits, 号.",
            )
        ]
    if digits[:2] not in PROVINCES or int(digits[15:17]) < FIRST_NATIONAL_YEAR:
        return [
            Text(
                f"国家备案号“{quoted}”的地区或年份不对，请核对。",
                f"Region or year of the national filing number “{quoted}” is impossible; check it.",
            )
        ]
    return []


def no_personal_mailbox(text: str) -> list[Text]:
    """What is wrong with a public contact: a mailbox at a provider for private people."""
    found = ((box, PROVIDER.match(text, box.end())) for box in MAILBOX.finditer(text))
    return [
        Text(
            f"“{box[0]}{provider[0]}”像个人邮箱，请换成单位邮箱。",
            f"“{box[0]}{provider[0]}” looks like a personal mailbox; give the organisation's.",
        )
        for box, provider in found
        if provider is not None and provider[1].lower() in PERSONAL_MAIL
    ]


def link(address: str) -> list[Text]:
    """What is wrong with a link: it must be an absolute http(s) address without a password."""
    try:
        parts = urlsplit(address)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        sound = False
    if sound and not any(character.isspace() for character in address):
        return []
    return [
        Text(
            "请填完整的网址，以 https:// 开头。",
            "Give the full address, beginning with https://.",
        )
    ]


def telephone(number: str) -> list[Text]:
    """What is wrong with a telephone number: digits that can be dialled, perhaps with an extension."""
    digits = sum(character.isdecimal() for character in number)
    if TELEPHONE.fullmatch(number) and LEAST_DIGITS <= digits <= MOST_DIGITS:
        return []
    return [
        Text(
            f"“{number}”不像电话号码：写一个号码，例如 021-00000000 或 +86 21 0000 0000，分机写“转”加数字。",
            f"“{number}” is no telephone number: give one, such as 021-00000000 or +86 21 0000 0000, an "
            "extension as “ext. 123”.",
        )
    ]


def dialled(number: str) -> str:
    """The address that dials a telephone number (RFC 3966); empty where it is none.

    Args:
        number: as the filer typed it.
    """
    found = TELEPHONE.fullmatch(number)
    if found is None or telephone(number):
        return ""
    dial = re.sub(r"[^\d+-]", "", re.sub(r"[ ()（）]+", "-", found["number"])).strip("-")
    return f"tel:{dial};ext={found['extension']}" if found["extension"] else f"tel:{dial}"


def name(text: str) -> list[Text]:
    """What makes a name easily taken for another one; see `registry.lookalikes`."""
    if any(characters.unwanted(text)):
        return []  # every text is told of those
    return [reason.said for reason in lookalikes.reasons("", text)]


def sha256(text: str) -> list[Text]:
    """What is wrong with a SHA-256 as it is typed."""
    if DIGEST.fullmatch(text):
        return []
    return [
        Text(
            "SHA-256 是64个小写十六进制字符。",
            "A SHA-256 has 64 lower-case hexadecimal characters.",
        )
    ]


FORMATS = {
    "sha256": sha256,
    "name": name,
    "credit_code": credit_code,
    "no_personal_mailbox": no_personal_mailbox,
    "telephone": telephone,
}
