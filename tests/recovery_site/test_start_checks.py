"""Production refuses to start with what would put people at risk, whichever process starts it."""

import base64
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from django.conf import settings as site_settings

from intake.checks import keys_look_random, spool_is_private
from recovery_site import environment as env
from recovery_site.start_checks import production_is_safe
from tests.recovery_site.test_settings import COMPLETE, manage

CANARY = "Canary5ecret"
RANDOM = "7C_oVJMzX_-IYdV8a8vtH0coafo1FSrlHfdxtvU7_kafA_AgJdR9wYbQ2mTz"  # long enough; its beginnings are too short


@pytest.fixture
def production(settings, tmp_path, monkeypatch):
    """The settings of a production that may start. Tests change one of them."""
    settings.IN_DEVELOPMENT = False
    settings.STAFF_SECOND_FACTOR = "required"
    settings.PUBLIC_ORIGIN = "https://www.example.org"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secrets.token_urlsafe(50), []
    settings.EMAIL_CONFIG = {"EMAIL_HOST": "localhost"}
    settings.STATUS_TOKEN, settings.SYNTHETIC_KEY = "", secrets.token_urlsafe(32)
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir(mode=0o700)
    settings.SPOOL_DIR = settings.VAR_DIR / "spool"
    monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "django.db.backends.sqlite3", "NAME": "/none"})
    for name in ("PGHOST", "DJANGO_SUPERUSER_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return settings


def refused():
    """The variables that production refuses now, in the order of the messages. No message shows the canary."""
    errors = production_is_safe(None)
    assert CANARY not in str(errors)
    return [error.msg.split()[0] for error in errors]


def test_a_safe_production_may_start(production):
    assert refused() == []


def test_development_may_use_all_of_it(production):
    production.IN_DEVELOPMENT, production.SECRET_KEY, production.PUBLIC_ORIGIN = True, "x", "http://example.org"
    production.ENCRYPTION_KEYS = key(bytes(32))
    assert (refused(), keys_look_random(None)) == ([], [])


@pytest.mark.parametrize("origin", ["http://www.example.org", "http://127.0.0.1:8000"])
def test_an_origin_without_tls_is_refused(production, origin):
    production.PUBLIC_ORIGIN = origin
    assert refused() == ["PUBLIC_ORIGIN"]


@pytest.mark.parametrize("key", ["x", CANARY, RANDOM[:49], "ab" * 40, "a" * 80])
def test_a_short_or_monotonous_secret_key_is_refused(production, key):
    production.SECRET_KEY = key
    assert refused() == ["SECRET_KEY"]
    production.SECRET_KEY, production.SECRET_KEY_FALLBACKS = secrets.token_urlsafe(50), [secrets.token_urlsafe(50), key]
    assert refused() == ["SECRET_KEY_FALLBACKS"]


HOSTS = {
    "example.org, .example.org, [::1], 127.0.0.1": [],
    ".org": ["EXTRA_HOSTS"],
    "example.org, org": ["EXTRA_HOSTS"],
}


@pytest.mark.parametrize("hosts", HOSTS)
def test_extra_hosts_never_cover_a_top_level_domain(production, monkeypatch, hosts):
    monkeypatch.setenv("EXTRA_HOSTS", hosts)
    production.EXTRA_HOSTS = env.hosts("EXTRA_HOSTS")
    assert refused() == HOSTS[hosts]


MAIL = {
    "smtp://localhost:25": [],
    "smtp://127.0.0.1": [],
    "smtp://[::1]:25": [],
    "smtp+tls://mail.example.org": [],
    "smtp+ssl://mail.example.org": [],
    f"smtp://name:{CANARY}@mail.example.org:25": ["EMAIL_URL"],
    "smtp://localhost.example.org": ["EMAIL_URL"],
    "smtp://10.0.0.7": ["EMAIL_URL"],
}


@pytest.mark.parametrize("url", MAIL)
def test_mail_to_another_host_needs_tls(production, monkeypatch, url):
    monkeypatch.setenv("EMAIL_URL", url)
    production.EMAIL_CONFIG = env.mail_server("EMAIL_URL", must_send=True)
    assert refused() == MAIL[url]


DATABASES = {
    "postgres://u:p@localhost/db": [],
    "postgres://u:p@127.0.0.1:5432/db": [],
    "postgres://u:p@%2Frun%2Fpostgresql/db": [],
    "postgres:///db": [],
    "postgres://u:p@db.example.org/db?sslmode=verify-full": [],
    "postgres://u:p@database:5432/db": [],  # named by DATABASE_HOSTS_WITHOUT_TLS
    f"postgres://u:{CANARY}@db.example.org/db": ["DATABASE_URL"],
    f"postgres://u:{CANARY}@db.example.org/db?sslmode=require": ["DATABASE_URL"],
    f"postgres://u:{CANARY}@localhost,db.example.org/db": ["DATABASE_URL"],
    f"postgres://u:{CANARY}@localhost/db?hostaddr=192.0.2.7": ["DATABASE_URL"],
    f"postgres://u:{CANARY}@database.example.org/db": ["DATABASE_URL"],
    "postgres:///db?host=db.example.org": ["DATABASE_URL"],
    "postgres:///db?service=elsewhere": ["DATABASE_URL"],
}


@pytest.mark.parametrize("url", DATABASES)
def test_a_database_on_another_host_must_prove_who_it_is(production, monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    production.DATABASE_HOSTS_WITHOUT_TLS = ["database"]
    monkeypatch.setitem(production.DATABASES, "default", env.database("DATABASE_URL", production.VAR_DIR, ""))
    assert refused() == DATABASES[url]


def test_a_database_that_only_libpq_knows_to_be_elsewhere_must_prove_who_it_is(production, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres:///db")
    monkeypatch.setitem(production.DATABASES, "default", env.database("DATABASE_URL", production.VAR_DIR, ""))
    monkeypatch.setenv("PGHOST", "db.example.org")
    assert refused() == ["DATABASE_URL"]


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_database_file_that_others_may_open_is_refused(production, end, mode):
    file = production.VAR_DIR / "site.sqlite3"
    production.DATABASES["default"]["NAME"] = str(file)
    env.create_privately(file)
    assert refused() == []
    (production.VAR_DIR / f"site.sqlite3{end}").touch()
    (production.VAR_DIR / f"site.sqlite3{end}").chmod(mode)
    assert refused() == ["DATABASE_URL"]


FOLDERS = {0o700: [], 0o711: [], 0o750: ["VAR_DIR"], 0o755: ["VAR_DIR"], 0o733: ["VAR_DIR"]}


@pytest.mark.parametrize("mode", FOLDERS)
def test_a_folder_that_others_may_list_or_change_is_refused(production, mode):
    production.VAR_DIR.chmod(mode)
    assert refused() == FOLDERS[mode]


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o750, 0o710])
def test_a_spool_that_others_may_enter_is_refused(production, mode):
    production.SPOOL_DIR.mkdir()
    production.SPOOL_DIR.chmod(0o700)
    assert spool_is_private(None) == []
    production.SPOOL_DIR.chmod(mode)
    assert [error.id for error in spool_is_private(None)] == ["intake.E011"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_a_spool_of_another_user_is_refused(production):
    production.SPOOL_DIR.mkdir(mode=0o700)
    os.chown(production.SPOOL_DIR, 65534, 65534)
    assert [error.id for error in spool_is_private(None)] == ["intake.E011"]


@pytest.mark.parametrize("token", ["1", CANARY, "a" * 40, "changeme" * 4, RANDOM[:31]])
def test_a_token_that_can_be_guessed_is_refused(production, token):
    production.STATUS_TOKEN = production.SYNTHETIC_KEY = token
    assert refused() == ["STATUS_TOKEN", "SYNTHETIC_KEY"]


def test_a_second_factor_that_is_optional_is_refused(production):
    production.STAFF_SECOND_FACTOR = "optional"
    assert refused() == ["STAFF_SECOND_FACTOR"]


@pytest.mark.parametrize("password", ["a", CANARY, "a" * 20, "abcabcabcabcabc"])
def test_a_first_password_that_can_be_guessed_is_refused(production, monkeypatch, password):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    assert refused() == ["DJANGO_SUPERUSER_PASSWORD"]


def key(secret, key_id="k1"):
    return f"{key_id}:{base64.urlsafe_b64encode(secret).decode()}"


@pytest.mark.parametrize("name", ["ENCRYPTION_KEYS", "INDEX_KEYS"])
@pytest.mark.parametrize("secret", [bytes(32), b"a" * 32, b"0123456789abcde" * 2 + b"01"])
def test_a_key_that_someone_made_up_is_refused_until_a_new_one_is_in_front(production, name, secret):
    setattr(production, name, key(secret))
    assert [error.id for error in keys_look_random(None)] == ["intake.E004"]
    setattr(production, name, f"{key(secrets.token_bytes(32), 'k2')},{key(secret)}")
    assert keys_look_random(None) == []


def test_the_old_key_under_a_new_id_is_no_rotation(production):
    secret = secrets.token_bytes(32)
    production.INDEX_KEYS = f"{key(secret, 'k2')},{key(secret)}"
    assert [error.id for error in keys_look_random(None)] == ["intake.E004"]


# Every process asks


UNSAFE = {
    "ENCRYPTION_KEYS": f"broken:{CANARY}",
    "INDEX_KEYS": COMPLETE["ENCRYPTION_KEYS"],
    "PUBLIC_ORIGIN": "http://www.example.org",
    "DATABASE_URL": f"postgres://u:{CANARY}@192.0.2.7/db",
}


def serve(tmp_path, **environment):
    """gunicorn in production, with one worker."""
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "recovery_site.wsgi", "--bind", environment.pop("bind", "127.0.0.1:0")],
        cwd=site_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "WEB_WORKERS": "1"} | COMPLETE | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("name", UNSAFE)
def test_gunicorn_ends_with_one_sentence(name, tmp_path):
    with serve(tmp_path, **{name: UNSAFE[name]}) as server:
        _out, said = server.communicate(timeout=60)
    [sentence] = [line for line in said.splitlines() if "Not started" in line]
    assert (server.returncode, name in sentence, CANARY in said, "Traceback" in said) == (3, True, False, False)


@pytest.mark.parametrize("name", UNSAFE)
def test_the_worker_does_not_start(name, tmp_path):
    done = manage("run_worker", "--once", tmp_path=tmp_path, **COMPLETE | {name: UNSAFE[name]})
    assert (done.returncode, name in done.stderr, CANARY in done.stderr) == (1, True, False)
    assert "Traceback" not in done.stderr


def test_gunicorn_starts_while_the_database_is_away(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    with serve(tmp_path, bind=bind, DATABASE_URL="postgres://u:p@127.0.0.1:1/db") as server:
        try:
            assert answer_within(30, f"http://{bind}/healthz") == 200
        finally:
            server.terminate()


def answer_within(seconds, address):
    ends = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                return response.status
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.2)


def test_a_new_database_file_is_for_its_owner_only(tmp_path):
    script = (
        "import glob, os; from django.conf import settings as s; from django.db import connection as c; "
        "c.cursor().execute('CREATE TABLE one (id INTEGER)'); "
        "print(*{oct(os.stat(path).st_mode) for path in glob.glob(s.DATABASES['default']['NAME'] + '*')})"
    )
    done = manage("shell", "-v0", "-c", script, tmp_path=tmp_path, **COMPLETE)
    assert (done.stdout.strip(), done.stderr) == ("0o100600", "")
