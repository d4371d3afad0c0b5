"""All settings, in one file, from the environment (and from `.env` beside manage.py, where there is one).

`.env.example` lists every variable with its meaning. Nothing secret has a default: what is missing stops the start
with a sentence that names the variable, see `recovery_site/environment.py`.
"""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from recovery_site import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
env.load(BASE_DIR / ".env")

# Where this runs

DEVELOPMENT_ORIGIN = "http://127.0.0.1:8000"
DJANGO_ENV = env.choice("DJANGO_ENV", ("production", "development"), "production")
IN_DEVELOPMENT = DJANGO_ENV == "development"
DEBUG = IN_DEVELOPMENT and env.flag("DEBUG")

if IN_DEVELOPMENT:
    _given_origin = env.text("PUBLIC_ORIGIN", DEVELOPMENT_ORIGIN)
else:
    _given_origin = env.required("PUBLIC_ORIGIN", "the public address of the site, such as https://www.example.org")
PUBLIC_ORIGIN, _host = env.origin("PUBLIC_ORIGIN", _given_origin)
if IN_DEVELOPMENT and PUBLIC_ORIGIN == DEVELOPMENT_ORIGIN:
    # The port that `make run` was given is the port in every address. An origin of the owner's stays as it is.
    PUBLIC_ORIGIN, _host = env.origin("PORT", f"http://127.0.0.1:{env.number('PORT', 8000, least=1, most=65535)}")
IS_HTTPS = PUBLIC_ORIGIN.startswith("https:")
ALLOWED_HOSTS = [_host, *env.hosts("EXTRA_HOSTS")]
if IN_DEVELOPMENT:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]

# Secrets

SECRET_KEY = env.required("SECRET_KEY", "a long random string that signs cookies and links")
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
ENCRYPTION_KEYS = env.required(
    "ENCRYPTION_KEYS", "the keys that seal what people tell us, newest first, as id:key,id:key"
)
INDEX_KEYS = env.required("INDEX_KEYS", "the keys that find sealed texts again, newest first, as id:key,id:key")

# The house

INSTALLED_APPS = [
    "recovery_site.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.forms",  # the templates of its widgets, see FORM_RENDERER
    "csp",
    "recovery_site.apps.RecoverySiteConfig",
    "wagtail.contrib.redirects",  # above pages: its receivers store redirects before the generation is raised
    "pages",
    "faq",
    "intake",
    "wagtail.contrib.simple_translation",
    "wagtail.contrib.typed_table_block",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
]

MIDDLEWARE = [
    "recovery_site.middleware.health.HealthMiddleware",  # first: a probe has no host name and follows no redirect
    "django.middleware.security.SecurityMiddleware",
    "recovery_site.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "recovery_site.middleware.compression.CompressionMiddleware",  # inside the one above: an ETag for each encoding
    "django.contrib.sessions.middleware.SessionMiddleware",
    "recovery_site.languages.AddressLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "recovery_site.middleware.csrf_cookie.PublicPagesMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Nothing reads a body before this: the CSRF check comes only with the view. /cms/ takes more from an editor.
    "recovery_site.middleware.body_limits.RequestGuardMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "recovery_site.cms.access.AccessMiddleware",
    "recovery_site.cms.deleted.DeletedPageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "recovery_site.old_addresses.OldAddressesMiddleware",
    "pages.publishing_admin.PublishRefusedMiddleware",
    "pages.concurrent_edits.RefusedFormMiddleware",
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
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # so that templates/ may replace those of Wagtail's widgets

# What is kept on disk

# Web and worker must mean the same folder, wherever each was started: a relative path counts from manage.py's.
VAR_DIR = env.folder("VAR_DIR", BASE_DIR, "var")
if IN_DEVELOPMENT:
    SPOOL_DIR = BASE_DIR / env.text("SPOOL_DIR", str(VAR_DIR / "spool"))
else:
    SPOOL_DIR = BASE_DIR / env.required(
        "SPOOL_DIR", "a folder on another volume than the database, for requests that come while the database is away"
    )

_database = env.database("DATABASE_URL", BASE_DIR, VAR_DIR / "database.sqlite3")
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
STATIC_ROOT = BASE_DIR / env.text("STATIC_DIR", str(VAR_DIR / "static"))
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"  # nginx serves a part of it, see recovery_site/media.py
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "recovery_site.static_files.StaticFilesStorage"},
}
# Told by its name. By itself WhiteNoise asks the storage, also for names that no file has, and each of those is logged.
WHITENOISE_IMMUTABLE_FILE_TEST = r"\.[0-9a-f]{12}(\.[^/.]+)?$"
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("woff2", "png", "webp", "jpg", "ico", "map", "LICENSE", "txt", "md")

# Mail: alerts to staff carry a reference and a link, nothing else

if IN_DEVELOPMENT:
    EMAIL_CONFIG = env.mail_server("EMAIL_URL", "consolemail://", must_send=False)
    ADMISSIONS_EMAILS = env.addresses("ADMISSIONS_EMAILS", "admissions@localhost")
    _desk_sender = env.text("DEFAULT_FROM_EMAIL", "desk@localhost")
    _neutral_sender = env.text("NEUTRAL_FROM_EMAIL", _desk_sender)
else:
    env.required("EMAIL_URL", "the mail server that sends alerts to staff, such as smtp+tls://name:password@host:587")
    env.required("ADMISSIONS_EMAILS", "where alerts about new requests go: addresses separated by commas")
    EMAIL_CONFIG = env.mail_server("EMAIL_URL", must_send=True)
    ADMISSIONS_EMAILS = env.addresses("ADMISSIONS_EMAILS")
    _desk_sender = env.required("DEFAULT_FROM_EMAIL", "the sender of alerts to staff, such as desk@example.org")
    _neutral_sender = env.required(
        "NEUTRAL_FROM_EMAIL", "the sender of e-mail to a person: a name and an address that say nothing about health"
    )
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.address("DEFAULT_FROM_EMAIL", _desk_sender)
NEUTRAL_FROM_EMAIL = env.address("NEUTRAL_FROM_EMAIL", _neutral_sender)

# Whom to tell about a hole in the site: /.well-known/security.txt, which is not there without it

SECURITY_CONTACT = env.security_contact("SECURITY_CONTACT")

# What alarms watch at /status, which is not there without the token. SYNTHETIC_MAX_MINUTES: how long ago the synthetic
# request may have come all the way at most; 0 where none is sent.

STATUS_TOKEN = env.token("STATUS_TOKEN")
SYNTHETIC_MAX_MINUTES = env.number("SYNTHETIC_MAX_MINUTES", 0, least=0, most=10_080)  # a week

# How much one part of the internet, and all of it, may ask for in ten minutes: above the first, a request is not
# stored and the page says so; above the second, it is stored in quarantine. See intake/submission/rate_limit.py.

REQUEST_LIMIT_PER_NETWORK = env.number("REQUEST_LIMIT_PER_NETWORK", 20, least=1, most=1_000_000_000)
REQUEST_LIMIT_TOTAL = env.number("REQUEST_LIMIT_TOTAL", 300, least=1, most=1_000_000_000)
BEHIND_PROXY = IS_HTTPS  # TLS ends at nginx, which names the visitor's address in a header

# Words and time

LANGUAGE_CODE = "en-us"
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [("en-us", _("English")), ("es", _("Spanish"))]
WAGTAIL_I18N_ENABLED = True
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Phoenix"

# People who sign in

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # where the address to go on to is none of ours
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# The content, which editors keep at /cms/

WAGTAIL_SITE_NAME = "Renaissance Recovery Center"
WAGTAILADMIN_BASE_URL = PUBLIC_ORIGIN
WAGTAILADMIN_LOGIN_URL = LOGIN_URL  # where logging out leads, too
WAGTAIL_ALLOW_UNICODE_SLUGS = False  # "Qué es" becomes "que-es": the addresses of pages have plain letters alone
WAGTAIL_ENABLE_UPDATE_CHECK = False  # it would ask another host
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # so would a picture of each editor
# At the default of 500 ms, each editor takes SQLite's one write lock twice a second, from people who ask for help.
WAGTAIL_AUTOSAVE_INTERVAL = 5000  # ms
WAGTAIL_AUTO_UPDATE_PREVIEW_INTERVAL = 2000  # ms
WAGTAILDOCS_SERVE_METHOD = "direct"  # from MEDIA_URL
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}

# Pictures and documents: what they must be, see pages/stored_files.py

WAGTAILIMAGES_IMAGE_MODEL = "pages.Picture"
WAGTAILIMAGES_IMAGE_FORM_BASE = "pages.file_forms.PictureForm"
WAGTAILIMAGES_EXTENSIONS = ["jpg", "jpeg", "png", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 14_000_000  # bytes, under what a whole form may have, so that a sentence can answer
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 40_000_000
WAGTAILDOCS_DOCUMENT_MODEL = "pages.Download"
WAGTAILDOCS_DOCUMENT_FORM_BASE = "pages.file_forms.DownloadForm"
WAGTAILDOCS_EXTENSIONS = ["pdf"]
WAGTAILDOCS_MAX_UPLOAD_SIZE = 14_000_000  # bytes

LINK_CHECK_INSIDE = []  # hosts of an inner network that check_links may ask all the same

# What a browser may do

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
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
CSRF_FAILURE_VIEW = "recovery_site.error_views.csrf_failure"
VISIT_COOKIE_NAME = "visit"  # see intake/submission/device.py
LEAVE_TO = "https://www.weather.gov/"  # where "Leave quickly" leads: a page that anyone may have open
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
# Kept with the session: a cookie is readable on the disk of a shared computer, and messages name requests.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
if IS_HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # nginx sets it and drops what a visitor sends
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.flag("HSTS_SUBDOMAINS")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    VISIT_COOKIE_NAME = "__Host-visit"

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # bytes, files apart
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a long page in /cms/; recovery_site.request_guard allows less elsewhere

# What the logs say: never a query string, never a form value

LOG_LEVEL = env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "INFO")
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
    "filters": {"mask_secret_addresses": {"()": "recovery_site.log_filters.MaskSecretAddresses"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "formatter": "plain" if IN_DEVELOPMENT else "json",
            "filters": ["mask_secret_addresses"],
        }
    },
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # At DEBUG it writes out whole contexts of templates, with what a person told us in them.
        "django.template": {"level": "INFO"},
        "django.security.csrf": {"level": "ERROR"},  # its warnings hold addresses, and some of them are secrets
        "django_tasks": {"level": "WARNING"},  # each save of a page has four lines otherwise
        "wagtail": {"level": "WARNING"},
        "modelsearch": {"level": "WARNING"},
        "PIL": {"level": "INFO"},  # at DEBUG it writes out where a picture was taken
        "django.server": {"handlers": ["stdout"], "propagate": False},
        "gunicorn.http.wsgi": {"level": "ERROR"},  # its warning about HEAD: Django leaves dropping the body to it
        "django.security.DisallowedHost": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
