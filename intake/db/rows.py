"""Storing new rows cheaply. Django makes an instance for each row and writes the text of each INSERT anew. Both take
longer than the database needs to carry it out, and one accepted form stores rows of eight models."""

import contextlib
import functools
import itertools
import operator

from django.db import transaction

# psycopg2 writes these as Django would have it; to ask Django for each value took a twentieth of an accepted form.
_PLAIN_ON_POSTGRESQL = {"BooleanField", "CharField", "DateTimeField", "ForeignKey", "UUIDField"}


class New:
    """A new row of a model, without an instance of it. What `values` do not name gets its default."""

    def __init__(self, model, **values):
        if unknown := values.keys() - _columns(model).keys():
            raise TypeError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
        self.model, self.values = model, values


def insert(*rows, ignore_conflicts=False):
    """Stores new rows, each `New` or an instance: all or none, in this order, without signals. A key that the database
    draws is not read back."""
    if not rows:
        return
    connection = transaction.get_connection()  # itself: the usual proxy asks whose turn it is at every use
    statements, values = [], []
    for model, group in itertools.groupby(map(_as_new, rows), operator.attrgetter("model")):
        group = list(group)
        statements.append(_statement(model, len(group), ignore_conflicts, connection.ops.quote_name))
        values.append([value for row in group for value in _prepared(row, connection)])
    with _all_or_none(connection), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(";\n".join(statements), list(itertools.chain(*values)))
        else:
            for statement, parameters in zip(statements, values, strict=True):
                cursor.execute(statement, parameters)


def _all_or_none(connection):
    """PostgreSQL takes the statements of one message as one transaction (its manual: "Multiple Statements in a Simple
    Query"), so that everything goes in one journey: to begin and to commit would be two more."""
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        return contextlib.nullcontext()
    return transaction.atomic()


def _as_new(row):
    if isinstance(row, New):
        return row
    return New(type(row), **{name: getattr(row, name) for name in _columns(type(row))})


def _prepared(row, connection):
    """The row's values as the driver takes them, in the order of the columns."""
    plain = _PLAIN_ON_POSTGRESQL if connection.vendor == "postgresql" else ()
    for name, field in _columns(row.model).items():
        value = row.values[name] if name in row.values else field.get_default()
        is_plain = value is None or field.get_internal_type() in plain
        yield value if is_plain else field.get_db_prep_save(value, connection)


@functools.lru_cache
def _statement(model, count, ignore_conflicts, quote):
    columns = [quote(field.column) for field in _columns(model).values()]
    into = f"{quote(model._meta.db_table)} ({', '.join(columns)})"
    row = f"({', '.join(['%s'] * len(columns))})"
    end = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    return f"INSERT INTO {into} VALUES {', '.join([row] * count)}{end}"  # noqa: S608 (names of our own models)


@functools.lru_cache
def _columns(model):
    """The fields that a new row brings, by name; what the database draws or works out is not one of them."""
    fields = (field for field in model._meta.concrete_fields if not field.generated)
    return {field.attname: field for field in fields if field is not model._meta.auto_field}
