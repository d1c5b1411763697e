"""No word of the product reads as a pass, a permit or an endorsement of what it looked at.

Every sentence that a person can meet is walked: those in the code of all five packages (pages, API,
command line, errors), in the templates, and in the catalogues of texts. A sentence with such a word
stands in `ALLOWED` with the reason why it endorses nothing, or the test fails.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

from filing.endorsing import ENDORSING

ROOT = Path(__file__).parent.parent
PACKAGES = ("portal", "registry", "filing", "evaluators", "explainers")
SENTENCE = re.compile("[\u4e00-\u9fff]| ")
"""A word in a natural language: with a character, or with a space; else it is a name of ours."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """A sentence with such a word that endorses nothing.

    Args:
        place: where it may stand; a path begins with it.
        words: what the sentence must match.
        reason: why it reads as no endorsement.
    """

    place: str
    words: str
    reason: str


ALLOWED = (
    Allowed("filing/law.py", "备案不等于批准|not an approval", "denies that a filing approves"),
    Allowed("portal/web/glossary.toml", "许可|permit|不代表认可", "says of a filing that it is no permit"),
    Allowed("filing/endorsing.py", "", "the rule itself"),
    Allowed("filing/claims.py", "", "the words that a filer may not use unremarked, and what is said against them"),
    Allowed("registry/assertions.py", "", "patterns of what filers write of inputs; nothing of it is said"),
    Allowed("registry/directions.py", "", "patterns of what filers write of an applicant's result; nothing of it is said"),
    Allowed("registry/deciders.py", "", "patterns of what filers write of who decides; nothing of it is said"),
    Allowed("", "像是获得批准、认证|claims? an approval", "asks why a name claims what no filing gives"),
    Allowed("portal/mlflow/refusals.py", "no approval", "denies that a stage approves"),
    Allowed("registry/law.py", "合规审查|compliance review|认证平台|testing and certification", "the statute's own noun, about a task of the city"),
    Allowed("portal/web/glossary.toml", "合规审查|compliance review", "the statute's own noun, explained"),
    Allowed("portal/web/articles.toml", "", "what the statutes are about, and that this platform certifies and endorses nothing"),
    Allowed("filing/schema/risk.toml", "合规审查|[Cc]ompliance review", "the statute's own noun; asks whether there was one"),
    Allowed("filing/schema/questionnaire.toml", "合规审查|compliance review", "a duty of the law, in its words; not that it was done"),
    Allowed("explainers/wording.py", "^(不?通过|(not )?approved)$", "what an applicant is told; the filer's word for it replaces it"),
    Allowed("explainers/asked.py", "^(不?通过|的结果是“…”|更容易得到“…”), ", "what the two results are called where the filer says nothing"),
    Allowed("evaluators/running/decision_words.py", "^(通过|批准)$", "parts of words for a favourable result in other people's data"),
    Allowed("portal/home/plan_start.py", "^(通过|批准)$", "a word for a favourable result that the draft of a plan knows"),
    Allowed("portal/api/explanations.py", "^(不?通过|not approved)$", "an example of what an applicant is told"),
    Allowed("portal/api/", "^Credit approval", "an example's name, about credit"),
    Allowed("portal/demo/stories/credit.toml", "", "about the mortgages of applicants, in the filer's words"),
    Allowed("filing/schema/", "贷款|loan|获批|to be approved|建议批准|approval is advised|三成|30 %|60", "an example about the loans of applicants"),
    Allowed("explainers/frame.py", "(Refused|Approved) by the program", "what a program and a person said to applicants"),
    Allowed("registry/class_names.py", '"approve", "review", "refuse"', "an example of a column's values"),
    Allowed("evaluators/", "pass(es)? (the|the conventional|the alert) line", "a difference that goes beyond a line: the opposite of a pass"),
    Allowed("portal/plugin_template/", "passes the line", "a difference that goes beyond a line: the opposite of a pass"),
    Allowed("evaluators/", "通过别的", "through: by way of other inputs"),
    Allowed("evaluators/running/comparison.py", "", "through: bounds"),
    Allowed("", "合格式|规则，", "of a form: in the right format, by the rules"),
    Allowed("evaluators/running/calibration.py", "how often each probe finds", "of numbers in a document for developers"),
    Allowed("registry/screening.py", "pass signature=", "to hand a parameter over"),
    Allowed("evaluators/running/engine.py", "reading the data, pass ", "one reading of the data"),
    Allowed("filing/formats.py", "from the certificate", "the organisation's own certificate of its code"),
    Allowed("portal/web/unrevised.py", "^(POST|PUT|PATCH|DELETE) /", "the address of a call, no sentence"),
    Allowed("portal/commands/filer.py", "--approve", "the name of an option: the filer confirms its own text"),
)  # fmt: skip


def sentences() -> Iterator[tuple[str, str]]:
    """Everything that is said, with the file in which it stands."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            place = path.relative_to(ROOT).as_posix()
            if "/migrations/" in place or "__pycache__" in place:
                continue
            match path.suffix:
                case ".py":
                    yield from ((place, said) for said in in_code(path.read_text("utf-8")))
                case ".html":
                    yield from ((place, said) for said in in_template(path.read_text("utf-8")))
                case ".toml":
                    found = tomllib.loads(path.read_text("utf-8"))
                    yield from ((place, said) for said in in_catalogue(found))


def in_code(source: str) -> Iterator[str]:
    """The texts of a module; docstrings speak to developers and are left out."""
    tree = ast.parse(source)
    alone = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if (
            isinstance(each, ast.Constant)
            and isinstance(each.value, str)
            and id(each) not in alone
        ):
            yield each.value


def in_template(source: str) -> Iterator[str]:
    """The texts of a template: between the tags of HTML, and in its expressions."""
    tree = Environment(autoescape=True).parse(source)
    for data in tree.find_all(nodes.TemplateData):
        yield from re.split(r"<[^>]*>", data.data)
    for each in tree.find_all(nodes.Const):
        if isinstance(each.value, str):
            yield each.value


def in_catalogue(value: Any) -> Iterator[str]:
    """The texts of a catalogue, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from in_catalogue(each)
    elif isinstance(value, list):
        for each in value:
            yield from in_catalogue(each)


def endorsing(said: str) -> bool:
    """Whether a text is a sentence, or a word for people, with a word that could endorse."""
    return bool(ENDORSING.search(said)) and bool(SENTENCE.search(said.strip()))


def allowed_by(place: str, said: str) -> list[Allowed]:
    """The entries that excuse a sentence."""
    return [
        each for each in ALLOWED if place.startswith(each.place) and re.search(each.words, said)
    ]


def test_no_sentence_reads_as_a_pass_or_an_endorsement() -> None:
    left = [
        (place, said)
        for place, said in sentences()
        if endorsing(said) and not allowed_by(place, said)
    ]
    assert left == []


def test_signing_a_report_is_called_by_one_word() -> None:
    """The house's word is 签章确认; 会签 is officials' jargon."""
    assert [(place, said) for place, said in sentences() if "会签" in said] == []


def test_every_excuse_is_still_needed() -> None:
    used = {
        each for place, said in sentences() if endorsing(said) for each in allowed_by(place, said)
    }
    assert [each for each in ALLOWED if each not in used] == []


@pytest.mark.parametrize(
    ("walk", "source", "said"),
    [
        (in_code, 'click.echo("模型已通过认证")', "模型已通过认证"),
        (in_code, 'x = Text("甲", f"The model is approved by {who}")', "The model is approved by "),
        (in_template, "<p>Certified by the authority</p>", "Certified by the authority"),
        (in_template, "<b>{{ t(\"合格\", 'fine') }}</b>", "合格"),
        (in_template, "{% macro badge() %}{{ '已达标' if lang == 'zh' else 'x' }}{% endmacro %}", "已达标"),
    ],
)  # fmt: skip
def test_a_word_of_praise_is_seen_wherever_it_is_written(
    walk: Any, source: str, said: str
) -> None:
    """The walk itself: in code, in f-strings, in bare text, in double quotes, in a macro."""
    assert said in list(walk(source))
    assert endorsing(said)
