"""Words that read as a pass, a permit, an endorsement or an official's finding."""

import re

ENDORSING = re.compile(
    "通过|合格|认证|达标|合规|获批|批准|核准|认可|放心"
    r"|\bapprov|\bpass(?:ed|es)?\b|\bcertif|\bcomplian|\bendors|\bpermits?\b|\bgood enough",
    re.IGNORECASE,
)
"""What the product itself says of nothing that it looked at (`tests.test_endorsing_words`)."""
OFFICIAL = re.compile(
    "政府|官方|国家级|省级|市级|主管部门|认定|推荐|第一名"
    r"|\bgovernment|\bofficial|\bauthorit|\brecommend|\bnumber one\b",
    re.IGNORECASE,
)
"""What in a filer's words can be taken for the word of an authority, or of who recommends."""


def named(text: str) -> list[str]:
    """The words of either kind in a text, as they are written, each once.

    Args:
        text: in either language.
    """
    found = [match for each in (ENDORSING, OFFICIAL) for match in each.finditer(text)]
    found.sort(key=lambda match: match.start())
    return list(dict.fromkeys(match.group() for match in found))
