from django.core.checks import Error, Tags, register
from django.db import DatabaseError

from . import append_only_triggers


@register(Tags.database)
def logs_are_guarded(app_configs, databases=None, **kwargs):
    """Refuse a database whose logs can be changed. `migrate` and `check --database default` ask."""
    if not databases:
        return []
    try:
        tables = append_only_triggers.missing()
    except DatabaseError:
        return []  # no tables yet
    return [
        Error(
            f"The database lets someone change or delete rows of {table}.",
            hint="Run manage.py migrate, which installs the triggers, and find out who removed them.",
            id="staff.E001",
        )
        for table in tables
    ]
