from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    name = "intake"
    verbose_name = _("Admissions desk")

    def ready(self):
        from . import checks  # noqa: F401 (registers them)

        post_migrate.connect(_make_roles, sender=self)


def _make_roles(**kwargs):
    """Create the groups of the desk. They have no permissions: `intake.access` checks the role itself."""
    from django.contrib.auth.models import Group

    from .access import ROLES

    for name in ROLES:
        Group.objects.get_or_create(name=name)
