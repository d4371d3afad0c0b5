"""Rank the search results."""

from math import log

from .index import ENOUGH_TIMES

# The title counts most, then the summary and headings, then the text.
TITLE, LEAD, TEXT = 1, 0.4, 0.1


def ranked(index, groups):
    """Return the numbers of the entries that match every group, or else of those that match any, best first."""
    scores = [_scores(index, group) for group in groups]
    numbers = set().union(*scores)
    numbers = numbers.intersection(*scores) or numbers
    total = {number: sum(of_group.get(number, 0) for of_group in scores) for number in numbers}
    return sorted(numbers, key=lambda number: (-total[number], index.entries[number].title))


def _scores(index, group):
    """Return the score of a group for each entry that contains one of its forms: {number: score}."""
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
    """Weigh rare words more: near 0 for a word in all entries, 3 for a word in 1 of 26."""
    return log(1 + (entries - found + 0.5) / (found + 0.5))
