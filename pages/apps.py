from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = _("Pages")

    def ready(self):
        from . import citing, overlap, signals

        citing.connect()

        signals.connect()
        post_migrate.connect(overlap.install, sender=self)
