from django.core.checks import Error, register

from . import sealed


@register()
def keys_open_what_they_seal(app_configs, **kwargs):
    """The site does not start with keys that could not open what they seal."""
    try:
        sealed.check_keys()
    except sealed.SealError as error:
        return [Error(str(error), hint="See SEAL_KEYS in .env.example.", id="intake.E001")]
    return []
