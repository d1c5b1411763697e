"""Parts of sentences that many rows share: a share as people out of a hundred, one text for both."""

from explainers import numbers
from registry.language import Text


def same(text: object) -> Text:
    """One text for both languages."""
    return Text(str(text), str(text))


def about(share: float) -> Text:
    """A share as roughly so many people out of a hundred."""
    if 0 < share < 0.01:
        return Text("不到1", "fewer than 1")
    exact = share in (0.0, 1.0)
    zh, en = ("有", "") if exact else ("约有", "about ")
    return Text(zh + numbers.per_hundred(share), en + numbers.per_hundred(share))


def roughly(share: float) -> Text:
    """The same without a verb: 约95, "about 95"; as many as there are where it is none or all."""
    if 0 < share < 0.01:
        return Text("不到1", "fewer than 1")
    zh, en = ("", "") if share in (0.0, 1.0) else ("约", "about ")
    return Text(zh + numbers.per_hundred(share), en + numbers.per_hundred(share))
