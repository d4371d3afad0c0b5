"""The search index in memory. Each process builds it once, and again when the content changes."""

import threading
from array import array
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime
from itertools import islice, takewhile

from django.utils import timezone

from pages import content_generation

from . import documents
from .words import WORD, fold, plain

ENOUGH_TIMES = 10  # more occurrences than this don't raise the score

_NEVER = datetime.max.replace(tzinfo=UTC)


class Field:
    """The words of one part of all entries: of the titles, the leads or the texts."""

    def __init__(self, texts, fold_of):
        self.folds = []  # for each entry: its folded words, in order
        self.spans = []  # for each entry: the start and end of each word, in pairs
        self._places = {}  # fold -> {number of the entry: count}
        for number, text in enumerate(texts):
            matches = list(WORD.finditer(text))
            folds = [fold_of[plain(match.group(0))] for match in matches]
            self.folds.append(folds)
            self.spans.append(array("L", [place for match in matches for place in match.span()]))
            for folded, times in Counter(folds).items():
                self._places.setdefault(folded, {})[number] = times

    def places(self, phrase):
        """Return how often a phrase occurs in each entry: {number of the entry: times}. `phrase`: a tuple of folds.

        For phrases of several words, counting stops at `ENOUGH_TIMES`.
        """
        if len(phrase) == 1:
            return self._places.get(phrase[0], {})
        of_words = [self._places.get(folded, {}) for folded in phrase]
        numbers = set(of_words[0]).intersection(*of_words[1:])
        times = {number: len(list(islice(self.starts(number, phrase), ENOUGH_TIMES))) for number in numbers}
        return {number: count for number, count in times.items() if count}

    def starts(self, number, phrase):
        """Yield the positions where a phrase begins in an entry. A position counts words."""
        folds, at = self.folds[number], -1
        for _ in range(self._places.get(phrase[0], {}).get(number, 0)):
            at = folds.index(phrase[0], at + 1)
            if tuple(folds[at : at + len(phrase)]) == phrase:
                yield at


class Index:
    """All entries and their words. Some entries may have expired: `at(now)` leaves them out."""

    def __init__(self, entries):
        self.entries = entries
        self.valid_until = min((entry.expire_at for entry in entries if entry.expire_at), default=_NEVER)
        parts = [part for entry in entries for part in (entry.title, entry.lead, entry.text)]
        self.vocabulary = Counter(plain(match.group(0)) for part in parts for match in WORD.finditer(part))
        self.alphabetical = sorted(self.vocabulary)
        fold_of = {word: fold(word) for word in self.vocabulary}
        self.titles = Field([entry.title for entry in entries], fold_of)
        self.leads = Field([entry.lead for entry in entries], fold_of)
        self.texts = Field([entry.text for entry in entries], fold_of)

    def at(self, now):
        """Return an index without expired entries. This is the same index if none has expired."""
        if now < self.valid_until:
            return self
        return Index([entry for entry in self.entries if entry.is_shown(now)])

    def beginning_with(self, start):
        """Return the words of all entries that begin with `start`, in alphabetical order."""
        words = self.alphabetical
        return list(takewhile(lambda word: word.startswith(start), words[bisect_left(words, start) :]))


_lock = threading.Lock()
_index = None
_generation = None


def current():
    """Return the current index. It contains only pages that readers can open now."""
    global _index, _generation
    number = content_generation.current()
    with _lock:  # one thread builds the index, the others wait
        if _index is None or number != _generation:
            _index, _generation = Index(documents.read()), number
        _index = _index.at(timezone.now())
        return _index


def forget():
    """Make the next `current()` build the index again."""
    global _index
    _index = None
