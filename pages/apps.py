from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = _("Pages")

    def ready(self):
        from . import signals

        signals.connect()
        for name in ("Center", "OpeningHours", "Holiday"):
            post_save.connect(_forget_facts, sender=self.get_model(name))
            post_delete.connect(_forget_facts, sender=self.get_model(name))
        for signal in (page_published, page_unpublished, page_slug_changed, post_page_move):
            signal.connect(_forget_facts)


def _forget_facts(**kwargs):
    from . import facts

    facts.forget()
    transaction.on_commit(facts.forget)  # a thread may have read the old row in between
