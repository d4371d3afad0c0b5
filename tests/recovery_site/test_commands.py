"""The commands behind `make run`."""

import contextlib
import http.client
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection

from recovery_site import create_dev_env
from staff import roles
from tests import databases
from tests.intake.support.helpers import ADDRESS, form_on
from tests.intake.support.http_visitor import HttpVisitor
from tests.ports import free_port

User = get_user_model()


def test_first_env_is_for_its_owner_only_and_holds_new_keys(tmp_path):
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        create_dev_env.write(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    one, two = (dict(re.findall(r"^([A-Z_]+)=(.+)$", path.read_text(), re.MULTILINE)) for path in paths)
    assert one.keys() == {"DJANGO_ENV", "SECRET_KEY", "ENCRYPTION_KEYS", "INDEX_KEYS"}
    drawn = [file[name] for file in (one, two) for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "INDEX_KEYS")]
    assert len(set(drawn)) == 6


def test_first_env_never_replaces_keys(tmp_path):
    path = tmp_path / ".env"
    path.write_text("ENCRYPTION_KEYS=precious\n")
    with pytest.raises(FileExistsError):
        create_dev_env.write(path)
    assert path.read_text() == "ENCRYPTION_KEYS=precious\n"


@pytest.mark.django_db
def test_first_administrator_is_made_once_and_printed_once(capsys):
    call_command("ensure_administrator")
    printed = capsys.readouterr().out
    password = re.search(r"shown only once\): (\S+)", printed).group(1)
    user = User.objects.get(is_superuser=True)
    assert user.check_password(password)
    assert roles.roles_of(user) == set(roles.ROLES) == set(user.groups.values_list("name", flat=True))
    call_command("ensure_administrator")
    assert capsys.readouterr().out == ""
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_first_administrator_comes_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "rosa")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a given password")
    call_command("ensure_administrator")
    assert capsys.readouterr().out == "First administrator: rosa\n"
    assert User.objects.get(username="rosa").check_password("a given password")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"), [("USERNAME", "rosa moreno"), ("USERNAME", "r" * 151), ("EMAIL", "rosa"), ("EMAIL", "a@b, c@d")]
)
def test_first_administrator_with_a_malformed_name_or_address_is_not_made(monkeypatch, name, value):
    monkeypatch.setenv(f"DJANGO_SUPERUSER_{name}", value)
    with pytest.raises(CommandError, match=rf"^DJANGO_SUPERUSER_{name}: (Enter a valid|Ensure this value)"):
        call_command("ensure_administrator")
    assert User.objects.count() == 0


@pytest.mark.django_db
def test_first_administrator_in_production_has_one_role_and_is_no_superuser(settings):
    settings.IN_DEVELOPMENT = False
    for _time in range(2):
        call_command("ensure_administrator")
    user = User.objects.get()
    assert (user.is_superuser, user.is_staff, roles.roles_of(user)) == (False, True, {"administrator"})


def test_serve_says_in_one_sentence_that_the_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as refused:
            call_command("serve", port=port)
    assert str(refused.value) == f"Can't use port {port} (Address already in use). Try another one: make run PORT=8123"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8 0"])
def test_serve_on_a_port_that_is_none_says_so(port):
    with pytest.raises(CommandError, match="must be a whole number from 1 to 65535"):
        call_command("serve", f"--port={port}")


@contextlib.contextmanager
def serving(tmp_path, port):
    """Runs `manage.py serve` in a folder of its own, as a child that is stopped in the end."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "recovery_site.settings",
        "DATABASE_URL": "",
        "VAR_DIR": str(tmp_path),
        "SPOOL_DIR": str(tmp_path / "spool"),
        "EMAIL_URL": f"filemail:///{tmp_path}/mail",
        "PUBLIC_ORIGIN": "http://127.0.0.1:8000",  # as the settings have it of themselves
    }
    manage = [sys.executable, "manage.py"]
    if connection.vendor == "sqlite":
        databases.copy_file(tmp_path / "database.sqlite3")
    else:
        for command in (["migrate", "-v0"], ["load_starter"]):
            subprocess.run([*manage, *command], cwd=settings.BASE_DIR, env=environment, check=True)
    parent = subprocess.Popen(
        [*manage, "serve", "--port", str(port)],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output = ""
        while "Booting worker" not in output:
            line = parent.stdout.readline()
            assert line, output  # the parent ended before it served
            output += line
        yield parent
    finally:
        parent.send_signal(signal.SIGTERM)
        parent.communicate(timeout=60)
    assert parent.returncode == 0


def test_serve_runs_web_and_worker_and_stops_both(django_db_setup, tmp_path):
    port = free_port()
    with serving(tmp_path, port) as parent:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as response:
            assert response.read() == b"ready\n"
        children = subprocess.run(
            ["ps", "-o", "args=", "--ppid", str(parent.pid)], capture_output=True, text=True, check=True
        ).stdout
        assert ("gunicorn" in children, "run_worker" in children) == (True, True)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def origins_in(text):
    return set(re.findall(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?", text))


def test_the_port_of_serve_is_in_every_address_that_the_site_writes(django_db_setup, tmp_path):
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    with serving(tmp_path, port):
        visitor = HttpVisitor(origin)
        pages = ["/", "/addiction/kratom-addiction-treatment/", "/faq/", ADDRESS, "/robots.txt", "/sitemap.xml"]
        for page in pages:
            with visitor.browser.open(origin + page) as response:
                text = response.read().decode()
            assert (page, origins_in(text)) == (page, {origin} if page != ADDRESS else origins_in(text) & {origin})
        with visitor.browser.open(origin + "/") as response:
            home = response.read().decode()
        assert f'<link rel="canonical" href="{origin}/">' in home
        assert f'<meta property="og:url" content="{origin}/">' in home

        visitor.browser.addheaders = [("Origin", origin)]  # as a browser names it with a post
        address, confirmation = visitor.post(ADDRESS, visitor.filled_form())
        assert address.startswith(f"{origin}/assessment/received/")
        private = urllib.parse.urljoin(address, re.search(r'href="([^"]*/assessment/manage/[^"]+)"', confirmation)[1])
        with visitor.browser.open(private) as response:
            assert (response.status, response.geturl()) == (200, private)
        alert = alert_in(tmp_path / "mail")
        assert origins_in(alert) == {origin}

        assert send_in_chunks(port, visitor.filled_form(name="Ana Canary", phone="(602) 555-0177")) == 303


def alert_in(folder):
    """The first alert that the worker wrote there."""
    for _ in range(300):
        for path in folder.glob("*.log") if folder.exists() else ():
            text = path.read_text()
            if "New request" in text and text.rstrip().endswith("-" * 79):
                return text
        time.sleep(0.2)
    raise AssertionError("no alert came")


def send_in_chunks(port, fields):
    """Posts the form of a visitor of its own without saying how long it is. Returns the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", ADDRESS)
    page = connection.getresponse()
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    fresh = form_on(SimpleNamespace(content=page.read()))
    body = urllib.parse.urlencode(
        fields | fresh | {name: fields[name] for name in fields if not fresh.get(name)}
    ).encode()
    chunks = [body[at : at + 50] for at in range(0, len(body), 50)]
    headers = {
        "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        "Transfer-Encoding": "chunked",
    }
    connection.request("POST", ADDRESS, iter(chunks), headers, encode_chunked=True)
    status = connection.getresponse().status
    connection.close()
    return status
