from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")

    def ready(self):
        from . import append_only_triggers, checks, events, roles  # noqa: F401 (registers the checks)

        events.listen()
        post_migrate.connect(append_only_triggers.install, dispatch_uid="staff.append_only_triggers")
        post_migrate.connect(roles.make_groups, sender=self)
