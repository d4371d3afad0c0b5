"""Database triggers that refuse to change or delete the rows of guarded append-only tables.

`AppendOnlyModel.save` stops our own code. The triggers also stop a query, a script and a database shell. The owner of
the tables can drop them, so a system check looks for them, and the site itself connects as a role that owns nothing.
"""

from django.apps import apps
from django.db import connections

from .append_only import AppendOnlyModel

_NAME = "refuse_change"
_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def install(using="default", **kwargs):
    """Install the triggers. Runs after each migration, because SQLite drops triggers when it rebuilds a table."""
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = guarded_tables() & set(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql" and tables:
            cursor.execute(_POSTGRESQL_FUNCTION)
        for table in sorted(tables):
            for statement in _statements(connection.vendor, table):
                cursor.execute(statement)


def missing(using="default"):
    """Return the guarded tables that lack a trigger, in order. Tables that don't exist yet lack none."""
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = guarded_tables() & set(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql":
            # tgenabled: "D" is a trigger that someone switched off
            cursor.execute(
                "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
                " WHERE tgname IN (%s, %s) AND tgenabled = 'O' GROUP BY 1",
                [_NAME, f"{_NAME}_all"],
            )
        else:
            cursor.execute(
                "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s GROUP BY 1",
                [f"{_NAME}_%"],
            )
        found = dict(cursor.fetchall())
    return sorted(table for table in tables if found.get(table) != 2)


def guarded_tables():
    """Return the names of the tables whose rows may never change, as a set."""
    models = [model for model in apps.get_models() if issubclass(model, AppendOnlyModel) and model.is_guarded]
    return {model._meta.db_table for model in models}


def _statements(vendor, table):
    """Return the statements that create the two triggers of a table, or switch them on again."""
    if vendor == "postgresql":
        return [
            f"CREATE OR REPLACE TRIGGER {_NAME} BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {_NAME}()",
            # TRUNCATE fires no trigger for rows.
            f"CREATE OR REPLACE TRIGGER {_NAME}_all BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {_NAME}()",
            f"ALTER TABLE {table} ENABLE TRIGGER {_NAME}, ENABLE TRIGGER {_NAME}_all",
        ]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {_NAME}_{action}_{table} BEFORE {action} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for action in ("UPDATE", "DELETE")
    ]
