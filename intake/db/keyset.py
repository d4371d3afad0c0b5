"""Reading on behind a row: however deep, the index leads straight to it (Markus Winand, "no offset"). That holds for a
comparison of whole rows; of the same written with OR, a database reads everything before it too.

An order is a tuple of fields that together are unique, all rising or all falling ("-").
"""

from django.db.models import Q
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan, TupleLookupMixin


def after(row, order):
    """The rows that stand behind `row`, as a condition."""
    fields = names(order)
    behind = _RowsBefore if order[0].startswith("-") else _RowsAfter
    return Q(behind(fields, [getattr(row, name) for name in fields]))


def reversed_order(order):
    return tuple(name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order)


def names(order):
    """The fields of an order, without their direction."""
    return [name.removeprefix("-") for name in order]


class _OnSqliteToo(TupleLookupMixin):
    """SQLite has compared rows since 3.15; Django writes OR for it, since it was slow to learn the rest of tuples."""

    def as_sqlite(self, compiler, connection):
        return super(TupleLookupMixin, self).as_sql(compiler, connection)


class _RowsAfter(_OnSqliteToo, TupleGreaterThan):
    pass


class _RowsBefore(_OnSqliteToo, TupleLessThan):
    pass
