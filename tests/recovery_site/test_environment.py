"""Whatever the environment holds, the site starts as meant, or one sentence says which variable is wrong."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from django.apps import apps
from django.conf import settings as site_settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from recovery_site import environment as env
from tests.recovery_site.test_settings import COMPLETE, manage

# Malformed values of every variable. No sentence may repeat the marked word, which stands for a secret.
SECRET = "Canary5ecret"
MALFORMED = {
    "DJANGO_ENV": ["staging", "'production'", "Production", "production,development"],
    "PUBLIC_ORIGIN": [
        "www.example.org",
        "ftp://example.org",
        "https://example.org/site",
        "https://example.org?x",
        "https://example.org#x",
        "https://example.org:99999",
        "https://example.org:0",
        "https://example.org:",
        "https://example.org:8o",
        f"https://name:{SECRET}@example.org",
        '"https://example.org"',
        "https://exam ple.org",
        "https://",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://999.1.1.1",
        "https://-example.org",
        "https://straße.example",
        "https://a..example",
        "https://example.org, https://www.example.org",
        "https://example.org\nx",
    ],
    "EXTRA_HOSTS": [
        "https://a.example",
        "a.example:8000",
        "*",
        "a b",
        "a.example;b.example",
        "[::1",
        "a_b.example",
        ".",
    ],
    "HSTS_SUBDOMAINS": ["flase", "2", '"True"'],
    "SECRET_KEY": ["\n", " ", f"{SECRET}\nx", f"{SECRET}\x07"],
    "SECRET_KEY_FALLBACKS": [f"{SECRET}\n{SECRET}"],
    "ENCRYPTION_KEYS": [" ", f"k1:{SECRET}", f"k1:${SECRET}", f"${SECRET}", f"'k1:{SECRET}'", f"k1={SECRET}"],
    "INDEX_KEYS": [" ", f"k1:{SECRET}", f"k1:${SECRET}", f"${SECRET}", f"'k1:{SECRET}'", f"k1={SECRET}"],
    "DATABASE_URL": [
        f"postgres://u:a?{SECRET}@host/db",
        f"postgres://u:a#{SECRET}@host/db",
        f"postgres://u:a/{SECRET}@host/db",
        f"postgres://u:a%z{SECRET}@host/db",
        f"postgres://u:a[{SECRET}@host/db",
        f"postgres://u:a {SECRET}@host/db",
        f'"postgres://u:{SECRET}@host/db"',
        f"'postgres://u:{SECRET}@host/db'",
        f"postgres://u:{SECRET}@host:99999/db",
        f"postgres://u:{SECRET}@host:5432",
        f"postgres://u:{SECRET}@host:port/db",
        f"mysql://u:{SECRET}@host/db",
        "$" + SECRET,
        SECRET,
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/file",
        "sqlite:////folder/a?b",
        "sqlite:////folder/a+b",
    ],
    "DATABASE_SITE_ROLE": ["site\nx"],
    "DATABASE_HOSTS_WITHOUT_TLS": ["*", "database:5432", "postgres://database"],
    "EMAIL_URL": [
        f"smtp+tls://u:a#{SECRET}@host:587",
        f"smtp+tls://u:a?{SECRET}@host:587",
        f"smtp+tls://u:a/{SECRET}@host:587",
        f"smtp+tls://u:a%z{SECRET}@host:587",
        f"smtp+tls://u:a[{SECRET}@host:587",
        f'"smtp+tls://u:{SECRET}@host:587"',
        f"smtp+tls://u:{SECRET}@host:99999",
        f"smtp+tls://u:{SECRET}@host:smtp",
        f"smtp+tls://u:{SECRET}@",
        f"smtp+tls://{SECRET}@host:587",
        f"smtp+tls://{SECRET}:@host:587",
        f"smtps://u:{SECRET}@host:465",
        f"mail://u:{SECRET}@host",
        "$" + SECRET,
        "smtp://",
        "localhost:25",
        "consolemail://",
        "dummymail://",
    ],
    "DEFAULT_FROM_EMAIL": [
        "Front desk office@example.org",
        "office@",
        "office",
        "a@example.org, b@example.org",
        "Desk <office@example.org",
        "Desk, Front <office@example.org>",
        "office@example.org\nBcc: all@example.org",
        "Desk <>",
        "office@exam ple.org",
    ],
    "NEUTRAL_FROM_EMAIL": ["Front desk office@example.org", "office", "a@example.org; b@example.org", "Desk <office>"],
    "ADMISSIONS_EMAILS": [
        ",",
        " ; ",
        "one@example.org two@example.org",
        "one@example.org, two",
        "one@example.org, Desk <two@example.org",
        "Desk, Front <front@example.org>",
        '"Desk <front@example.org>',
        "one@example.org:two@example.org",
        "one@example.org\ntwo@example.org",
        "@example.org",
        "öne@example.org",
    ],
    "SECURITY_CONTACT": ["security@example.org", "http://example.org", "mailto:a@example.org b", "mailto:"],
    "SYNTHETIC_KEY": [f"{SECRET} and blanks", f"{SECRET}ä", f"{SECRET}\nx"],
    "STATUS_TOKEN": [f"{SECRET} and blanks", f"{SECRET}ä", f"{SECRET}\nx"],
    "SYNTHETIC_MAX_MINUTES": ["-1", "4.5", "99999999999", "45 minutes", "٤٥", "1e3"],
    "REQUEST_LIMIT_PER_NETWORK": ["0", "-1", "many", "1_000", "99999999999999999999"],
    "REQUEST_LIMIT_TOTAL": ["0", "-1", "many"],
    "EMAIL_LIMIT_PER_NETWORK": ["-1", "few", "1.5"],
    "EMAIL_LIMIT_TOTAL": ["-1", "few", "1.5"],
    "STAFF_IDLE_MINUTES": ["0", "1", "61", "never"],
    "STAFF_SESSION_HOURS": ["0", "13", "a day"],
    "STAFF_FRESH_MINUTES": ["0", "61", "10 minutes"],
    "LOG_LEVEL": ["verbose", "debug", "10"],
    "STAFF_SECOND_FACTOR": ["off", "Required", "True"],
    "VAR_DIR": ["/dev/null/site", "/proc/site"],
    "SPOOL_DIR": ["/dev/null/spool", "/proc/spool"],
    "PORT": ["0", "65536", "-1", "http", "8 000"],  # read in development alone
}
MADE_FOR = {"PORT": {"DJANGO_ENV": "development", "PUBLIC_ORIGIN": ""}}
JUDGED_BY_CHECKS = ("ENCRYPTION_KEYS", "INDEX_KEYS", "SPOOL_DIR")  # which say more than one sentence

# Reads the settings once for each value that stands on the input, and writes what stopped them.
READ_SETTINGS = """
import json, os, runpy, sys
from django.core.exceptions import ImproperlyConfigured
name, values = json.load(sys.stdin)
for value in values:
    os.environ[name] = value
    try:
        runpy.run_path("recovery_site/settings.py")
        print(json.dumps("started"))
    except ImproperlyConfigured as error:
        print(json.dumps(str(error)))
"""


@pytest.mark.parametrize("name", sorted(MALFORMED.keys() - set(JUDGED_BY_CHECKS)))
def test_every_malformed_value_stops_the_settings_with_one_sentence(name, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", READ_SETTINGS],
        cwd=site_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]} | COMPLETE | {"VAR_DIR": str(tmp_path)} | MADE_FOR.get(name, {}),
        input=json.dumps([name, MALFORMED[name]]),
        capture_output=True,
        text=True,
        check=False,
    )
    sentences = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.stderr, len(sentences)) == ("", len(MALFORMED[name]))
    wrong = [
        (value, said)
        for value, said in zip(MALFORMED[name], sentences, strict=True)
        if not said.startswith(f"{name} ") or SECRET in said or "\n" in said
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in sorted(JUDGED_BY_CHECKS) for value in MALFORMED[name]]
)
def test_every_malformed_value_is_named_by_a_check(name, value, settings):
    setattr(settings, name, value.strip())  # as the settings have it of the environment
    said = [str(error) for error in run_checks([apps.get_app_config("intake")])]
    assert (len(said), name in said[0], SECRET in said[0]) == (1, True, False)


@pytest.mark.parametrize("name", sorted(MALFORMED))
def test_a_malformed_value_stops_the_start_without_a_traceback(name, tmp_path):
    done = manage("check", tmp_path=tmp_path, **COMPLETE | MADE_FOR.get(name, {}) | {name: MALFORMED[name][-1]})
    said = done.stderr.strip()
    assert (done.returncode, "Traceback" in said, name in said, SECRET in said) == (1, False, True, False), said
    if name not in JUDGED_BY_CHECKS:
        assert said.startswith(f"Not started: {name} ")
        assert len(said.splitlines()) == 1


def test_every_variable_of_the_settings_is_tried_with_malformed_values():
    source = (site_settings.BASE_DIR / "recovery_site/settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    read |= set(re.findall(r"env\.\w+\('([A-Z_]+)'", source))
    assert read - set(MALFORMED) == {"DEBUG", "STATIC_DIR"}


@pytest.mark.parametrize("name", ["WEB_WORKERS", "WEB_THREADS"])
@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "1001"])
def test_gunicorn_names_the_variable_that_is_no_number(name, value, tmp_path):
    done = gunicorn("--check-config", tmp_path, **{name: value})
    assert done.stderr.strip() == f"Not started: {name} must be a whole number from 1 to 1000."


def test_gunicorn_stops_with_the_sentence_and_does_not_try_again(tmp_path):
    done = gunicorn("--bind=127.0.0.1:0", tmp_path, ADMISSIONS_EMAILS="nobody", WEB_WORKERS="1")
    said = [line for line in done.stderr.splitlines() if "Not started" in line]
    assert (len(said), "ADMISSIONS_EMAILS" in said[0], "Traceback" in done.stderr) == (1, True, False)
    assert done.returncode != 0


def gunicorn(argument, tmp_path, **environment):
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "recovery_site.wsgi", argument],
        cwd=site_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)} | COMPLETE | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# What must be understood


def test_the_example_starts_the_site_once_what_is_required_is_filled_in(tmp_path):
    example = (site_settings.BASE_DIR / ".env.example").read_text()
    written = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.MULTILINE))
    drawn = {name: COMPLETE[name] for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "INDEX_KEYS", "SPOOL_DIR")}
    ours = {"VAR_DIR": str(tmp_path), "STATIC_DIR": str(tmp_path / "static")}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=site_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]} | written | drawn | ours,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def setting(name, tmp_path, **environment):
    """A setting of production with this environment."""
    script = f"from recovery_site import settings; print(repr(settings.{name}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=site_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)} | COMPLETE | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


ORIGINS = {
    "https://www.example.org": ("https://www.example.org", "www.example.org"),
    " https://www.example.org/\n": ("https://www.example.org", "www.example.org"),
    "HTTPS://WWW.Example.org": ("https://www.example.org", "www.example.org"),
    "https://www.example.org:443": ("https://www.example.org", "www.example.org"),
    "http://www.example.org:80": ("http://www.example.org", "www.example.org"),
    "https://www.example.org:8443": ("https://www.example.org:8443", "www.example.org"),
    "https://[::1]:8000": ("https://[::1]:8000", "[::1]"),
    "https://[2001:DB8:0:0::1]": ("https://[2001:db8::1]", "[2001:db8::1]"),
    "https://127.0.0.1:8000": ("https://127.0.0.1:8000", "127.0.0.1"),
    "https://bücher.example": ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
    "https://BÜCHER.example": ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
    "https://bu\u0308cher.example": ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
    "https://xn--bcher-kva.example": ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
    "https://xn--strae-oqa.example": ("https://xn--strae-oqa.example", "xn--strae-oqa.example"),
}


@pytest.mark.parametrize("given", ORIGINS)
def test_an_origin_is_written_as_browsers_send_it(given):
    assert env.origin("PUBLIC_ORIGIN", given.strip()) == ORIGINS[given]


@pytest.mark.parametrize(
    ("environment", "origin"),
    [
        ({"PORT": "8615"}, "http://127.0.0.1:8615"),
        ({"PORT": "8615", "PUBLIC_ORIGIN": "http://127.0.0.1:8000/"}, "http://127.0.0.1:8615"),
        ({"PORT": "8615", "PUBLIC_ORIGIN": "http://localhost:9000"}, "http://localhost:9000"),
        ({"PORT": "80"}, "http://127.0.0.1"),
        ({"PORT": ""}, "http://127.0.0.1:8000"),
    ],
)
def test_in_development_the_port_is_in_the_origin_unless_the_owner_named_another(environment, origin, tmp_path):
    development = {"DJANGO_ENV": "development", "PUBLIC_ORIGIN": ""}
    assert setting("PUBLIC_ORIGIN", tmp_path, **development | environment) == repr(origin)


@pytest.mark.parametrize("origin", ["https://www.example.org", "http://127.0.0.1:8000"])
def test_in_production_no_port_changes_the_origin(origin, tmp_path):
    assert setting("PUBLIC_ORIGIN", tmp_path, PORT="8615", PUBLIC_ORIGIN=origin) == repr(origin)


HOSTS = {
    "a.example, b.example": ["a.example", "b.example"],
    " a.example ,, b.example,": ["a.example", "b.example"],
    "[::1], ::1, 127.0.0.1": ["[::1]", "[::1]", "127.0.0.1"],
    "bücher.example, .example.org, A.Example": ["xn--bcher-kva.example", ".example.org", "a.example"],
    "": [],
}


@pytest.mark.parametrize("given", HOSTS)
def test_extra_hosts_may_have_blanks_and_be_of_every_kind(given, monkeypatch):
    monkeypatch.setenv("EXTRA_HOSTS", given)
    assert env.hosts("EXTRA_HOSTS") == HOSTS[given]


@pytest.mark.parametrize("host", ["a.example", "b.example", "[::1]", "xn--bcher-kva.example"])
def test_the_site_answers_under_each_of_its_hosts(host, client, db, settings, monkeypatch):
    monkeypatch.setenv("EXTRA_HOSTS", "a.example, b.example, ::1, bücher.example")
    settings.ALLOWED_HOSTS = env.hosts("EXTRA_HOSTS")
    assert client.get("/", headers={"host": f"{host}:8000"}).status_code == 200
    assert client.get("/", headers={"host": "c.example"}).status_code == 400


ADDRESSES = {
    "one@x.example": ["one@x.example"],
    "one@x.example; two@x.example": ["one@x.example", "two@x.example"],
    " one@x.example ,, two@x.example;\n": ["one@x.example", "two@x.example"],
    '"Desk, Front" <front@x.example>': ['"Desk, Front" <front@x.example>'],
    '"Desk; Front" <front@x.example>, two@x.example': ['"Desk; Front" <front@x.example>', "two@x.example"],
    "Front desk <front@x.example>": ["Front desk <front@x.example>"],
    "<front@x.example>": ["front@x.example"],
    "one@x.example, ONE@x.example, One <one@X.example>": ["one@x.example"],
    "desk@bücher.example": ["desk@xn--bcher-kva.example"],
    "Dr. Ná Bo <a.b+c@x.example>": ["=?utf-8?q?Dr=2E_N=C3=A1_Bo?= <a.b+c@x.example>"],
}


@pytest.mark.parametrize("given", ADDRESSES)
def test_addresses_are_read_as_people_write_them(given, monkeypatch):
    monkeypatch.setenv("ADMISSIONS_EMAILS", given)
    assert env.addresses("ADMISSIONS_EMAILS") == ADDRESSES[given]


DATABASES = {
    "postgres://u:p%3F%23%25%2F@host:5433/db": ("u", "p?#%/", "host", 5433, "db"),
    "postgres://u:p\"'@$&=+!@host/db": ("u", "p\"'@$&=+!", "host", "", "db"),
    "postgresql://host/db": ("", "", "host", "", "db"),
    "postgres://u:p@[::1]:5432/db?sslmode=require": ("u", "p", "::1", 5432, "db"),
    "postgres:///db": ("", "", "", "", "db"),
    "postgres://u@%2Frun%2Fpostgresql/db": ("u", "", "/run/postgresql", "", "db"),
}


@pytest.mark.parametrize("url", DATABASES)
def test_a_database_url_may_hold_every_character_in_its_written_form(url, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", url)
    config = env.database("DATABASE_URL", tmp_path, tmp_path / "x")
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert tuple(config[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")) == DATABASES[url]


@pytest.mark.parametrize(
    ("url", "file"),
    [("sqlite:////srv/a b.sqlite3", "/srv/a b.sqlite3"), ("sqlite:///a%3Fb", "/base/a?b"), ("", "/var/#?%+")],
)
def test_a_file_of_sqlite_is_the_one_that_was_named(url, file, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", url)
    base = type(tmp_path)("/base")
    assert env.database("DATABASE_URL", base, "/var/#?%+") == {"ENGINE": "django.db.backends.sqlite3", "NAME": file} | (
        {"USER": "", "PASSWORD": "", "HOST": "", "PORT": ""} if url else {}
    )


MAIL_SERVERS = {
    "smtp://localhost": ("localhost", 25, None, None),
    "smtp+tls://u:p%23@mail.example": ("mail.example", 587, "u", "p#"),
    "smtp+ssl://desk@x.example:p@mail.example/": ("mail.example", 465, "desk@x.example", "p"),
    "smtp+tls://u:a:b\"'@[::1]:2525": ("::1", 2525, "u", "a:b\"'"),
}


@pytest.mark.parametrize("url", MAIL_SERVERS)
def test_a_mail_server_is_read_with_its_usual_port(url, monkeypatch):
    monkeypatch.setenv("EMAIL_URL", url)
    config = env.mail_server("EMAIL_URL", must_send=True)
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD")
    assert tuple(config[name] for name in names) == MAIL_SERVERS[url]


@pytest.mark.parametrize("key", ["$" + "k" * 50, "$SECRET_KEY" + "x" * 40, "\\$" + "k" * 50, "'" + "k" * 50])
def test_a_secret_may_begin_with_any_character(key, tmp_path):
    assert setting("SECRET_KEY", tmp_path, SECRET_KEY=key) == repr(key)


def test_a_list_of_former_keys_may_have_blanks(tmp_path):
    given = setting("SECRET_KEY_FALLBACKS", tmp_path, SECRET_KEY_FALLBACKS=" $one , two,, ")
    assert given == "['$one', 'two']"


# The file .env


@pytest.fixture
def in_a_folder(tmp_path):
    """A function that reads a setting of a copy of the site whose `.env` holds these bytes."""
    shutil.copytree(site_settings.BASE_DIR / "recovery_site", tmp_path / "recovery_site")

    def read(content, name="SECRET_KEY"):
        (tmp_path / ".env").write_bytes(content)
        script = (
            "import sys\n"
            "from django.core.exceptions import ImproperlyConfigured\n"
            "try:\n"
            "    from recovery_site import settings\n"
            "except ImproperlyConfigured as error:\n"
            "    sys.exit(f'Not started: {error}')\n"
            f"print(settings.{name})"
        )
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

    return read


FILE = b"SECRET_KEY=$a first secret#\nDJANGO_ENV=development\nENCRYPTION_KEYS=k1:x\nINDEX_KEYS=k1:y\n"


@pytest.mark.parametrize(
    "content",
    [
        FILE,
        b"\xef\xbb\xbf" + FILE,
        FILE.replace(b"\n", b"\r\n"),
        b"  \n # c\n" + FILE.replace(b"\n", b"  \n"),
        b"export " + FILE,
    ],
    ids=["plain", "byte-order mark", "of Windows", "blanks around lines", "of a shell"],
)
def test_the_first_variable_of_the_file_is_read(in_a_folder, content):
    done = in_a_folder(content)
    assert (done.stdout, done.stderr) == ("$a first secret#\n", "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (FILE + b"SEAL KEYS=k1:" + SECRET.encode(), "Line 5 of .env sets nothing. Write NAME=value, without spaces."),
        (b"SECRET_KEY = " + SECRET.encode(), "Line 1 of .env sets nothing. Write NAME=value, without spaces."),
        ("".join(map(chr, FILE)).encode("utf-16"), "Can't read .env. It must be a UTF-8 text file."),
        (FILE + b"STATUS_TOKEN=\xff" + SECRET.encode(), "Can't read .env. It must be a UTF-8 text file."),
    ],
    ids=["a blank in the name", "blanks around the sign", "UTF-16", "Latin-1"],
)
def test_a_file_that_can_not_be_read_is_named_and_its_lines_are_not_shown(in_a_folder, content, sentence):
    done = in_a_folder(content)
    assert (done.stdout, done.stderr) == ("", f"Not started: {sentence}\n")


def test_a_sentence_is_raised_for_whoever_asks_for_one_value(monkeypatch):
    monkeypatch.setenv("LIMIT", "²")
    with pytest.raises(ImproperlyConfigured, match=r"^LIMIT must be a whole number from 1 to 9\.$"):
        env.number("LIMIT", 5, least=1, most=9)
