"""All settings, in one file, from the environment (and from `.env` beside manage.py, where there is one).

`.env.example` lists every variable with its meaning. Nothing secret has a default: what is missing stops the start
with a sentence that names the variable.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")


def required(name, meaning):
    """The variable's value; stops the start with a clear sentence where it is missing or empty."""
    value = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. It is {meaning}. See .env.example.")
    return value


# Where this runs

DJANGO_ENV = env.str("DJANGO_ENV", default="production")
if DJANGO_ENV not in ("production", "development"):
    raise ImproperlyConfigured(f"DJANGO_ENV is {DJANGO_ENV!r}. It must be production or development.")
IN_DEVELOPMENT = DJANGO_ENV == "development"
DEBUG = IN_DEVELOPMENT and env.bool("DEBUG", default=False)

if IN_DEVELOPMENT:
    PUBLIC_ORIGIN = env.str("PUBLIC_ORIGIN", default="http://127.0.0.1:8000")
else:
    PUBLIC_ORIGIN = required("PUBLIC_ORIGIN", "the public address of the site, such as https://www.example.org")
PUBLIC_ORIGIN = PUBLIC_ORIGIN.rstrip("/")
_origin = urlsplit(PUBLIC_ORIGIN)
if _origin.scheme not in ("http", "https") or not _origin.hostname or _origin.path:
    raise ImproperlyConfigured(f"PUBLIC_ORIGIN is {PUBLIC_ORIGIN!r}. It must look like https://www.example.org")
IS_HTTPS = _origin.scheme == "https"
ALLOWED_HOSTS = [_origin.hostname, *env.list("EXTRA_HOSTS", default=[])]
if IN_DEVELOPMENT:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]

# Secrets

SECRET_KEY = required("SECRET_KEY", "a long random string that signs cookies and links")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SEAL_KEYS = required("SEAL_KEYS", "the keys that seal what people tell us, newest first, as id:key,id:key")
INDEX_KEYS = required("INDEX_KEYS", "the keys by which sealed texts are found again, newest first, as id:key,id:key")

# The house

INSTALLED_APPS = [
    "recovery_site.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "csp",
    "django_prose_editor",
    "js_asset",
    "recovery_site.apps.RecoverySiteConfig",
    "pages",
    "faq",
    "intake",
]

MIDDLEWARE = [
    "recovery_site.health.HealthMiddleware",  # first: a probe has no host name and follows no redirect
    "django.middleware.security.SecurityMiddleware",
    "recovery_site.content_security.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "recovery_site.request_guard.RequestGuardMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "recovery_site.compression.CompressionMiddleware",  # inside the one above: an ETag for each encoding
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "recovery_site.public_pages.PublicPagesMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "recovery_site.urls"
WSGI_APPLICATION = "recovery_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pages.facts.context",
            ],
        },
    },
]

# What is kept on disk

VAR_DIR = Path(env.str("VAR_DIR", default="") or BASE_DIR / "var")

VAR_DIR.mkdir(parents=True, exist_ok=True)

# Web and worker must mean the same folder, wherever each was started: a relative path counts from manage.py's.
if IN_DEVELOPMENT:
    SPOOL_DIR = BASE_DIR / (env.str("SPOOL_DIR", default="") or VAR_DIR / "spool")
else:
    SPOOL_DIR = BASE_DIR / required(
        "SPOOL_DIR", "a folder on another volume than the database, for requests that come while the database is away"
    )

_database = env.db_url_config(env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'database.sqlite3'}")
if _database["ENGINE"].endswith("sqlite3"):
    _database["OPTIONS"] = {
        # What was acknowledged survives a power cut, what was erased leaves no trace in the file,
        # and two writers queue instead of failing half way through a transaction.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
    }
else:
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 2)
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_DIR", default="") or VAR_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "media"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("woff2", "png", "webp", "jpg", "ico", "map", "LICENSE", "txt", "md")

# Mail: alerts to staff carry a reference and a link, nothing else

if IN_DEVELOPMENT:
    EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
    ADMISSIONS_EMAILS = env.list("ADMISSIONS_EMAILS", default=["admissions@localhost"])
else:
    required("EMAIL_URL", "the mail server that sends alerts to staff, such as smtp+tls://name:password@host:587")
    required("ADMISSIONS_EMAILS", "where alerts about new requests go: addresses separated by commas")
    EMAIL_CONFIG = env.email_url("EMAIL_URL")
    ADMISSIONS_EMAILS = env.list("ADMISSIONS_EMAILS")
ADMISSIONS_EMAILS = [address.strip() for address in ADMISSIONS_EMAILS if address.strip()]
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="desk@localhost")
if IN_DEVELOPMENT:
    NEUTRAL_FROM_EMAIL = env.str("NEUTRAL_FROM_EMAIL", default="") or DEFAULT_FROM_EMAIL
else:
    NEUTRAL_FROM_EMAIL = required(
        "NEUTRAL_FROM_EMAIL", "the sender of e-mail to a person: a name and an address that say nothing about health"
    )

# Whom to tell about a hole in the site: /.well-known/security.txt, which is not there without it

SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="").strip()
if SECURITY_CONTACT and not SECURITY_CONTACT.startswith(("mailto:", "https://", "tel:")):
    raise ImproperlyConfigured(
        f"SECURITY_CONTACT is {SECURITY_CONTACT!r}. It must begin with mailto:, https:// or tel:"
    )

# What alarms watch at /status, which is not there without the token. SYNTHETIC_MAX_MINUTES: how long ago the synthetic
# request may have come all the way at most; 0 where none is sent.

STATUS_TOKEN = env.str("STATUS_TOKEN", default="").strip()
SYNTHETIC_MAX_MINUTES = env.int("SYNTHETIC_MAX_MINUTES", default=0)

# How much one part of the internet, and all of it, may ask for in ten minutes: above the first, a request is not
# stored and the page says so; above the second, it is stored in quarantine. See intake/limiter.py.

REQUESTS_PER_SENDER = env.int("REQUESTS_PER_SENDER", default=20)
REQUESTS_ALTOGETHER = env.int("REQUESTS_ALTOGETHER", default=300)
BEHIND_PROXY = IS_HTTPS  # TLS ends at nginx, which names the visitor's address in a header

# Words and time

LANGUAGE_CODE = "en-us"
LANGUAGES = [("en-us", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Phoenix"

# People who sign in

LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# What a browser may do

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        # The nonce appears only where a page asks for one: the editor in the admin. Public pages carry none.
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],  # the admin's own style sheets draw their icons as data: addresses
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_COOKIE_AGE = None  # the cookie ends with the browser session
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "recovery_site.errors.csrf_failure"
VISIT_COOKIE_NAME = "visit"  # see intake/device.py
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
# Kept with the session: a cookie is readable on the disk of a shared computer, and messages name requests.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
if IS_HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # nginx sets it and drops what a visitor sends
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("HSTS_SUBDOMAINS", default=False)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    VISIT_COOKIE_NAME = "__Host-visit"

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# What the logs say: never a query string, never a form value

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "plain": {"format": "%(levelname)s %(name)s: %(message)s"},
    },
    "filters": {"mask_secret_addresses": {"()": "recovery_site.logs.MaskSecretAddresses"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "formatter": "plain" if IN_DEVELOPMENT else "json",
            "filters": ["mask_secret_addresses"],
        }
    },
    "root": {"handlers": ["stdout"], "level": env.str("LOG_LEVEL", default="") or "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # At DEBUG it writes out whole contexts of templates, with what a person told us in them.
        "django.template": {"level": "INFO"},
        "django.security.csrf": {"level": "ERROR"},  # its warnings hold addresses, and some of them are secrets
        "django.server": {"handlers": ["stdout"], "propagate": False},
        "gunicorn.http.wsgi": {"level": "ERROR"},  # its warning about HEAD: Django leaves dropping the body to it
        "django.security.DisallowedHost": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
