from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FaqConfig(AppConfig):
    name = "faq"
    verbose_name = _("Questions and answers")

    def ready(self):
        from pages import signals

        signals.watch(self.get_model("Topic"))
