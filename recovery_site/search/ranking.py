"""Rank the search results."""

from math import log


def ranked(index, groups):
    """Return the numbers of the entries that match every group, best first.

    If no entry matches every group, return the entries that match any group.
    """
    of_groups = [index.synonym_scores.get(group) or scores(index, group) for group in groups]
    numbers = set().union(*of_groups)
    numbers = numbers.intersection(*of_groups) or numbers
    total = {number: sum([of_group.get(number, 0) for of_group in of_groups]) for number in numbers}
    return sorted(numbers, key=lambda number: (-total[number], index.entries[number].title))


def scores(index, group):
    """Return the score of one group for each entry: {number of the entry: score}. Leaves out entries without a
    match."""
    found = [(form.weight, index.strengths.get(form.phrase, {})) for form in group]
    exact = set().union(*(strengths for weight, strengths in found if weight == 1))
    best = {}
    for weight, strengths in sorted(found, key=lambda form: -len(form[1])):  # the most frequent one needs no comparing
        rare = weight * _rarity(len(exact) or len(strengths), len(index.entries))
        if best:
            for number, strength in strengths.items():
                if rare * strength > best.get(number, 0):
                    best[number] = rare * strength
        else:
            best = {number: rare * strength for number, strength in strengths.items()}
    return best


def _rarity(found, entries):
    """Return a weight that is higher for rare words: near 0 for a word in all entries, 3 for a word in 1 of 26."""
    return log(1 + (entries - found + 0.5) / (found + 0.5))
