"""Storing new rows cheaply. Django writes the text of each INSERT anew, which takes longer than the database needs to
carry it out, and one accepted form stores rows of eight models."""

import functools
import itertools

from django.db import transaction


def insert(*rows, ignore_conflicts=False):
    """Stores new rows, in this order, without signals; a key that the database draws is not read back."""
    connection = transaction.get_connection()  # itself: the usual proxy asks whose turn it is at every use
    statements, values = [], []
    for model, group in itertools.groupby(rows, type):
        group = list(group)
        statements.append(_statement(model, len(group), ignore_conflicts, connection.ops.quote_name))
        values.append(
            [f.get_db_prep_save(getattr(row, f.attname), connection) for row in group for f in _columns(model)]
        )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # all in one journey
            cursor.execute(";\n".join(statements), list(itertools.chain(*values)))
        else:
            for statement, parameters in zip(statements, values, strict=True):
                cursor.execute(statement, parameters)


@functools.lru_cache
def _statement(model, count, ignore_conflicts, quote):
    columns = [quote(field.column) for field in _columns(model)]
    into = f"{quote(model._meta.db_table)} ({', '.join(columns)})"
    row = f"({', '.join(['%s'] * len(columns))})"
    end = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    return f"INSERT INTO {into} VALUES {', '.join([row] * count)}{end}"  # noqa: S608 (names of our own models)


@functools.lru_cache
def _columns(model):
    """The fields that a new row brings; a number that the database draws is not one of them."""
    return [field for field in model._meta.concrete_fields if field is not model._meta.auto_field]
