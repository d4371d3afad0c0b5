"""The rights of the site's own database role, if another role owns the tables (PostgreSQL).

The owner runs migrations. The site reads and writes rows. In a guarded log, it may only read and add rows: it can't
change one or remove the triggers. Without DATABASE_SITE_ROLE, the site connects as the owner, and nothing is granted.
"""

from django.conf import settings
from django.db import connections

from . import append_only_triggers


def grant(using="default", **kwargs):
    """Give the site's role exactly its rights. Runs after each migration and is safe to repeat."""
    role, connection = settings.DATABASE_SITE_ROLE, connections[using]
    if not role or connection.vendor != "postgresql":
        return
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        guarded = append_only_triggers.guarded_tables() & set(tables)
        names = {
            True: ", ".join(map(quote, sorted(guarded))),
            False: ", ".join(quote(table) for table in tables if table not in guarded),
        }
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quote(role)}")
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quote(role)}")
        for is_guarded, rights in ((True, "SELECT, INSERT"), (False, "SELECT, INSERT, UPDATE, DELETE")):
            if names[is_guarded]:
                cursor.execute(f"GRANT {rights} ON {names[is_guarded]} TO {quote(role)}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quote(role)}")


def changeable_logs(using="default"):
    """Return the guarded tables that the connected role may change, in order. Empty on SQLite, which has no roles."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        tables = append_only_triggers.guarded_tables() & set(connection.introspection.table_names(cursor))
        found = []
        for table in sorted(tables):
            cursor.execute("SELECT has_table_privilege(current_user, %s, 'UPDATE, DELETE, TRUNCATE, TRIGGER')", [table])
            if cursor.fetchone()[0]:
                found.append(table)
    return found
