"""The six questions that every public explanation answers, in the order of the page."""

from collections.abc import Mapping

from registry.language import Text

QUESTIONS: Mapping[str, Text] = {
    "decided": Text("它决定我的什么事？", "What is decided about me?"),
    "who": Text("谁在用它？", "Who uses it?"),
    "information": Text("它看哪些信息？", "Which information does it look at?"),
    "moves": Text("什么会让结果变好或变差？", "What moves the result up or down?"),
    "checked": Text("检查了什么？", "What was checked?"),
    "object": Text("我不同意，怎么办？", "How do I object?"),
}
WHO_DECIDES = Text("谁做决定", "Who decides")
"""The heading under the first of them, where the filer says it."""
