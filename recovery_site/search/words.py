"""Split text into words, and decide when two words are the same."""

import re

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
WORDS_AND_GAPS = re.compile(f"({WORD.pattern})")  # `split` returns the gap before each word, the word, and the last gap

# Words that occur in nearly every text and don't help to find the right one.
_STOP_WORDS = """
a about am an and any are as at be because but by can can't could did do does don't for from had has have he her him
his how i i'm if in into is it its me much my of on or our she should so some than that the their them then there
they this to too until was we were what when where which who why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

_PLURAL = re.compile(r"(?<=\w\w)(?:ies|ied)$")
_ENDING = re.compile(r"(?<=\w\w)(?:ions?|ive|ing|(?<!e)ed|es|(?<!s)s|e)$")
_DOUBLE = re.compile(r"([bdgmnprt])\1$")


def words(text):
    """Return the words of a text, in order and in lowercase."""
    return [plain(match.group(0)) for match in WORD.finditer(text)]


def plain(word):
    return word.lower().replace("’", "'")


def fold(word):
    """Return the common stem of an English word's forms: plural, -ing, -ed, -ion, -ive."""
    word = _PLURAL.sub("y", word.removesuffix("'s"))
    return _DOUBLE.sub(r"\1", _ENDING.sub("", word))


def folded(text):
    """Return the folds of a text's words as a tuple. Compare such tuples to compare phrases."""
    return tuple(fold(word) for word in words(text))
