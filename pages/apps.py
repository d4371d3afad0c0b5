from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = _("Pages")

    def ready(self):
        from . import citing, fields, media_rights, opening_hours_trigger, signals

        citing.connect()
        fields.use_for_wagtails_own()
        media_rights.install()
        signals.connect()
        post_migrate.connect(opening_hours_trigger.install, sender=self)
        # Django sends the signal once for each app. Wait for the last one, when all permissions exist.
        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(_set_up_roles, sender=last)


def _set_up_roles(apps=apps, **kwargs):
    from . import roles

    try:
        for label in ("wagtailcore.Site", "wagtailimages.Image", "wagtaildocs.Document", "wagtailredirects.Redirect"):
            apps.get_model(label)
    except LookupError:
        return  # only some apps were migrated
    roles.set_up()
