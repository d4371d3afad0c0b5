"""Keyset pagination: the next page starts after a given row.

An index finds that row at any depth (Markus Winand, "no offset").

An order is a tuple of field names that are unique together: all ascending, or all descending (with "-").
"""

from django.db.models import Q


def after(row, order):
    """Return the condition for the rows after `row` in this order."""
    beyond = "lt" if order[0].startswith("-") else "gt"
    behind, same = Q(), {}
    for name in names(order):
        value = getattr(row, name)
        behind |= Q(**same, **{f"{name}__{beyond}": value})
        same[name] = value
    # Redundant, but with it the database starts its index scan at the row.
    first = names(order)[0]
    return Q(**{f"{first}__{beyond}e": same[first]}) & behind


def reversed_order(order):
    return tuple(name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order)


def names(order):
    """Return the field names of an order, without their direction."""
    return [name.removeprefix("-") for name in order]
