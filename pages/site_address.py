"""Set the host and port of Wagtail's site row from PUBLIC_ORIGIN."""

from urllib.parse import urlsplit

from django.conf import settings

_PORTS = {"http": 80, "https": 443}


def values():
    """Return the field values of Wagtail's site row, taken from PUBLIC_ORIGIN."""
    origin = urlsplit(settings.PUBLIC_ORIGIN)
    return {
        "hostname": origin.hostname,
        "port": origin.port or _PORTS[origin.scheme],
        "site_name": settings.WAGTAIL_SITE_NAME,
    }


def follow(site):
    """Update the row from PUBLIC_ORIGIN."""
    changed = {name: value for name, value in values().items() if getattr(site, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(site, name, value)
        site.save(update_fields=changed)
