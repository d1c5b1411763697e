"""Templates of one language: what they say in the other is left out when they are compiled.

`t('中文', 'English')` and `lang` are the same for a whole page. Where they are worked out while it is
made, a page calls and escapes a hundred sentences of ours each time; in a template that is compiled
for one language they are a part of the text around them.
"""

from typing import Any

from jinja2 import Environment, TemplateAssertionError, nodes
from jinja2.compiler import CodeGenerator
from jinja2.visitor import NodeTransformer

from registry.language import Language

LANGUAGE, CHOOSES = "lang", "t"


def compiled_for(environment: Environment, language: Language) -> None:
    """Let an environment compile its templates for one language.

    Args:
        environment: that has compiled none yet.
        language: which its pages are in.

    A template that gives `lang` or `t` another meaning is refused (`TemplateAssertionError`).
    """

    class InOneLanguage(CodeGenerator):
        def visit_Template(self, node: nodes.Template, frame: Any = None) -> None:  # noqa: N802  # Jinja's name
            _Chosen(language).visit(node)
            super().visit_Template(node, frame)

    environment.code_generator_class = InOneLanguage


class _Chosen(NodeTransformer):
    """Puts one language's words in the place of both."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802  # Jinja's name
        if node.name in (LANGUAGE, CHOOSES) and node.ctx != "load":
            raise TemplateAssertionError(f"{node.name} is the page's own", node.lineno)
        if node.name != LANGUAGE:
            return node
        return nodes.Const(self.language, lineno=node.lineno, environment=node.environment)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  # Jinja's name
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.node.name != CHOOSES:
            return node
        if len(node.args) != 2 or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise TemplateAssertionError("t takes Chinese and English", node.lineno)
        return node.args[0 if self.language == "zh" else 1]
