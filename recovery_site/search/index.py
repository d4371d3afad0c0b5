"""The search index in memory. Each process builds it once, and again when the content changes."""

import logging
import threading
import time
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate, takewhile

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from pages import content_generation, facts

from . import documents
from .ranking import scores
from .synonyms import FORMS_OF, KNOWN, PHRASES
from .words import WORDS_AND_GAPS, fold, plain

# The title counts most, then the summary and headings, then the text.
TITLE, LEAD, TEXT = 1, 0.4, 0.1
ENOUGH_TIMES = 10  # more occurrences in a text than this don't raise the score
LEAST_TIMES = 3  # a word must occur this often on the site to serve as a correction
PATIENCE = 10  # seconds before we ask an unresponsive database again, so that not every search has to wait

logger = logging.getLogger(__name__)

_NEVER = datetime.max.replace(tzinfo=UTC)
_PHRASES_FROM = {phrase[0]: [other for other in PHRASES if other[0] == phrase[0]] for phrase in PHRASES}


class NoIndex(Exception):
    """The pages could not be read since this process started."""


@lru_cache(maxsize=20_000)
def _fold_of(word):
    """Return the fold of a word as a text spells it. Only for texts, because what it returns is kept in memory."""
    return fold(plain(word))


class Index:
    """All entries and their words. Some entries may have expired: `at(now)` leaves them out.

    A search looks words and phrases up here, so its cost depends on the words of the query. All that depends on the
    length of the texts was done when the index was built.

    vocabulary: how often each word occurs
    corrections: the words that a typing error may stand for
    strengths: for each word, and each phrase of the synonyms: how strongly it marks each entry, by the entry's number
    synonym_scores: for each row of the synonyms: its score for each entry, see `ranking`
    folds: for each entry: the folded words of its text, in order
    spans: for each entry: where each word of its text begins and ends, in pairs
    """

    def __init__(self, entries):
        self.entries = entries
        self.valid_until = min((entry.expire_at for entry in entries if entry.expire_at), default=_NEVER)
        self.folds, self.spans = [], []
        strengths, spellings = defaultdict(dict), Counter()
        for number, entry in enumerate(entries):
            pieces = [WORDS_AND_GAPS.split(text) for text in (entry.title, entry.lead, entry.text)]
            words = [of_field[1::2] for of_field in pieces]
            folds = [[_fold_of(word) for word in of_field] for of_field in words]
            for phrase, strength in _strengths(*folds).items():
                strengths[phrase][number] = strength
            for of_field in words:
                spellings.update(of_field)
            self.folds.append(folds[-1])
            self.spans.append(array("I", accumulate(len(piece) for piece in pieces[-1])))
        self.strengths = dict(strengths)
        self.synonym_scores = {forms: scores(self, forms) for forms in set(FORMS_OF.values())}
        self.vocabulary = Counter()
        for word, times in spellings.items():
            self.vocabulary[plain(word)] += times
        self.corrections = KNOWN.union(word for word, times in self.vocabulary.items() if times >= LEAST_TIMES)
        self._alphabetical = sorted(self.vocabulary)

    def at(self, now):
        """Return an index without expired entries. This is the same index if none has expired."""
        if now < self.valid_until:
            return self
        return Index([entry for entry in self.entries if entry.is_shown(now)])

    def endings(self, start, most):
        """Return the folds of words that begin with `start`: at most `most` words, in alphabetical order."""
        first = bisect_left(self._alphabetical, start)
        words = takewhile(lambda word: word.startswith(start), self._alphabetical[first : first + most])
        return [_fold_of(word) for word in words]


def _strengths(title, lead, text):
    """Return how strongly each word and phrase marks an entry: {phrase: strength}. Takes the folds of its fields."""
    strengths = dict.fromkeys(_times(title), TITLE)
    for phrase in _times(lead):
        strengths[phrase] = strengths.get(phrase, 0) + LEAD
    for phrase, times in _times(text).items():
        strengths[phrase] = strengths.get(phrase, 0) + TEXT * min(1, times / ENOUGH_TIMES)
    return strengths


def _times(folds):
    """Return how often each word, and each phrase of the synonyms, occurs: {phrase: times}."""
    times = {(folded,): count for folded, count in Counter(folds).items()}  # a word is a phrase of one
    for at, folded in enumerate(folds):
        for phrase in _PHRASES_FROM.get(folded, ()):
            if tuple(folds[at : at + len(phrase)]) == phrase:
                times[phrase] = times.get(phrase, 0) + 1
    return times


_lock = threading.Lock()
_index = None
_generation = None
_retry_at = 0


def current():
    """Return the current index. It contains only pages that readers can open now.

    While the database is down, return the last known index. Raises `NoIndex` if there is none.
    """
    global _index
    with _lock:  # one thread builds the index, the others wait
        _read_again()
        if _index is None:
            raise NoIndex
        _index = _index.at(timezone.now())
        return _index


def _read_again():
    global _index, _generation, _retry_at
    generation = content_generation.current()  # before the texts, so that a change in between is noticed next time
    if generation == _generation or time.monotonic() < _retry_at:
        return
    try:
        facts.current()  # the texts name them
        entries = documents.read()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Can't read the pages for the search: %s", type(error).__name__)
        _retry_at = time.monotonic() + PATIENCE
        return
    if _index is None or entries != _index.entries:  # most changes of the center's facts change no text
        _index = Index(entries)
    if facts.is_made_from(generation):
        _generation = generation
    elif generation == content_generation.current():  # the facts could not be read, so the texts name older ones
        _retry_at = time.monotonic() + PATIENCE


def forget():
    """Make the next `current()` build the index again."""
    global _index, _generation, _retry_at
    _index, _generation, _retry_at = None, None, 0
