"""The lists of words that programs meet: verdicts, roles, scopes, states, terms, form fields."""

from fastapi import APIRouter
from pydantic import Field

from portal.api.shapes import Answer, Bilingual
from portal.web import glossary
from portal.web.access import public
from registry.findings import VERDICT_NAMES
from registry.organisations import KIND_NAMES, ROLE_NAMES, ROLES_OF
from registry.tokens import SCOPE_NAMES

router = APIRouter(prefix="/words", tags=["words"], dependencies=[public])


class Word(Answer):
    """One value that the API uses, and what it is called."""

    value: str
    name: Bilingual


class KindWord(Word):
    """A kind of organisation and the roles it has."""

    roles: list[str]


class TermOut(Answer):
    """One term of the glossary."""

    name: Bilingual
    meaning: Bilingual
    article: str = Field(description="in short form")
    source: Bilingual = Field(description="title and article")
    official: bool


@router.get("/verdicts", summary="评估结论用语 · Verdicts")
def verdicts() -> list[Word]:
    """What a finding can say: exhaustive and exclusive."""
    return [Word(value=value, name=Bilingual.of(name)) for value, name in VERDICT_NAMES.items()]


@router.get("/roles", summary="角色 · Roles")
def roles() -> list[Word]:
    """In what capacity a member acts."""
    return [Word(value=value, name=Bilingual.of(name)) for value, name in ROLE_NAMES.items()]


@router.get("/kinds", summary="单位类型 · Kinds of organisation")
def kinds() -> list[KindWord]:
    """What an organisation is to the register, and the roles that it gives."""
    return [
        KindWord(value=value, name=Bilingual.of(name), roles=sorted(ROLES_OF[value]))
        for value, name in KIND_NAMES.items()
    ]


@router.get("/scopes", summary="令牌范围 · Scopes of a token")
def scopes() -> list[Word]:
    """What an API token can be issued for."""
    return [Word(value=value, name=Bilingual.of(name)) for value, name in SCOPE_NAMES.items()]


@router.get("/terms", summary="术语 · Glossary")
def terms() -> list[TermOut]:
    """The terms of the field, each with a plain meaning and where it comes from."""
    return [
        TermOut(
            name=Bilingual.of(term.name),
            meaning=Bilingual.of(term.meaning),
            article=term.article,
            source=Bilingual.of(term.source),
            official=term.official,
        )
        for term in glossary.terms()
    ]
