from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class StaffAdminConfig(AdminConfig):
    """Django's admin app, with our `StaffSite` in place of the default site."""

    default_site = "recovery_site.admin_site.StaffSite"


class RecoverySiteConfig(AppConfig):
    name = "recovery_site"
    verbose_name = _("Site")

    def ready(self):
        from . import start_checks  # noqa: F401 (registers them)
        from .cms import choosers

        choosers.install()
