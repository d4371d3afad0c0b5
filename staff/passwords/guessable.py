"""Which characters of a password are easy to guess: runs, sequences, years, repeated pieces, and known words.

Everything works on `folded` text. Letters that people replace by digits or signs ("P@ssw0rd") are read both ways.
"""

import functools
import re
import string
import unicodedata
from itertools import pairwise

from django.contrib.auth.password_validation import CommonPasswordValidator

LONGEST_LOOKED_AT = 200  # characters; the rest of a longer password makes it no worse
SHORTEST_RUN, SHORTEST_SEQUENCE, SHORTEST_PIECE = 3, 4, 3
SHORTEST_COMMON = 4  # when two common passwords stand side by side
ROWS = (string.ascii_lowercase, string.digits + "0", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")

_NEIGHBORS = {pair for row in ROWS for pair in (*pairwise(row), *pairwise(reversed(row)))}
_YEAR = re.compile(r"(?:19|20)\d\d")
_NO_LETTERS_AT_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_SWAPS = [str.maketrans("@4301!|5$78", f"aaeo{one}{one}lsstb") for one in "li"]


def folded(password):
    """Return the part of a password that is checked, without differences of case and of Unicode form."""
    return unicodedata.normalize("NFKC", password).casefold()[:LONGEST_LOOKED_AT]


def patterns(text):
    """Return the positions of characters that follow from those before them, and of years."""
    return _runs(text) | _sequences(text) | _repeated_pieces(text) | _spans(_YEAR.finditer(text))


def words_in(text, words):
    """Return the positions of characters that belong to one of these words. `words`: in lowercase."""
    found = set()
    for reading in _readings(text):
        for word in words:
            found |= _spans(re.finditer(re.escape(word), reading))
    return found


def is_mostly(positions, text):
    """Return whether these positions cover so much of the text that too little is left to guess."""
    left = len(text) - len(positions)
    return bool(positions) and (left < 8 or left < len(text) / 2)


def is_common(text):
    """Return whether this is a common password, or two in a row, even with what people add to pass a rule.

    Signs and digits at the ends, swapped letters, patterns and repeated pieces don't count.
    """
    known = _common_passwords()
    return any(_is_one_or_two(core, known) for core in _cores(text))


def _cores(text):
    """Yield the texts that people may have started from."""
    skipped = patterns(text)
    short = "".join(character for position, character in enumerate(text) if position not in skipped)
    for whole in {text, short}:
        stripped = _NO_LETTERS_AT_ENDS.sub("", whole)
        for start in (whole, stripped, whole.rstrip(string.punctuation + string.digits)):
            for reading in _readings(start):
                yield reading
                yield _NO_LETTERS_AT_ENDS.sub("", reading)


def _is_one_or_two(core, known):
    if core in known:
        return True
    halves = ((core[:cut].strip(), core[cut:].strip()) for cut in range(SHORTEST_COMMON, len(core)))
    return any(len(second) >= SHORTEST_COMMON and first in known and second in known for first, second in halves)


@functools.lru_cache(maxsize=1)
def _common_passwords():
    """Return the 20,000 common passwords that come with Django, in lowercase."""
    return frozenset(CommonPasswordValidator().passwords)


def _readings(text):
    return {text, *(text.translate(swaps) for swaps in _SWAPS)}


def _runs(text):
    found = re.finditer(rf"(.)\1{{{SHORTEST_RUN - 1},}}", text, re.DOTALL)
    return {position for match in found for position in range(match.start() + 1, match.end())}


def _sequences(text):
    found, start = set(), 0
    for end in range(1, len(text) + 1):
        if end < len(text) and (text[end - 1], text[end]) in _NEIGHBORS:
            continue
        if end - start >= SHORTEST_SEQUENCE:
            found.update(range(start + 1, end))
        start = end
    return found


def _repeated_pieces(text):
    found = set()
    for end in range(SHORTEST_PIECE, len(text) + 1):
        start = end - SHORTEST_PIECE
        if text.find(text[start:end], 0, start) >= 0:
            found.update(range(start, end))
    return found


def _spans(matches):
    return {position for match in matches for position in range(*match.span())}
