"""The index in memory: built once in each process, and again when the content's generation moves."""

import threading
from array import array
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime
from itertools import islice, takewhile

from django.utils import timezone

from pages import generation

from . import documents
from .words import WORD, fold, plain

ENOUGH_TIMES = 10  # what stands in a text more often than this weighs no more

_NEVER = datetime.max.replace(tzinfo=UTC)


class Field:
    """One part of all entries: their titles, or leads, or texts."""

    def __init__(self, texts, fold_of):
        self.folds = []  # of each entry: its words in their order, folded
        self.spans = []  # of each entry: where its words begin and end, in pairs
        self._places = {}  # fold -> {number of the entry: how often it stands there}
        for number, text in enumerate(texts):
            matches = list(WORD.finditer(text))
            folds = [fold_of[plain(match.group(0))] for match in matches]
            self.folds.append(folds)
            self.spans.append(array("L", [place for match in matches for place in match.span()]))
            for folded, times in Counter(folds).items():
                self._places.setdefault(folded, {})[number] = times

    def places(self, phrase):
        """The entries that hold a phrase (a tuple of folds), and how often: {number: times}. Several words are counted
        up to `ENOUGH_TIMES`."""
        if len(phrase) == 1:
            return self._places.get(phrase[0], {})
        of_words = [self._places.get(folded, {}) for folded in phrase]
        numbers = set(of_words[0]).intersection(*of_words[1:])
        times = {number: len(list(islice(self.starts(number, phrase), ENOUGH_TIMES))) for number in numbers}
        return {number: count for number, count in times.items() if count}

    def starts(self, number, phrase):
        """At which words of an entry a phrase begins."""
        folds, at = self.folds[number], -1
        for _ in range(self._places.get(phrase[0], {}).get(number, 0)):
            at = folds.index(phrase[0], at + 1)
            if tuple(folds[at : at + len(phrase)]) == phrase:
                yield at


class Index:
    """Entries with their words. What has expired is not in it: `at(now)` leaves it out."""

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
        """This index, or one without the entries that have expired since."""
        if now < self.valid_until:
            return self
        return Index([entry for entry in self.entries if entry.is_shown(now)])

    def beginning_with(self, start):
        """The words of all entries that begin with `start`."""
        words = self.alphabetical
        return list(takewhile(lambda word: word.startswith(start), words[bisect_left(words, start) :]))


_lock = threading.Lock()
_index = None
_generation = None


def current():
    """The index of what readers can read now."""
    global _index, _generation
    number = generation.current()
    with _lock:  # one thread builds, the others wait
        if _index is None or number != _generation:
            _index, _generation = Index(documents.read()), number
        _index = _index.at(timezone.now())
        return _index


def forget():
    """Make the next `current()` read the content."""
    global _index
    _index = None
