"""Suppression of small numbers: counts of a few people are hidden, and readers can't work them out."""

import math

from django.utils.translation import gettext_lazy as _

LEAST = 5
FEW = _("under 5")
HIDDEN = _("not shown")


def shown(counts):
    """Return the counts of a breakdown for display: numbers, `FEW` (1 to 4), or `HIDDEN`.

    A reader who knows the total can subtract the numbers shown, and gets the sum of the hidden ones. If that sum
    reveals a small count, or is small itself, the smallest of the larger counts is hidden too. 0 is shown: it reveals
    nobody.
    """
    counts = list(counts)
    small = [place for place, count in enumerate(counts) if 0 < count < LEAST]
    larger = sorted((count, place) for place, count in enumerate(counts) if count >= LEAST)
    also = []
    while small and _is_telling(counts, small, also, most=larger[0][0] if larger else math.inf):
        if not larger:
            return [HIDDEN] * len(counts)
        also.append(larger.pop(0)[1])
    return [FEW if place in small else HIDDEN if place in also else count for place, count in enumerate(counts)]


def share(part, whole):
    """Return a share in whole percent, such as "45%".

    If the exact share would reveal a few people, return "over" or "under" a percentage, or `HIDDEN`.
    """
    rest = whole - part
    if whole < LEAST or (0 < part < LEAST and 0 < rest < LEAST):
        return HIDDEN
    if 0 < part < LEAST:
        return _("under %(percent)s%%") % {"percent": math.ceil(100 * LEAST / whole)}
    if 0 < rest < LEAST:
        return _("over %(percent)s%%") % {"percent": math.floor(100 * (whole - LEAST) / whole)}
    return _("%(percent)s%%") % {"percent": round(100 * part / whole)}


def _is_telling(counts, small, also, most):
    """Return whether the sum of the hidden counts reveals one of the `small` ones (1 to 4 each).

    It does if only one value is possible. The `also` hidden counts are 5 or more, and at most `most`, the smallest
    count shown.
    """
    left = sum(counts[place] for place in (*small, *also))
    others = len(small) - 1
    at_least = max(1, left - (LEAST - 1) * others - (most * len(also) if also else 0))
    at_most = min(LEAST - 1, left - others - LEAST * len(also))
    return left < LEAST or at_least >= at_most
