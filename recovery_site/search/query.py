"""Turn a typed query into the words and phrases that the search looks for."""

import string
import unicodedata
from bisect import bisect_left

from .synonyms import FORMS_OF, KNOWN, LONGEST_PHRASE, Form
from .words import STOP_WORDS, WORD, fold, plain, words

LONGEST_QUERY = 100  # characters; more words would find less, not more
SHORTEST_MENDED = 5  # letters; shorter words have too many similar words
LONGEST_MENDED = 30
# The longest questions that people type have 10 parts, and their words are the beginnings of 20 others.
MOST_PARTS = 12
MOST_ENDINGS = 50  # of all words of a query; beginnings with more endings are too vague


_KNOWN_FOLDS = {fold(word) for word in KNOWN}
_KNOWN_IN_ORDER = sorted(KNOWN)


def readable(typed):
    """Return the query without control characters, cut to 100 characters, and whether it was cut."""
    typed = typed.strip()
    normal = unicodedata.normalize("NFKC", typed[:LONGEST_QUERY])
    spaced = " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in normal).split())
    return spaced[:LONGEST_QUERY].strip(), max(len(typed), len(spaced)) > LONGEST_QUERY


def corrected(query, index):
    """Return the query with unknown words replaced: by the most frequent word that is one letter away, if there is one.

    The field's own terms are never replaced, and the first letter never changes. So "taper" does not become "paper".
    """
    return WORD.sub(lambda match: _meant(match.group(0), index), query)


def _meant(typed, index):
    word = plain(typed)
    is_word = SHORTEST_MENDED <= len(word) <= LONGEST_MENDED and word.isalpha()
    if not is_word or word in STOP_WORDS or _is_known(word, index):
        return typed
    near = index.corrections.intersection(_one_letter_away(word))
    return max(sorted(near), key=lambda other: index.vocabulary[other], default=typed)


def _is_known(word, index):
    folded_word = fold(word)
    return (
        folded_word in _KNOWN_FOLDS
        or (folded_word,) in index.strengths
        or index.endings(word, most=1)
        or any(known.startswith(word) for known in _KNOWN_IN_ORDER[bisect_left(_KNOWN_IN_ORDER, word) :][:1])
    )


def _one_letter_away(word):
    """Return all words that differ by one letter (wrong, missing or extra) or by two swapped letters.

    The first letter stays.
    """
    splits = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    shorter = [(head, tail[1:]) for head, tail in splits]
    swapped = [head[:-1] + tail[0] + head[-1] + tail[1:] for head, tail in splits if tail]
    replaced = [head + letter + tail for head, tail in splits + shorter for letter in string.ascii_lowercase]
    return swapped + [head + tail for head, tail in shorter] + replaced


def groups(query, index):
    """Return a list of the `Form`s of each part of the query, each once. Parts beyond `MOST_PARTS` are left out."""
    typed = words(query)
    folds = [fold(word) for word in typed]
    found, at, endings = {}, 0, MOST_ENDINGS
    while at < len(typed) and len(found) < MOST_PARTS:
        phrase, word = _longest_phrase(folds[at : at + LONGEST_PHRASE]), typed[at]
        if phrase:
            found[phrase] = FORMS_OF[phrase]
        elif word not in STOP_WORDS and word not in found:
            found[word] = _forms_of_word(word, folds[at], index, endings)
            endings -= len(found[word]) - 1
        at += len(phrase) or 1
    return list(dict.fromkeys(found.values()))


def _longest_phrase(folds):
    """Return the longest known phrase that the folds begin with, or ()."""
    beginnings = (tuple(folds[:length]) for length in range(len(folds), 0, -1))
    return next((phrase for phrase in beginnings if phrase in FORMS_OF), ())


def _forms_of_word(word, folded_word, index, most_endings):
    endings = index.endings(word, most_endings) if len(word) >= 3 else []
    return tuple(Form((other,)) for other in sorted({folded_word, *endings}))
