"""What the content roles of `pages.roles` may do with questions and answers."""

_WRITE = ("view", "add", "change")
_DRAFTING = {
    "topic": ("view",),
    "question": ("view", "add"),
    "answerversion": (*_WRITE, "delete"),
    "answercitation": (*_WRITE, "delete"),
}
_PUBLISHING = {
    "topic": ("add", "change"),
    "question": ("change",),
    "answerversion": ("publish",),
}
GRANTS = {
    "editor": [_DRAFTING],
    "reviewer": [_DRAFTING],
    "publisher": [_DRAFTING, _PUBLISHING],
}
