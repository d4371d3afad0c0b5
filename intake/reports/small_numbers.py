"""What keeps a count of a few people from telling who they are: it is not shown, and can't be worked out either."""

import math

from django.utils.translation import gettext_lazy as _

LEAST = 5
FEW = _("under 5")
HIDDEN = _("not shown")


def shown(counts):
    """The counts of a breakdown as they may be shown, in the same order: a number, `FEW` (1 to 4), or `HIDDEN`.

    Who knows the total can take from it what is shown, and gets the sum of the rest. So where that sum tells what one
    of the rest is, or is itself a small number, the next larger count is hidden too. Nobody stands behind a 0.
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
    """A share in words: whole percents, and no more than "over" or "under" where a few people would show."""
    rest = whole - part
    if whole < LEAST or (0 < part < LEAST and 0 < rest < LEAST):
        return HIDDEN
    if 0 < part < LEAST:
        return _("under %(percent)s%%") % {"percent": math.ceil(100 * LEAST / whole)}
    if 0 < rest < LEAST:
        return _("over %(percent)s%%") % {"percent": math.floor(100 * (whole - LEAST) / whole)}
    return _("%(percent)s%%") % {"percent": round(100 * part / whole)}


def _is_telling(counts, small, also, most):
    """Whether the sum of the hidden counts leaves one value only to one of the `small` ones (1 to 4 each). The `also`
    hidden ones are 5 or more and no larger than `most`, the least of those shown."""
    left = sum(counts[place] for place in (*small, *also))
    others = len(small) - 1
    at_least = max(1, left - (LEAST - 1) * others - (most * len(also) if also else 0))
    at_most = min(LEAST - 1, left - others - LEAST * len(also))
    return left < LEAST or at_least >= at_most
