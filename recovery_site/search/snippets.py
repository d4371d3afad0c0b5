"""Pick the part of a text that shows readers why it was found."""

from bisect import bisect_left
from collections import defaultdict, deque
from html import escape
from itertools import islice

from django.utils.safestring import mark_safe

LENGTH = 220  # characters
BEFORE = 60  # characters shown before the first match
# The best passage is looked for among this many words and matches at the beginning of a text.
MOST_WORDS = 2_000
MOST_HITS = 200


def snippet(index, number, groups):
    """Return the part of an entry's text that matches the most parts of the query, as safe HTML.

    Each match is in `<mark>`. Without a match, return the beginning of the text.
    """
    text, folds, spans = index.entries[number].text, index.folds[number], index.spans[number]
    phrases = _phrases(index, number, groups)
    groups_here = {group for same_beginning in phrases.values() for _length, _phrase, group in same_beginning}
    begin = max(0, _best_start(_hits(folds, spans, phrases, 0, MOST_WORDS), len(groups_here)) - BEFORE)
    begin = text.rfind(" ", 0, begin) + 1
    end = min(begin + LENGTH, len(text))
    if end < len(text) and text.rfind(" ", begin, end) > begin:
        end = text.rfind(" ", begin, end)
    parts, at = ["… " if begin else ""], begin
    first_word, last_word = ((bisect_left(spans, place) + 1) // 2 for place in (begin, end))
    for first, last, _group in _hits(folds, spans, phrases, first_word, last_word):
        if at <= first and last <= end:
            parts += [escape(text[at:first]), f"<mark>{escape(text[first:last])}</mark>"]
            at = last
    parts += [escape(text[at:end]), " …" if end < len(text) else ""]
    return mark_safe("".join(parts))  # noqa: S308 (each part is escaped above)


def _phrases(index, number, groups):
    """Return the words and phrases of the groups that an entry has: {first word: [(length, phrase, group)]}.

    The longest one comes first.
    """
    phrases = {}
    for group_number, group in enumerate(groups):
        for form in group:
            if number in index.strengths.get(form.phrase, ()):
                phrases.setdefault(form.phrase[0], []).append((len(form.phrase), form.phrase, group_number))
    for same_beginning in phrases.values():
        same_beginning.sort(reverse=True)
    return phrases


def _hits(folds, spans, phrases, begin, end):
    """Yield the matches that begin between two words of a text as (start, end, number of the group), in its order.

    If two begin at the same place, the longer one comes first.
    """
    for at, folded in enumerate(folds[begin:end], begin):
        for length, phrase, group_number in phrases.get(folded, ()):
            if length == 1 or tuple(folds[at : at + length]) == phrase:
                yield spans[2 * at], spans[2 * (at + length) - 1], group_number


def _best_start(hits, groups):
    """Return the start of the first passage with the most groups. 0 without hits.

    Reads no further than a passage with all `groups`.
    """
    best, most, near, passage = 0, 0, defaultdict(int), deque()
    for hit in islice(hits, MOST_HITS):
        passage.append(hit)
        near[hit[2]] += 1
        while hit[0] - passage[0][0] >= LENGTH - BEFORE:
            group = passage.popleft()[2]
            near[group] -= 1
            if not near[group]:
                del near[group]
        if len(near) > most:
            best, most = passage[0][0], len(near)
            if most == groups:
                break
    return best
