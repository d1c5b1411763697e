"""What a request's headers ask of an answer: whether it is known already, and how it may be packed.

Source: RFC 9110, sections 8.8.3 (entity tags), 12.5.3 (Accept-Encoding) and 13.1.2 (If-None-Match).
"""

import hashlib
import re
from collections.abc import Sequence

TAG = re.compile(r'\s*(?:W/)?("[^"]*")\s*(?:,|$)|\s*,')
ITEM = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*[qQ]\s*=\s*([01](?:\.\d{0,3})?)\s*)?"
)


def weak_tag(body: bytes) -> str:
    """A weak entity tag of some bytes: the same for every packing of them.

    Args:
        body: the answer as it is before it is packed.
    """
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def weakened(tag: str) -> str:
    """A tag as a weak one: what is packed in more than one way has no strong one."""
    return tag if tag.startswith("W/") else f"W/{tag}"


def known(if_none_match: str, tag: str) -> bool:
    """Whether a request knows the answer with this tag already, by weak comparison.

    Args:
        if_none_match: the header's value: `*`, or tags between commas; empty where there is none.
            One that is malformed matches nothing.
        tag: of the answer.
    """
    if if_none_match.strip() == "*":
        return True
    opaque, place, found = tag.removeprefix("W/"), 0, False
    while place < len(if_none_match):
        each = TAG.match(if_none_match, place)
        if each is None:
            return False
        found |= each[1] == opaque
        place = each.end()
    return found


def encoding(accept: str, offered: Sequence[str]) -> str:
    """How an answer is packed: the first of `offered` among those that the request likes best.

    Args:
        accept: the header's value; empty where there is none.
        offered: names of content codings, the best first.

    Returns:
        One of `offered`, or `identity`.
    """
    weights: dict[str, float] = {}
    for part in accept.split(","):
        item = ITEM.fullmatch(part)
        if item:
            weights[item[1].lower()] = float(item[2] or 1)
    every = weights.get("*", 0.0)
    liked = {name: weights.get(name, every) for name in offered}
    best = max(liked.values(), default=0.0)
    # Where plain text is liked better than any packing, plain text goes out.
    if best <= 0 or weights.get("identity", 0.0) > best:
        return "identity"
    return next(name for name in offered if liked[name] == best)
