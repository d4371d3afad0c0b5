from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = _("Pages")

    def ready(self):
        for name in ("Center", "OpeningHours", "Holiday", "Page", "PageVersion"):
            post_save.connect(_forget_facts, sender=self.get_model(name))
            post_delete.connect(_forget_facts, sender=self.get_model(name))


def _forget_facts(**kwargs):
    from . import facts

    facts.forget()
    transaction.on_commit(facts.forget)  # a thread may have read the old row in between
