"""A template that is compiled for one language says what it said when it chose while it ran."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, TemplateAssertionError

from portal.pages import one_language
from portal.pages.rendering import HERE, environment
from registry.language import LANGUAGES, Language

WORDS = st.text(st.characters(exclude_characters="'\\\r\n", exclude_categories=["Cs"]), max_size=8)


def _plain() -> Environment:
    return Environment(autoescape=True, undefined=StrictUndefined)


def _compiled(language: Language) -> Environment:
    made = _plain()
    one_language.compiled_for(made, language)
    return made


@given(WORDS, WORDS, WORDS)
def test_whatever_is_said_is_said_alike(zh: str, en: str, value: str) -> None:
    said = f"t('{zh}', '{en}')"
    source = (
        f"{{{{ {said} }}}}|{{{{ {said}|safe }}}}|{{{{ {said} ~ value }}}}|{{{{ t(value, '{en}') }}}}"
        f"{{% macro m(x) %}}{{{{ x }}}}{{{{ lang }}}}{{{{ {said} }}}}{{% endmacro %}}{{{{ m({said}) }}}}"
        "{{ 'a' if lang == 'zh' else value }}{% if lang == 'en' %}<i>{% endif %}{{ t('%s', '-%s') % value }}"
    )
    for language in LANGUAGES:
        chosen = {"lang": language, "t": lambda zh, en: zh if language == "zh" else en}  # noqa: B023
        before = _plain().from_string(source).render(chosen, value=value)
        assert _compiled(language).from_string(source).render(value=value) == before


@pytest.mark.parametrize(
    "source",
    ["{% set lang = 'en' %}", "{% for t in [1] %}{% endfor %}", "{% macro m(lang) %}{% endmacro %}",
     "{{ t('中文') }}", "{{ t('中文', en='English') }}"],
)  # fmt: skip
def test_a_template_cannot_give_the_words_another_meaning(source: str) -> None:
    with pytest.raises(TemplateAssertionError):
        _compiled("zh").from_string(source)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_template_of_ours_chooses_while_it_runs(language: Language) -> None:
    made = environment(language)
    for path in sorted((HERE / "templates").glob("*.html")):
        code = made.compile(path.read_text(encoding="utf-8"), raw=True)
        assert "resolve('t')" not in code, path.name
        assert "resolve('lang')" not in code, path.name


def test_the_words_are_parts_of_the_text_around_them() -> None:
    code = _compiled("en").compile("<p>{{ t('甲', 'A & B') }} {{ lang }}</p>", raw=True)
    assert "'<p>A &amp; B en</p>'" in code
