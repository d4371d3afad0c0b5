"""What production refuses to start with. Development may use all of it.

These are system checks, so every command of manage.py runs them. gunicorn runs none, so wsgi.py calls `refuse_start`.
It runs all checks with the tag `security`, including those of other apps. None of them needs the database, because the
site must start while the database is down.

No message shows a value, which may be a secret.
"""

import ipaddress
import os
import stat
from pathlib import Path

from django.conf import settings
from django.core.checks import Error, Tags, register, run_checks
from django.core.exceptions import ImproperlyConfigured

LEAST_SECRET_KEY = 50  # characters, as Django's own check
LEAST_TOKEN = 32
LEAST_PASSWORD = 15
LEAST_DIFFERENT = 10  # of a random text of that length, nearly none has fewer different characters


def refuse_start():
    """Raise ImproperlyConfigured with a sentence for each error of the security checks. Do nothing without one."""
    errors = [error for error in run_checks(tags=[Tags.security]) if error.is_serious()]
    if errors:
        raise ImproperlyConfigured(" ".join(f"{error.msg.removesuffix('.')}. {error.hint or ''}" for error in errors))


@register(Tags.security)
def production_is_safe(app_configs, **kwargs):
    """Return an error for each setting that production must not have."""
    if settings.IN_DEVELOPMENT:
        return []
    return [
        Error(f"{name} {problem}.", hint=f"See {name} in .env.example.", id=f"recovery_site.E{number:03}")
        for number, check in enumerate(CHECKS, start=1)
        for name, problem in check()
    ]


def _origin():
    if not settings.PUBLIC_ORIGIN.startswith("https://"):
        yield "PUBLIC_ORIGIN", "must begin with https://, or requests for help travel readable by others"


def _secret_keys():
    rule = f"must have at least {LEAST_SECRET_KEY} random characters"
    if _is_weak(settings.SECRET_KEY, LEAST_SECRET_KEY):
        yield "SECRET_KEY", rule
    if any(_is_weak(key, LEAST_SECRET_KEY) for key in settings.SECRET_KEY_FALLBACKS):
        yield "SECRET_KEY_FALLBACKS", f"has a weak key: each {rule}"


def _hosts():
    if not all(_is_address(host) or "." in host.removeprefix(".") for host in settings.EXTRA_HOSTS):
        yield "EXTRA_HOSTS", "has a name without a dot, which may stand for a whole top-level domain"


def _mail():
    has_tls = settings.EMAIL_CONFIG.get("EMAIL_USE_TLS") or settings.EMAIL_CONFIG.get("EMAIL_USE_SSL")
    if not has_tls and not _is_loopback(settings.EMAIL_CONFIG["EMAIL_HOST"]):
        yield "EMAIL_URL", "sends mail unencrypted to another host: use smtp+tls:// or smtp+ssl://"


def _database():
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        if any(_has_mode(database["NAME"] + end, 0o077) for end in ("", "-wal", "-shm")):
            yield "DATABASE_URL", "names a file that other users of this machine may open: set its mode to 600"
        return
    options = database.get("OPTIONS", {})
    host = database.get("HOST") or options.get("host") or os.environ.get("PGHOST", "")
    hosts = [one for text in (host, options.get("hostaddr", "")) for one in text.split(",") if one]
    is_away = [one for one in hosts if not _is_loopback(one) and one not in settings.DATABASE_HOSTS_WITHOUT_TLS]
    if (is_away or "service" in options) and options.get("sslmode") != "verify-full":
        yield "DATABASE_URL", "names another host without proof that it is the right one: add ?sslmode=verify-full"


def _folder():
    if _has_mode(settings.VAR_DIR, 0o066):
        yield "VAR_DIR", "is a folder that other users of this machine may list or change: set its mode to 711 or 700"


def _tokens():
    for name in ("STATUS_TOKEN", "SYNTHETIC_KEY"):
        if getattr(settings, name) and _is_weak(getattr(settings, name), LEAST_TOKEN):
            yield name, f"must have at least {LEAST_TOKEN} random characters"


def _first_password():
    password = os.environ.get("DJANGO_SUPERUSER_PASSWORD", "")
    if password and (len(password) < LEAST_PASSWORD or len(set(password)) < LEAST_DIFFERENT):
        yield "DJANGO_SUPERUSER_PASSWORD", f"must have at least {LEAST_PASSWORD} characters, most of them different"


def _second_factor():
    if settings.STAFF_SECOND_FACTOR != "required":
        yield "STAFF_SECOND_FACTOR", "must be required, or one password opens what people told us"


CHECKS = (_origin, _secret_keys, _hosts, _mail, _database, _folder, _tokens, _first_password, _second_factor)


def _is_weak(secret, least):
    return len(secret) < least or len(set(secret)) < LEAST_DIFFERENT


def _is_address(host):
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_loopback(host):
    """Return whether a connection to this host stays on this machine. A path is a Unix socket."""
    if host.startswith("/") or host == "localhost":
        return True
    return _is_address(host) and ipaddress.ip_address(host.strip("[]")).is_loopback


def _has_mode(path, bits):
    """Return whether the file or folder exists and has any of these bits in its mode."""
    try:
        return bool(stat.S_IMODE(Path(path).stat().st_mode) & bits)
    except OSError:
        return False
