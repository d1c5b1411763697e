"""Words of a filer's that claim an approval: "国家认证", "government approved", "certified fair".

A filing is no approval, and whoever reads such words in a register takes them for its own. So they
are remarked on wherever they stand, to the filer and to the reviewer; and a name that holds them,
which is a heading, is submitted and published only with a reason. What a text denies ("没有经过国家
认证") is no claim, and neither is what an algorithm decides ("贷款通过").
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from filing.fields import Answers
from filing.meanings import Meaning
from registry import characters, simplified
from registry.language import Text

HEADINGS = (Meaning.FILER, Meaning.NAME)
"""Fields that are read as a heading: the filer's name and the algorithm's."""
_WHO = (
    "国家|政府|官方|权威|中央|国务院|部委|主管部门|监管部门|监管机构|网信办|工信部|公安部|科技部|市场监管"
    "|省级|市级|行业协会|(?:上海|深圳)市?(?:经信委|数据局)"
)
_WHAT = "认证|认可|批准|核准|认定|推荐|背书|授权|许可|检验合格|检测合格|验收|审核通过|审查通过|备案通过|免检"
_WHAT_EN = (
    "approved|certified|endorsed|accredited|recommended|licen[sc]ed|approval|certification"
    "|endorsement|accreditation"
)
_WHO_EN = "government|state|national(?:ly)?|official(?:ly)?|authorit(?:y|ies)|regulators?|ministry"
CLAIM = re.compile(
    rf"(?:{_WHO})[^。；，,;.!！？?\n]{{0,8}}?(?:{_WHAT})(?![度率])"
    rf"|(?:备案(?:审核|审查)?已?通过|已?通过(?:了)?备案|备案(?:认证|合格|认可))"
    rf"|(?:公平|安全|合规|可信|无歧视|无偏见|伦理)性?认证|认证(?:公平|安全|合规|可信)"
    rf"|获(?:得|准)?(?:国家|政府|官方|主管部门)[^。；，,;\n]{{0,8}}(?:{_WHAT})"
    rf"|\b(?:{_WHO_EN})[ -]+(?:{_WHAT_EN})\b"
    rf"|\b(?:{_WHAT_EN})(?: as \w+)? (?:by|of|from) (?:the |a )?(?:[\w-]+ ){{0,2}}?(?:{_WHO_EN})\b"
    r"|\bcertified[ -](?:as )?(?:fair|safe|unbiased|compliant|trustworthy|ethical|non-discriminatory)\b"
    r"|\b(?:fairness|safety|compliance|bias)[ -]certified\b"
    r"|\bfiling (?:was |is )?(?:approved|passed)\b|\bpassed (?:the |its )?(?:filing|registration)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:没有?|未|无|非|不|尚待|等待|申请)[^。；，,;\n]{0,6}$"
    r"|\b(?:not|no|never|nor|without|neither)\b[^.;,\n]{0,16}$",
    re.IGNORECASE,
)
_APART = re.compile(r"(?<=[\u3400-\u9fff])[^\S\n]+(?=[\u3400-\u9fff])")


def rule(claim: re.Pattern[str] = CLAIM) -> str:
    """Which rule judges: another where a pattern or the reading of characters is another.

    Args:
        claim: what a claim is.
    """
    by = (claim, _DENIED, _APART, characters.UNSEEN, characters.BLANK, simplified.TRADITIONAL)
    told = (unicodedata.unidata_version, *(each.pattern for each in by))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


RULE = rule()
"""The rule of this release; what was judged by another and kept is judged anew."""
REMARK = Text(
    "这里写了“{words}”，读的人会以为有谁批准或者认证过。备案不是批准，也不是认证。请删去；确实是引用名称或文件的，请加引号写明出处。",
    "“{words}” stands here, by which a reader takes it that somebody approved or certified this. A filing "
    "is neither. Please delete it; where it quotes a name or a document, put it in quotation marks and "
    "say of what.",
)
NAMED = Text(
    "名称里写了“{words}”。备案不是批准，也不是认证；要保留这个名称，须写明理由。",
    "The name says “{words}”. A filing is neither an approval nor a certificate; to keep the name, a "
    "reason must be given.",
)
PUBLISHED = Text(
    "“{words}”是备案主体自己写的。备案不是批准，也不是认证。",
    "“{words}” are the filer’s own words. A filing is neither an approval nor a certificate.",
)


def found(text: str) -> list[str]:
    """The claims in a text, in its letters as a reader takes them, each once.

    Args:
        text: in either language.
    """
    return list(_found(text))


@lru_cache(maxsize=20_000)  # names of filers stand in many lines, and a page is read again
def _found(text: str) -> tuple[str, ...]:
    plain = simplified.simplified(unicodedata.normalize("NFKC", characters.seen(text)))
    plain = _APART.sub("", plain)
    made = [each for each in CLAIM.finditer(plain) if not _DENIED.search(plain[: each.start()])]
    return tuple(dict.fromkeys(each.group() for each in made))


def remarks(told: Answers) -> dict[str, Text]:
    """Key → what is remarked of an answer that claims an approval.

    Args:
        told: the stored answers.
    """
    said = {}
    for key in told.form.keys(told.rows):
        if words := _of(told.rows.get(key) or {}):
            said[key] = _filled(REMARK, words)
    return said


def named(told: Answers) -> Text | None:
    """What is said of names that claim an approval; None where none does.

    Args:
        told: the stored answers.
    """
    words = [word for heading in HEADINGS for word in _of(told.of(heading))]
    return _filled(NAMED, list(dict.fromkeys(words))) if words else None


def published(*texts: Mapping[str, str]) -> Text | None:
    """What a page or a line of a list says beside a filer's words that claim an approval; or None.

    Args:
        texts: those that stand there, by language: the names, what the algorithm decides.
    """
    return beside(words(*texts))


def words(*texts: Mapping[str, str]) -> list[str]:
    """The claims in texts that stand together, each once.

    Args:
        texts: as `published` takes them.
    """
    every = (
        word for text in texts for side in ("zh", "en") for word in found(text.get(side) or "")
    )
    return list(dict.fromkeys(every))


def anywhere(*texts: Any) -> list[str]:
    """The claims in every text of JSON values, each once.

    Args:
        texts: the names that stand on a page, and the answers.
    """
    return list(dict.fromkeys(word for each in texts for word in _of(each)))


def beside(words: Sequence[str]) -> Text | None:
    """What is said beside claims that were found; None where there are none.

    Args:
        words: as `words` finds them.
    """
    return _filled(PUBLISHED, words) if words else None


def _of(stored: Any) -> list[str]:
    """The claims in every text of an answer, the reasons that stand beside it included."""
    texts = (text for _, text in characters.texts(stored))
    return list(dict.fromkeys(word for text in texts for word in found(text)))


def _filled(said: Text, words: Sequence[str]) -> Text:
    return said.format(words=Text("”“".join(words), "”, “".join(words)))
