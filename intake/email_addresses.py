"""Email addresses as people type and paste them."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+\.[^\s@,;:<>()\[\]\"\\]+")
_NAMED = re.compile(r"[^<>]*<([^<>]*@[^<>]*)>[^<>]*")
_MAILTO = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
_PAIRS = ("<>", "()", "[]", "{}", "''", '""', "``", "“”", "‘’", "«»")
_PUNCTUATION = ".,;:!?…"
_BEFORE, _BEHIND = "<([“‘«,;:", ")>]}”’»'\"`"


def cleaned(typed):
    """An address without what pasting wraps around it: invisible characters, brackets, `mailto:`, a name before it,
    punctuation after it. What is no address stays as it was typed."""
    text, before = "".join(character for character in typed if unicodedata.category(character) != "Cf"), None
    while text != before:
        before, text = text, _unwrapped_once(text.strip())
    return text if looks_like_one(text) else typed.strip()


def looks_like_one(text):
    """Whether this is one address, for a mail program to judge."""
    return _ADDRESS.fullmatch(text) is not None


def is_in(typed):
    """Whether what was typed is one address, once it is cleaned."""
    return looks_like_one(cleaned(typed))


def is_mailable(text):
    """Whether Django can send mail to it."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return looks_like_one(text)


def identity(typed):
    """One writing for what any mail server takes as one address. What only some take so stays different."""
    return cleaned(_folded(cleaned(typed)))


def keys(typed):
    """Under what it is indexed: each address in it; where there is none, all that was typed."""
    whole = identity(typed)
    parts = [identity(part) for part in re.split(r"[\s<>(),;]+", whole)]
    addresses = [part for part in parts if re.fullmatch(r"[^@]+@[^@]+", part)]
    return list(dict.fromkeys(addresses)) or ([whole] if whole else [])


def _unwrapped_once(text):
    if mailto := _MAILTO.fullmatch(text):
        return mailto[1]
    if named := _NAMED.fullmatch(text):
        return named[1]
    if text[-1:] in _PUNCTUATION:
        return text.rstrip(_PUNCTUATION)
    if text[:1] + text[-1:] in _PAIRS:
        return text[1:-1]
    return text.lstrip(_BEFORE).rstrip(_BEHIND)


def _folded(text):
    """Without case, in a normal form; normalized once more because folding may leave it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
