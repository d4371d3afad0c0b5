"""Rank the search results."""

from math import log

from .index import ENOUGH_TIMES

# The title counts most, then the summary and headings, then the text.
TITLE, LEAD, TEXT = 1, 0.4, 0.1


def ranked(index, groups):
    """Return the numbers of the entries that match every group, best first.

    If no entry matches every group, return the entries that match any group.
    """
    scores = [_scores(index, group) for group in groups]
    numbers = set().union(*scores)
    numbers = numbers.intersection(*scores) or numbers
    total = {number: sum(of_group.get(number, 0) for of_group in scores) for number in numbers}
    return sorted(numbers, key=lambda number: (-total[number], index.entries[number].title))


def _scores(index, group):
    """Return the score of one group for each entry: {number of the entry: score}. Leaves out entries without a
    match."""
    fields = index.titles, index.leads, index.texts
    places = [(form, [field.places(form.phrase) for field in fields]) for form in group]
    exact = set().union(*(place for form, found in places if form.weight == 1 for place in found))
    scores = {}
    for form, (titles, leads, texts) in places:
        numbers = titles.keys() | leads.keys() | texts.keys()
        weight = form.weight * _rarity(len(exact) or len(numbers), len(index.entries))
        for number in numbers:
            times = min(1, texts.get(number, 0) / ENOUGH_TIMES)
            score = weight * (TITLE * (number in titles) + LEAD * (number in leads) + TEXT * times)
            scores[number] = max(scores.get(number, 0), score)
    return scores


def _rarity(found, entries):
    """Return a weight that is higher for rare words: near 0 for a word in all entries, 3 for a word in 1 of 26."""
    return log(1 + (entries - found + 0.5) / (found + 0.5))
