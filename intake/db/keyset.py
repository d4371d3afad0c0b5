"""Keyset pagination: pages that begin behind a row. However deep, an index leads straight to it (Markus Winand, "no
offset").

An order is a tuple of fields that together are unique, all rising or all falling ("-").
"""

from django.db.models import Q


def after(row, order):
    """The rows that stand behind `row`, as a condition."""
    beyond = "lt" if order[0].startswith("-") else "gt"
    behind, same = Q(), {}
    for name in names(order):
        value = getattr(row, name)
        behind |= Q(**same, **{f"{name}__{beyond}": value})
        same[name] = value
    # The alternatives say this already. Said once more for all of them, it lets a database begin at the row.
    first = names(order)[0]
    return Q(**{f"{first}__{beyond}e": same[first]}) & behind


def reversed_order(order):
    return tuple(name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order)


def names(order):
    """The fields of an order, without their direction."""
    return [name.removeprefix("-") for name in order]
