from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")

    def ready(self):
        from . import append_only_triggers, checks, database_grants, events, role_triggers, roles  # noqa: F401
        from .sessions import beginnings
        from .sign_in import gate

        beginnings.listen()  # first: the events of a sign-in name its new session
        events.listen()
        gate.listen()
        for set_up in (append_only_triggers.install, role_triggers.install, database_grants.grant, roles.make_groups):
            post_migrate.connect(set_up, sender=self)
