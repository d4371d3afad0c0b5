"""Database triggers for rules of roles that no CHECK can hold, because they concern two tables or a change.

- Someone who gives or gets a role can't confirm it. Only a lead can confirm `admissions`.
- Someone who is not a lead can't give `admissions` without a confirmation.
- The group of a role keeps its name. Otherwise, a renamed group would carry its members into another role.
"""

from django.db import connections

from .models import Role

_CONFIRMATION, _ADMISSIONS, _GROUP_NAME = "refuse_own_confirmation", "refuse_lone_admissions", "refuse_renamed_role"
_TABLES = {"staff_roleconfirmation": _CONFIRMATION, "staff_roleassignment": _ADMISSIONS, "auth_group": _GROUP_NAME}
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
        "EXISTS (SELECT 1 FROM staff_roleassignment WHERE id = NEW.assignment_id"  # noqa: S608 (constants)
        " AND (NEW.confirmed_by_id IN (account_id, assigned_by_id)"
        f" OR (role = '{Role.ADMISSIONS}' AND NOT {_is_lead('NEW.confirmed_by_id', 'NEW.occurred_at')})))"
    )
    alone = (
        f"NEW.role = '{Role.ADMISSIONS}' AND NOT NEW.needs_confirmation AND NEW.assigned_by_id IS NOT NULL"
        f" AND NOT {_is_lead('NEW.assigned_by_id', 'NEW.starts_at')}"
    )
    renamed = f"OLD.name <> NEW.name AND (OLD.name IN ({_NAMES}) OR NEW.name IN ({_NAMES}))"
    rules = [
        (_CONFIRMATION, "BEFORE INSERT ON staff_roleconfirmation", own, "a third person confirms a role"),
        (_ADMISSIONS, "BEFORE INSERT ON staff_roleassignment", alone, "a lead gives or confirms admissions"),
        (_GROUP_NAME, "BEFORE UPDATE OF name ON auth_group", renamed, "the group of a role keeps its name"),
    ]
    if vendor == "postgresql":
        return [statement for rule in rules for statement in _on_postgresql(*rule)]
    return [statement for rule in rules for statement in _on_sqlite(*rule)]


def _on_sqlite(name, event, condition, message):
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} {event} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END",
    ]


def _is_lead(account, at):
    """Return the SQL that asks whether an account holds the role lead at a moment. Both are columns."""
    return (
        "EXISTS (SELECT 1 FROM staff_roleassignment held"  # noqa: S608 (constants)
        " LEFT JOIN staff_roleconfirmation second ON second.assignment_id = held.id"
        " LEFT JOIN staff_roleending ending ON ending.assignment_id = held.id"
        f" WHERE held.account_id = {account} AND held.role = '{Role.LEAD}' AND ending.id IS NULL"
        f" AND (held.ends_at IS NULL OR held.ends_at > {at})"
        " AND (NOT held.needs_confirmation OR second.id IS NOT NULL))"
    )


def _on_postgresql(name, event, condition, message):
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN"
        f" RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
        f"CREATE OR REPLACE TRIGGER {name} {event} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
