"""All settings. They come from environment variables, and from the `.env` file in the folder of manage.py, if it
exists.

`.env.example` explains every variable. Secrets have no default. If one is missing, the site does not start, and the
message names the variable (see `recovery_site/environment.py`).
"""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from recovery_site import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
env.load(BASE_DIR / ".env")

# Where the site runs

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
    # Use the port given to `make run` in every address. An origin that the owner set stays as it is.
    PUBLIC_ORIGIN, _host = env.origin("PORT", f"http://127.0.0.1:{env.number('PORT', 8000, least=1, most=65535)}")
IS_HTTPS = PUBLIC_ORIGIN.startswith("https:")
EXTRA_HOSTS = env.hosts("EXTRA_HOSTS")
ALLOWED_HOSTS = [_host, *EXTRA_HOSTS]
if IN_DEVELOPMENT:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]

# Secrets

SECRET_KEY = env.required("SECRET_KEY", "a long random string that signs cookies and links")
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
ENCRYPTION_KEYS = env.required(
    "ENCRYPTION_KEYS", "the keys that encrypt what people tell us, newest first, as id:key,id:key"
)
INDEX_KEYS = env.required("INDEX_KEYS", "the keys that make encrypted text searchable, newest first, as id:key,id:key")

# Apps and middleware

INSTALLED_APPS = [
    "recovery_site.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.forms",  # the templates of its widgets, see FORM_RENDERER
    "csp",
    "recovery_site.apps.RecoverySiteConfig",
    "staff",
    "pages",
    "faq",
    "intake",
    "wagtail.contrib.redirects",
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
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp_webauthn",
]

MIDDLEWARE = [
    "recovery_site.middleware.browser_policies.BrowserPoliciesMiddleware",  # first: for every response
    "recovery_site.middleware.health.HealthMiddleware",  # before the host check: health checks have no host name
    "django.middleware.security.SecurityMiddleware",
    "recovery_site.middleware.csp.ContentSecurityPolicyMiddleware",
    "staff.sign_in.gate.GateMiddleware",  # before whatever costs more
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "recovery_site.middleware.compression.CompressionMiddleware",  # after the one above: an ETag for each encoding
    "django.contrib.sessions.middleware.SessionMiddleware",
    "recovery_site.languages.AddressLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "recovery_site.middleware.csrf_cookie.PublicPagesMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "staff.second_factor.middleware.SecondFactorMiddleware",  # right here: all that follows asks request.user
    "staff.sessions.middleware.StaffSessionMiddleware",
    # Must come before anything that reads the body; the CSRF check runs later, with the view. Editors at /cms/ may send
    # more.
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
FORCE_SCRIPT_NAME = ""  # otherwise a header could put a prefix before addresses that are kept for everyone
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
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # lets templates/ override the templates of Wagtail's widgets

# Files on disk

# The web server and the worker must use the same folder, wherever they were started. Relative paths start at manage.py.
VAR_DIR = env.folder("VAR_DIR", BASE_DIR, "var")
if IN_DEVELOPMENT:
    SPOOL_DIR = BASE_DIR / env.text("SPOOL_DIR", str(VAR_DIR / "spool"))
else:
    SPOOL_DIR = BASE_DIR / env.required(
        "SPOOL_DIR", "a folder on another volume than the database, for requests that come while the database is down"
    )

_database = env.database("DATABASE_URL", BASE_DIR, VAR_DIR / "database.sqlite3")
DATABASE_SITE_ROLE = env.text("DATABASE_SITE_ROLE")  # see staff/database_grants.py
DATABASE_HOSTS_WITHOUT_TLS = env.hosts("DATABASE_HOSTS_WITHOUT_TLS")  # see start_checks.py
if _database["ENGINE"].endswith("sqlite3"):
    env.create_privately(_database["NAME"])
    _database["OPTIONS"] = {
        # Confirmed requests survive a power failure. Erased content leaves no trace in the file.
        # Two writers wait for each other instead of failing in the middle of a transaction.
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
MEDIA_ROOT = VAR_DIR / "media"  # nginx serves part of it, see recovery_site/media.py
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "recovery_site.static_files.StaticFilesStorage"},
}
WHITENOISE_ROOT = BASE_DIR / "pages" / "root"  # icons that browsers ask for under a fixed address
# Recognize versioned files by their names. Otherwise WhiteNoise asks the storage about unknown files too, which logs an
# error.
WHITENOISE_IMMUTABLE_FILE_TEST = r"\.[0-9a-f]{12}(\.[^/.]+)?$"
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("woff2", "png", "webp", "jpg", "ico", "map", "LICENSE", "txt", "md")

# Email: alerts to staff contain only a reference and a link

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
        "NEUTRAL_FROM_EMAIL", "the sender of emails to a person: a name and an address that say nothing about health"
    )
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.address("DEFAULT_FROM_EMAIL", _desk_sender)
NEUTRAL_FROM_EMAIL = env.address("NEUTRAL_FROM_EMAIL", _neutral_sender)

# The contact for security reports. Without it, /.well-known/security.txt answers 404.

SECURITY_CONTACT = env.security_contact("SECURITY_CONTACT")

# The token for /status, which answers 404 without it. SYNTHETIC_MAX_MINUTES: the longest time since the last
# successful synthetic request. Use 0 if none is sent.

STATUS_TOKEN = env.token("STATUS_TOKEN")
SYNTHETIC_KEY = env.token("SYNTHETIC_KEY") or SECRET_KEY  # its own, so that the sender needs no other secret
SYNTHETIC_MAX_MINUTES = env.number("SYNTHETIC_MAX_MINUTES", 0, least=0, most=10_080)  # a week

# The request limits for ten minutes. Above the limit for a network, a request is not stored, and the page says so.
# Above the total limit, it is stored in quarantine. See intake/submission/rate_limit.py.

REQUEST_LIMIT_PER_NETWORK = env.number("REQUEST_LIMIT_PER_NETWORK", 20, least=1, most=1_000_000_000)
REQUEST_LIMIT_TOTAL = env.number("REQUEST_LIMIT_TOTAL", 300, least=1, most=1_000_000_000)
# The limits for emails to people in a day, see intake/notifications/daily_limit.py
EMAIL_LIMIT_PER_NETWORK = env.number("EMAIL_LIMIT_PER_NETWORK", 10, least=0, most=1_000_000_000)
EMAIL_LIMIT_TOTAL = env.number("EMAIL_LIMIT_TOTAL", 300, least=0, most=1_000_000_000)
BEHIND_PROXY = IS_HTTPS  # TLS ends at nginx, which puts the visitor's address in a header

# Language and time

LANGUAGE_CODE = "en-us"
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [("en-us", _("English")), ("es", _("Spanish"))]
WAGTAIL_I18N_ENABLED = True
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Phoenix"

# Signing in

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # used if the target is not an address of ours
PASSWORD_HASHERS = [
    "staff.passwords.hashers.StaffArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # older hashes still verify, and signing in replaces them
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"staff.passwords.validators.{name}"}
    for name in (
        "LengthValidator",
        "PatternValidator",
        "CommonPasswordValidator",
        "PlaceWordsValidator",
        "PreviousPasswordValidator",
    )
]
STAFF_PLACE_WORDS = "recovery_site.place_words.words_of_the_place"  # staff imports no other app

# How long a sign-in lasts: minutes without anyone using it, and hours in all. After how many minutes some actions, such
# as erasing, ask for the password again. See staff/sessions/.

STAFF_IDLE_MINUTES = env.number("STAFF_IDLE_MINUTES", 15, least=2, most=60)
STAFF_SESSION_HOURS = env.number("STAFF_SESSION_HOURS", 10, least=1, most=12)
STAFF_FRESH_MINUTES = env.number("STAFF_FRESH_MINUTES", 10, least=1, most=60)

# Whether everyone on the staff needs a second factor, or only those who have set one up

STAFF_SECOND_FACTOR = env.choice(
    "STAFF_SECOND_FACTOR", ("required", "optional"), "optional" if IN_DEVELOPMENT else "required"
)
OTP_TOTP_ISSUER = "Renaissance Recovery Center"  # the name of the account in an authenticator app
OTP_TOTP_THROTTLE_FACTOR = 0  # off: staff/throttle.py delays codes, and never so that an outsider shuts someone out
# Passkeys belong to one host name, over https or on localhost. Elsewhere they are not offered.
_takes_passkeys = IS_HTTPS or _host == "localhost"
OTP_WEBAUTHN_RP_NAME = OTP_TOTP_ISSUER
OTP_WEBAUTHN_RP_ID = _host if _takes_passkeys else "localhost"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [PUBLIC_ORIGIN if _takes_passkeys else PUBLIC_ORIGIN.replace(_host, "localhost", 1)]
OTP_WEBAUTHN_HELPER_CLASS = "staff.second_factor.passkeys.Passkeys"
OTP_WEBAUTHN_EXCEPTION_LOGGER_NAME = ""  # anyone could fill the log with made-up passkeys; the security log has them

# The content, which editors manage at /cms/

WAGTAIL_SITE_NAME = "Renaissance Recovery Center"
WAGTAILADMIN_BASE_URL = PUBLIC_ORIGIN
WAGTAILADMIN_LOGIN_URL = LOGIN_URL  # logging out leads here too
WAGTAIL_ALLOW_UNICODE_SLUGS = False  # "Qué es" becomes "que-es": page addresses use plain letters only
WAGTAIL_ENABLE_UPDATE_CHECK = False  # it would contact another server
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # a picture of each editor would also contact another server
# At the default of 500 ms, every editor would take SQLite's only write lock twice a second and slow down the assessment
# form.
WAGTAIL_AUTOSAVE_INTERVAL = 5000  # ms
WAGTAIL_AUTO_UPDATE_PREVIEW_INTERVAL = 2000  # ms
WAGTAILDOCS_SERVE_METHOD = "direct"  # from MEDIA_URL
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}

# Pictures and documents: limits for uploads, see pages/stored_files.py

WAGTAILIMAGES_IMAGE_MODEL = "pages.Picture"
WAGTAILIMAGES_IMAGE_FORM_BASE = "pages.file_forms.PictureForm"
WAGTAILIMAGES_EXTENSIONS = ["jpg", "jpeg", "png", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 14_000_000  # bytes; below the limit for a form, so it can say so
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 40_000_000
WAGTAILDOCS_DOCUMENT_MODEL = "pages.Download"
WAGTAILDOCS_DOCUMENT_FORM_BASE = "pages.file_forms.DownloadForm"
WAGTAILDOCS_EXTENSIONS = ["pdf"]
WAGTAILDOCS_MAX_UPLOAD_SIZE = 14_000_000  # bytes

LINK_CHECK_INSIDE = []  # hosts on an internal network that check_links may request anyway

# Browser security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the admin's style sheets embed their icons as data: addresses
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
CSRF_COOKIE_AGE = None  # the cookie ends when the browser closes
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "recovery_site.error_views.csrf_failure"
VISIT_COOKIE_NAME = "visit"  # see intake/submission/device.py
KNOWN_BROWSER_COOKIE_NAME = "known_browser"  # of staff, see staff/sign_in/gate.py
LEAVE_TO = "https://www.weather.gov/"  # the target of "Leave quickly": a page that anyone might have open
SESSION_ENGINE = "staff.sessions.store"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = STAFF_SESSION_HOURS * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
# Stored in the session, because messages name requests and cookies stay readable on a shared computer.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
if IS_HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # nginx sets it and drops the visitor's own
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.flag("HSTS_SUBDOMAINS")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    VISIT_COOKIE_NAME = "__Host-visit"
    KNOWN_BROWSER_COOKIE_NAME = "__Secure-known_browser"  # not __Host-, which would send it with every page

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # bytes, without files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a long page in /cms/; middleware/body_limits.py allows fewer elsewhere

# Logs: never a query string, never a form value

LOG_LEVEL = env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(levelname)s %(name)s %(message)s",
            "timestamp": True,  # ISO 8601 in UTC, like nginx's
        },
        "plain": {"format": "%(levelname)s %(name)s: %(message)s"},
    },
    "filters": {
        "summarize_refusals": {"()": "recovery_site.log_filters.SummarizeRefusals"},
        "mask_secret_addresses": {"()": "recovery_site.log_filters.MaskSecretAddresses"},
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "formatter": "plain" if IN_DEVELOPMENT else "json",
            "filters": ["summarize_refusals", "mask_secret_addresses"],
        }
    },
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # At DEBUG it logs whole template contexts, including what people told us.
        "django.template": {"level": "INFO"},
        "django_tasks": {"level": "WARNING"},  # it would log four lines each time a page is saved
        "wagtail": {"level": "WARNING"},
        "modelsearch": {"level": "WARNING"},
        "PIL": {"level": "INFO"},  # at DEBUG it logs where a picture was taken
        "django.server": {"handlers": ["stdout"], "propagate": False},
        "gunicorn.http.wsgi": {"level": "ERROR"},  # it warns about HEAD; Django lets the server drop the body
    },
}
