"""Insert very many made-up rows at once: COPY on PostgreSQL, one prepared statement on SQLite."""

import datetime as dt
import io
import uuid
from functools import lru_cache

from django.db import connection
from django.db.models import AutoField


@lru_cache
def _columns(model):
    """Return the columns of a model with the defaults for a new row, by attribute name."""
    fields = [
        field for field in model._meta.concrete_fields if not field.generated and not isinstance(field, AutoField)
    ]
    return {field.attname: None if field.primary_key else field.get_default() for field in fields}


def row(model, **values):
    """Return a (model, values) pair for a new row. The values are in the order of its columns."""
    return model, tuple((_columns(model) | values).values())


def hurry():
    """Stop this connection from waiting for the disk. Use it only for rows that can be made again."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-1000000")
        else:
            cursor.execute("SET synchronous_commit = off")


def store(model, rows):
    """Insert rows of one model without signals or validation. Database constraints still apply."""
    table, columns = model._meta.db_table, ", ".join(f'"{name}"' for name in _columns(model))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            places = ", ".join("?" * len(_columns(model)))
            statement = f'INSERT INTO "{table}" ({columns}) VALUES ({places})'  # noqa: S608 (names of our own models)
            cursor.cursor.connection.executemany(statement, (tuple(map(_for_sqlite, row)) for row in rows))
        else:
            lines = io.StringIO("".join("\t".join(map(_for_copy, row)) + "\n" for row in rows))
            cursor.cursor.copy_expert(f'COPY "{table}" ({columns}) FROM STDIN', lines)


def settle():
    """Make PostgreSQL analyze its tables now. Until autovacuum does, it would plan queries for empty tables."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _for_sqlite(value):
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, dt.datetime):
        return str(value.astimezone(dt.UTC).replace(tzinfo=None))
    return value


def _for_copy(value):
    if value is None:
        return r"\N"
    if isinstance(value, bytes):
        return r"\\x" + value.hex()
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return str(value)
