"""Database triggers for rules of roles that no CHECK can hold, because they concern two tables or a change.

- Whoever gave or gets a role can't give the second yes to it.
- The group of a role keeps its name. Otherwise, a renamed group would carry its members into another role.
"""

from django.db import connections

from .models import Role

_CONFIRMATION, _GROUP_NAME = "refuse_own_confirmation", "refuse_renamed_role"
_TABLES = {"staff_roleconfirmation": _CONFIRMATION, "auth_group": _GROUP_NAME}
_NAMES = ", ".join(f"'{role}'" for role in Role.values)


def install(using="default", **kwargs):
    """Install the triggers. Runs after each migration, because SQLite drops triggers when it rebuilds a table."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if not _TABLES.keys() <= set(connection.introspection.table_names(cursor)):
            return
        for statement in _statements(connection.vendor):
            cursor.execute(statement)


def missing(using="default"):
    """Return the tables that lack their trigger, in order. Tables that no migration has made yet don't count."""
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql":
            # tgenabled: "D" is a trigger that someone switched off
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled = 'O'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {name for (name,) in cursor.fetchall()}
    return sorted(table for table, name in _TABLES.items() if table in tables and name not in found)


def _statements(vendor):
    own = (
        "EXISTS (SELECT 1 FROM staff_roleassignment WHERE id = NEW.assignment_id"
        " AND NEW.confirmed_by_id IN (account_id, assigned_by_id))"
    )
    renamed = f"OLD.name <> NEW.name AND (OLD.name IN ({_NAMES}) OR NEW.name IN ({_NAMES}))"
    rules = [
        (_CONFIRMATION, "BEFORE INSERT ON staff_roleconfirmation", own, "a third person confirms a role"),
        (_GROUP_NAME, "BEFORE UPDATE OF name ON auth_group", renamed, "the group of a role keeps its name"),
    ]
    if vendor == "postgresql":
        return [statement for rule in rules for statement in _on_postgresql(*rule)]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name} {event} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, event, condition, message in rules
    ]


def _on_postgresql(name, event, condition, message):
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN"
        f" RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
        f"CREATE OR REPLACE TRIGGER {name} {event} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
