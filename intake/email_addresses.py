"""Email addresses as people type and paste them."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+\.[^\s@,;:<>()\[\]\"\\]+")
_NAMED = re.compile(r"[^<>]*<([^<>]*@[^<>]*)>[^<>]*")
_MAILTO = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
_PAIRS = ("<>", "()", "[]", "{}", "''", '""', "``", "“”", "‘’", "«»", "＜＞", "（）", "「」", "【】")
_PUNCTUATION = ".,;:!?…。．，、；：！？"  # with the wide ones of Chinese and Japanese keyboards
_BEFORE, _BEHIND = "<([“‘«,;:＜（「【，；：", ")>]}”’»'\"`＞）」】"


def cleaned(typed):
    """Return a typed address without what pasting adds around it.

    Removes invisible characters, brackets, `mailto:`, a name, and punctuation. If this leaves no address, return the
    text as it was typed.
    """
    text, before = typed, None
    if not typed.isascii():  # every address is cleaned a dozen times, and ASCII has no invisible format characters
        text = "".join(character for character in typed if unicodedata.category(character) != "Cf")
    while text != before:
        before, text = text, _unwrapped_once(text.strip())
    return text if looks_like_one(text) else typed.strip()


def looks_like_one(text):
    """Return whether the text looks like one email address. Only a mail server can tell if it exists."""
    return _ADDRESS.fullmatch(text) is not None


def is_in(typed):
    """Return whether the typed text, once cleaned, is one email address."""
    return looks_like_one(cleaned(typed))


def is_mailable(text):
    """Return whether Django can send mail to this address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return looks_like_one(text)


def identity(typed):
    """Return the normalized form of a typed address. Equal forms mean the same address at every mail server.

    Addresses that only some servers treat as the same have different forms.
    """
    return cleaned(_folded(cleaned(typed)))


def mailbox(address):
    """Return one form for the addresses that many mail servers deliver to one inbox: without case, dots and `+...`.

    Only for counting, because at some servers these are different people.
    """
    local_part, _at, domain = identity(address).rpartition("@")
    name = local_part.partition("+")[0].replace(".", "")
    return f"{name or local_part}@{domain}"


def keys(typed):
    """Return the keys under which typed text is indexed: each address in it, or else the whole text."""
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
    """Return the text case-folded, in Unicode normal form KC.

    It is normalized twice because case folding may undo that form.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
