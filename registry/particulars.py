"""What an organisation goes by: its names and its credit code, and what may be wrong with them."""

from registry import characters, lookalikes
from registry.errors import Reason
from registry.language import Text

# GB 32100-2015: base 31 without I, O, S, V, Z; weights are the powers of 3 modulo 31.
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
LONGEST = {"name_zh": 100, "name_en": 200}  # characters; the columns' own widths
LONGEST_DISTRICT = 60


def credit_code_holds(code: str) -> bool:
    """Whether a unified social credit code's check character is right (GB 32100-2015)."""
    if len(code) != len(CREDIT_WEIGHTS) + 1 or any(c not in CREDIT_ALPHABET for c in code):
        return False
    total = sum(
        CREDIT_ALPHABET.index(character) * weight
        for character, weight in zip(code, CREDIT_WEIGHTS, strict=False)
    )
    return CREDIT_ALPHABET[-total % len(CREDIT_ALPHABET)] == code[-1]


def faults(name_zh: str, name_en: str, code: str, district: str) -> list[Reason]:
    """Everything that is wrong with an organisation's particulars, each without blanks around it.

    Args:
        name_zh: full legal name.
        name_en: name in English.
        code: unified social credit code; empty where it has none.
        district: where it sits; may be empty.
    """
    found = []
    for item, value in (("name_zh", name_zh), ("name_en", name_en)):
        limit = LONGEST[item]
        if not 1 <= len(value) <= limit:
            found.append(
                Reason(
                    item,
                    Text("缺少名称，或者太长。", "The name is missing or too long."),
                    Text(f"请填写 1 到 {limit} 个字。", f"Write 1 to {limit} characters."),
                )
            )
        found += lookalikes.reasons(item, value)
    found += characters.reasons("district", district, lines=False)
    if len(district) > LONGEST_DISTRICT:
        found.append(
            Reason(
                "district",
                Text("所在区写得太长。", "The district is too long."),
                Text(
                    f"请不要超过 {LONGEST_DISTRICT} 个字。",
                    f"Write at most {LONGEST_DISTRICT} characters.",
                ),
            )
        )
    if code and not credit_code_holds(code):
        found.append(
            Reason(
                "credit_code",
                Text("统一社会信用代码的校验位不对。", "Its check character is wrong."),
                Text(
                    "请对照营业执照，填写 18 位代码。", "Copy all 18 characters from the licence."
                ),
            )
        )
    return found
