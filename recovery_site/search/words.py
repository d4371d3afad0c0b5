"""What counts as a word, and when two words are the same."""

import re

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

# Words that stand in nearly every text and so say nothing about which one is wanted.
_STOP_WORDS = """
a about am an and any are as at be because but by can can't could did do does don't for from had has have he her him
his how i i'm if in into is it its me much my of on or our she should so some than that the their them then there
they this to too until was we were what when where which who why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def words(text):
    """The words of a text in their order, in small letters."""
    return [plain(match.group(0)) for match in WORD.finditer(text)]


def plain(word):
    return word.lower().replace("’", "'")


def fold(word):
    """One form for the forms of an English word: plural, -ing, -ed, -ion, -ive."""
    word = re.sub(r"(?<=\w\w)(?:ies|ied)$", "y", word.removesuffix("'s"))
    word = re.sub(r"(?<=\w\w)(?:ions?|ive|ing|(?<!e)ed|es|(?<!s)s|e)$", "", word)
    return re.sub(r"([bdgmnprt])\1$", r"\1", word)


def folded(text):
    """The folds of a text's words, as a tuple: how phrases are compared."""
    return tuple(fold(word) for word in words(text))
