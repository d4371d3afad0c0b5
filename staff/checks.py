from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import DatabaseError
from django.utils import timezone

from . import append_only_triggers, database_grants, projection, role_triggers


@register(Tags.database)
def logs_are_guarded(app_configs, databases=None, **kwargs):
    """Refuse a database in which rows of a log can be changed. `migrate` and `/status` run this check."""
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


@register(Tags.database)
def rules_of_roles_are_guarded(app_configs, databases=None, **kwargs):
    """Refuse a database that lets people confirm their own role, or rename the group of a role."""
    return [
        Error(
            f"A trigger on {table} is missing. It holds the rules of roles.",
            hint="Find out who removed the trigger. Then run manage.py migrate --skip-checks, which installs it again.",
            id="staff.E004",
        )
        for table in _asked(role_triggers.missing, databases)
    ]


@register(Tags.database)
def rights_are_explained(app_configs, databases=None, **kwargs):
    """Name each right that no role assignment explains. A superuser in production is an error."""
    return [_finding(right) for right in _asked(lambda: projection.unexplained(timezone.now()), databases)]


def _finding(right):
    name = right.account.get_username()
    if right.what == projection.SUPERUSER:
        return Error(
            f"{name} is a superuser. In production nobody is, because Wagtail lets superusers do everything.",
            hint="The worker takes it away. For someone who manages accounts, use manage.py grant_role.",
            id="staff.E003",
        )
    return Warning(
        f"{name} has a right that no role explains: {right.what}.",
        hint="The worker takes it away. To give a role, use the account's page for roles.",
        id="staff.W002",
    )


def _asked(question, databases):
    """Return the answer of the database; nothing if it was not to be asked or is away."""
    try:
        return question() if databases else []
    except DatabaseError:
        return []


@register
def second_factor_is_asked(app_configs, **kwargs):
    """Refuse settings in which nothing asks for the second factor."""
    needed = ["django_otp.middleware.OTPMiddleware", "staff.second_factor.middleware.SecondFactorMiddleware"]
    start = settings.MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1
    if settings.MIDDLEWARE[start : start + 2] == needed:
        return []
    return [
        Error(
            "The second factor is not asked for.",
            hint=f"Put {' and '.join(needed)} right after AuthenticationMiddleware in MIDDLEWARE.",
            id="staff.E002",
        )
    ]
