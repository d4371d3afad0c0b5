"""Database triggers that stop the opening hours of a weekday from overlapping.

A constraint could do this on PostgreSQL, but not on SQLite.
"""

from django.db import connections

_TABLE = "pages_openinghours"
_OVERLAPS = f"""
EXISTS (
    SELECT 1 FROM {_TABLE} AS other
    WHERE other.id <> NEW.id AND other.center_id = NEW.center_id AND other.weekday = NEW.weekday
    AND other.opens < NEW.closes AND NEW.opens < other.closes
)
"""  # noqa: S608 (all parts are constants)
_POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION refuse_overlapping_hours() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {_OVERLAPS} THEN
            RAISE EXCEPTION 'opening hours overlap' USING ERRCODE = 'exclusion_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE OR REPLACE TRIGGER refuse_overlapping_hours AFTER INSERT OR UPDATE ON {_TABLE}
    FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_hours()
    """,
]
_SQLITE = [
    f"""
    CREATE TRIGGER IF NOT EXISTS refuse_overlapping_hours_{action} AFTER {action} ON {_TABLE} WHEN {_OVERLAPS}
    BEGIN SELECT RAISE(ABORT, 'opening hours overlap'); END
    """
    for action in ("INSERT", "UPDATE")
]


def install(using="default", **kwargs):
    """Install the triggers. Runs after each migration, because SQLite drops triggers when it rebuilds a table."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if _TABLE not in connection.introspection.table_names(cursor):
            return  # before the first migration, or after the last one was reversed
        for statement in _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)
