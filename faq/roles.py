"""What the content roles of `pages.roles` may do with questions and answers."""

_WRITE = ("view", "add", "change")
_CONTENT = {
    "topic": _WRITE,
    "question": _WRITE,
    "answerversion": (*_WRITE, "delete"),
    "answercitation": (*_WRITE, "delete"),
}
GRANTS = {
    "editor": [_CONTENT],
    "reviewer": [_CONTENT],
    "publisher": [_CONTENT, {"answerversion": ("publish",)}],
}
