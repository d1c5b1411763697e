"""Tags that only the platform writes: one rule for every kind of tag that a client sends.

Whoever reads or searches for `mingsuan.filing` must read what the platform wrote. So no client writes
or deletes a tag whose name reads as one of ours, on an experiment, a run, an input, a logged model, a
registered model or a version.
"""

import string
import unicodedata
from collections.abc import Iterator, Mapping

from portal.mlflow.rules import RULES
from registry import characters, lookalikes
from registry.errors import Invalid, Refused

OURS = "mingsuan."
"""How the names of the platform's tags begin."""
READ = OURS.removesuffix(".")
ENOUGH = len(READ) // 2
"""So many letters must be the platform's own where others are only drawn like them."""

PROMPT = "mlflow.prompt.is_prompt"
"""The tag by which MLflow's clients tell a prompt from a model."""


class NoPrompts(Refused):
    """Prompts are not kept here: keep them elsewhere, or log them among a model's files."""


class NotForClients(Invalid):
    """Tags of the platform are written by the platform: choose another name."""


def is_ours(key: str) -> bool:
    """Whether the name of a tag reads as one of the platform's.

    Case, width, accents, blanks and signs do not count, nor do marks that are letters or numbers by
    their class alone (a tatweel, a raised or circled number) or digits in front; letters taken for
    another at a glance are that one (`nn` and `rn`, `q`, `v`, `l` and `1`); and a letter that is no basic Latin one is taken for any that it may be drawn like.

    Args:
        key: as it was sent.
    """
    shown = characters.ANY.sub("", key)
    plain = "".join(each for each in shown if unicodedata.category(each) != "No")
    return _reads(shown) or _reads(plain, digits=False)


def _reads(shown: str, *, digits: bool = True) -> bool:
    """Whether what is shown begins as the platform's tags do; digits in front left out or taken for letters."""
    folded = unicodedata.normalize("NFKD", shown)
    bare = "".join(each for each in folded if unicodedata.category(each) != "Lm")
    signs = "".join(each for each in bare if each.isalnum())
    spelt = (
        (signs if digits else signs.lstrip(string.digits)).translate(lookalikes.SAME).casefold()
    )
    letters = "".join(each for each in spelt.translate(lookalikes.SAME).lower() if each.isalnum())
    first = lookalikes.at_a_glance(letters)[: len(READ)]
    equal = [a == b for a, b in zip(first, READ, strict=False)]
    drawn = all(same or not a.isascii() for same, a in zip(equal, first, strict=True))
    return len(first) == len(READ) and drawn and sum(equal) >= ENOUGH


def keys(path: str, body: object, places: Mapping[str, str]) -> Iterator[str]:
    """The names of all tags that a request writes or deletes.

    Args:
        path: the route, such as `/api/2.0/mlflow/runs/set-tag`.
        body: its JSON.
        places: what stands in the address, by name.
    """
    if isinstance(body, Mapping) and path.endswith("-tag"):
        yield str(body.get("key", ""))
    if "tag_key" in places:
        yield places["tag_key"]
    waiting = [body]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, Mapping):
            waiting += each.values()
            listed = each.get("tags")
            for tag in listed if isinstance(listed, list) else ():
                if isinstance(tag, Mapping):
                    yield str(tag.get("key", ""))


def refuse_prompts(sent: Iterator[str]) -> None:
    """See that no tag marks what is sent as a prompt, as `mlflow.genai.register_prompt` does.

    Raises:
        NoPrompts: when one does.
    """
    if PROMPT in sent:
        raise NoPrompts(*RULES["no-prompts"].told())


def refuse(sent: Iterator[str]) -> None:
    """See that none of the names is the platform's.

    Raises:
        NotForClients: names the first that is.
    """
    for key in sent:
        if is_ours(key):
            raise NotForClients(*RULES["platform-tags"].told(tag=characters.visible(key)))
