"""The site's settings for tests, with made-up secrets and a temporary folder, so that tests touch none of your files.

`TEST_DATABASE_URL` chooses the database. Without it, tests use SQLite in a file.
"""

import atexit
import base64
import os
import secrets
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="recovery-site-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ |= {
    "DJANGO_ENV": "development",
    "DEBUG": "False",
    "PUBLIC_ORIGIN": "http://127.0.0.1:8000",
    "PORT": "",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ENCRYPTION_KEYS": "test:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "INDEX_KEYS": "test:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    "VAR_DIR": _folder,
    "SPOOL_DIR": os.path.join(_folder, "spool"),
    "EMAIL_URL": "memorymail://",
    "ADMISSIONS_EMAILS": "admissions@example.org",
    "LOG_LEVEL": "DEBUG",
}

from recovery_site.settings import *  # noqa: E402, F403
from recovery_site.settings import DATABASES, INSTALLED_APPS, STORAGES  # noqa: E402

INSTALLED_APPS = ["tests", *INSTALLED_APPS]  # first, so that its `flush` replaces Django's
ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
# Data of tests need not survive a power failure.
if ON_SQLITE:
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
else:
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; tests use no real passwords
# Most tests move the clock by hours. The tests of sessions set the real limits.
STAFF_IDLE_MINUTES = STAFF_FRESH_MINUTES = 12 * 60
STAFF_SESSION_HOURS = 12
SESSION_COOKIE_AGE = 12 * 60 * 60
WHITENOISE_AUTOREFRESH = True  # no collected files to look for
