"""Production does not start without what it needs, and says which variable is missing."""

import atexit
import base64
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile

import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import run_checks

COMPLETE = {
    "DJANGO_ENV": "production",
    "PUBLIC_ORIGIN": "https://www.example.org",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ENCRYPTION_KEYS": "k1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "INDEX_KEYS": "k1:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "EMAIL_URL": "smtp://localhost:25",
    "ADMISSIONS_EMAILS": "desk@example.org",
    "DEFAULT_FROM_EMAIL": "desk@example.org",
    "NEUTRAL_FROM_EMAIL": "Front desk <office@example.org>",
    "HSTS_SUBDOMAINS": "True",
    "DATABASE_URL": "",
    "SPOOL_DIR": tempfile.mkdtemp(prefix="recovery-site-tests-", dir="/dev/shm"),  # a volume of its own
}
atexit.register(shutil.rmtree, COMPLETE["SPOOL_DIR"], ignore_errors=True)


def manage(*arguments, tmp_path, **environment):
    """Runs manage.py as production would, with this environment alone; a `.env` of the folder never fills a gap,
    since an empty variable wins over it."""
    empty = dict.fromkeys(COMPLETE, "")
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)} | empty | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_with_everything_set_and_passes_the_deploy_check(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", tmp_path=tmp_path, **COMPLETE)
    assert (done.returncode, done.stdout.strip()) == (0, "System check identified no issues (0 silenced).")


@pytest.mark.parametrize("name", sorted(COMPLETE.keys() - {"DJANGO_ENV", "HSTS_SUBDOMAINS", "DATABASE_URL"}))
def test_production_refuses_to_start_without(name, tmp_path):
    done = manage("check", tmp_path=tmp_path, **COMPLETE | {name: ""})
    assert done.returncode == 1
    assert done.stderr.startswith(f"Not started: {name} is not set. It is ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("keys", ["k1", "k1:short", "k1:" + "A" * 43 + ",k1:" + "A" * 43, "no spaces:" + "A" * 43])
@pytest.mark.parametrize(("name", "error"), [("ENCRYPTION_KEYS", "intake.E001"), ("INDEX_KEYS", "intake.E002")])
def test_keys_that_can_not_be_used_are_named_by_a_check(name, error, keys, settings):
    setattr(settings, name, keys)
    [found] = run_checks([apps.get_app_config("intake")])
    assert (found.id, name in found.msg, "A" * 43 in str(found)) == (error, True, False)


def test_one_secret_in_both_rings_stops_the_start(tmp_path):
    done = manage("check", tmp_path=tmp_path, **COMPLETE | {"INDEX_KEYS": COMPLETE["ENCRYPTION_KEYS"]})
    assert done.returncode == 1
    assert re.findall(r"intake\.E\d+", done.stderr) == ["intake.E003"]
    assert COMPLETE["ENCRYPTION_KEYS"].partition(":")[2].rstrip("=") not in done.stderr


def test_https_makes_cookies_secure_and_sends_everyone_to_tls(tmp_path):
    script = (
        "from django.conf import settings as s; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, "
        "s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0, s.DEBUG)"
    )
    done = manage("shell", "-v0", "-c", script, tmp_path=tmp_path, **COMPLETE | {"DEBUG": "True"})
    assert done.stdout.split() == ["__Host-session", "__Host-csrf", "True", "True", "True", "True", "False"]


def test_template_contexts_never_reach_the_log_at_any_level(tmp_path):
    script = (
        "import logging; from django.template import engines; logging.getLogger('intake').debug('heard'); "
        "engines['django'].from_string('{{ nobody_gave_this }}').render({'name': 'Canary'})"
    )
    done = manage("shell", "-v0", "-c", script, tmp_path=tmp_path, **COMPLETE | {"LOG_LEVEL": "DEBUG"})
    assert done.returncode == 0
    assert ("heard" in done.stderr, "Canary" in done.stdout + done.stderr) == (True, False)
