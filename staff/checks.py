from django.core.checks import Error, Tags, Warning, register
from django.db import DatabaseError

from . import append_only_triggers, database_grants


@register(Tags.database)
def logs_are_guarded(app_configs, databases=None, **kwargs):
    """Refuse a database in which the lines of a log can be changed. `migrate` asks, and `/status` too."""
    return [
        Error(
            f"The database no longer refuses to change or delete lines of {table}.",
            hint="Find out who removed the trigger. Then run manage.py migrate --skip-checks, which installs it again.",
            id="staff.E001",
        )
        for table in _asked(append_only_triggers.missing, databases)
    ]


@register(Tags.database, deploy=True)
def site_can_not_change_the_logs(app_configs, databases=None, **kwargs):
    """Warn if the site connects as a role that could change a log or remove its triggers."""
    return [
        Warning(
            f"The site's database role may change {table}.",
            hint="Let another role own and migrate the database: see DATABASE_SITE_ROLE in .env.example.",
            id="staff.W001",
        )
        for table in _asked(database_grants.changeable_logs, databases)
    ]


def _asked(question, databases):
    """Return the answer of the database; nothing if it was not to be asked or is away."""
    try:
        return question() if databases else []
    except DatabaseError:
        return []
