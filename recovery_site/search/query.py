"""Turn a typed query into the words and phrases that the search looks for."""

import string
import unicodedata
from dataclasses import dataclass

from .synonyms import ALSO, KNOWN, LONGEST_PHRASE, ROW_OF
from .words import STOP_WORDS, WORD, fold, folded, plain, words

LONGEST_QUERY = 100  # characters; more words would find less, not more
SHORTEST_MENDED = 5  # letters; shorter words have too many similar words
LONGEST_MENDED = 30
LEAST_TIMES = 3  # a word must occur this often on the site to serve as a correction
LEADS_WEIGH = 0.8  # the weight of a related word; the words themselves weigh 1
# A prefix with more matches than this is too vague.
MOST_ENDINGS = 50

_KNOWN_FOLDS = {fold(word) for word in KNOWN}


@dataclass(frozen=True)
class Form:
    """A folded word or phrase that counts as a match for one part of the query."""

    phrase: tuple[str, ...]
    weight: float = 1.0


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
    near = [other for other in _one_letter_away(word) if other in KNOWN or index.vocabulary[other] >= LEAST_TIMES]
    return max(sorted(near), key=lambda other: index.vocabulary[other], default=typed)


def _is_known(word, index):
    folded_word = fold(word)
    return (
        folded_word in _KNOWN_FOLDS
        or index.texts.places((folded_word,))
        or index.titles.places((folded_word,))
        or index.leads.places((folded_word,))
        or index.beginning_with(word)
        or any(known.startswith(word) for known in KNOWN)
    )


def _one_letter_away(word):
    """Return all words that differ by one letter (wrong, missing or extra) or by two swapped letters.

    The first letter stays.
    """
    splits = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    near = {head[:-1] + tail[0] + head[-1] + tail[1:] for head, tail in splits if tail}
    near |= {head + tail[1:] for head, tail in splits}
    for letter in string.ascii_lowercase:
        near |= {head + letter + tail for head, tail in splits}
        near |= {head + letter + tail[1:] for head, tail in splits}
    return near - {word}


def groups(query, index):
    """Return a list with the `Form`s of each part of the query. A part that occurs twice appears once."""
    found, rest = [], words(query)
    while rest:
        length, phrase = _longest_phrase(rest)
        if phrase:
            found.append(_forms_of_phrase(phrase))
        elif rest[0] not in STOP_WORDS:
            found.append(_forms_of_word(rest[0], index))
        rest = rest[length:]
    return [forms for i, forms in enumerate(found) if forms not in found[:i]]


def _longest_phrase(rest):
    """Find the longest known phrase at the start of `rest`. Return its number of words and its folds, or 1 and None."""
    for length in range(min(LONGEST_PHRASE, len(rest)), 0, -1):
        phrase = tuple(map(fold, rest[:length]))
        if phrase in ROW_OF or phrase in ALSO:
            return length, phrase
    return 1, None


def _forms_of_phrase(phrase):
    row = {folded(form) for form in ROW_OF.get(phrase, ())} | {phrase}
    also = {folded(form) for form in ALSO.get(phrase, ())} - row
    return [Form(other) for other in sorted(row)] + [Form(other, LEADS_WEIGH) for other in sorted(also)]


def _forms_of_word(word, index):
    phrases = {(fold(word),)}
    if len(word) >= 3:
        phrases |= {(fold(other),) for other in index.beginning_with(word)[:MOST_ENDINGS]}
    return [Form(phrase) for phrase in sorted(phrases)]
