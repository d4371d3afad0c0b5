"""The commands behind `make run`."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from recovery_site import first_env

User = get_user_model()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_first_env_is_for_its_owner_only_and_holds_new_keys(tmp_path):
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        first_env.write(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    one, two = (dict(re.findall(r"^([A-Z_]+)=(.+)$", path.read_text(), re.MULTILINE)) for path in paths)
    assert one.keys() == {"DJANGO_ENV", "SECRET_KEY", "SEAL_KEYS", "INDEX_KEYS"}
    drawn = [file[name] for file in (one, two) for name in ("SECRET_KEY", "SEAL_KEYS", "INDEX_KEYS")]
    assert len(set(drawn)) == 6


def test_first_env_never_replaces_keys(tmp_path):
    path = tmp_path / ".env"
    path.write_text("SEAL_KEYS=precious\n")
    with pytest.raises(FileExistsError):
        first_env.write(path)
    assert path.read_text() == "SEAL_KEYS=precious\n"


@pytest.mark.django_db
def test_first_administrator_is_made_once_and_printed_once(capsys):
    call_command("ensure_administrator")
    printed = capsys.readouterr().out
    password = re.search(r"shown this once: (\S+)", printed).group(1)
    user = User.objects.get(is_superuser=True)
    assert user.check_password(password)
    assert set(user.groups.values_list("name", flat=True)) == {
        "admissions",
        "lead",
        "editor",
        "publisher",
        "reviewer",
        "auditor",
    }
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
def test_first_administrator_in_production_has_no_role(settings):
    settings.IN_DEVELOPMENT = False
    call_command("ensure_administrator")
    assert User.objects.get(is_superuser=True).groups.count() == 0


def test_serve_says_in_one_sentence_that_the_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as refused:
            call_command("serve", port=port)
    assert (
        str(refused.value) == f"Port {port} can't be used (Address already in use). Try another one: make run PORT=8123"
    )


def test_serve_runs_web_and_worker_and_stops_both(tmp_path):
    port = free_port()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "recovery_site.settings", "VAR_DIR": str(tmp_path)}
    environment["DATABASE_URL"] = ""
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=settings.BASE_DIR, env=environment, check=True)
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
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as response:
            assert response.read() == b"ready\n"
        children = subprocess.run(
            ["ps", "-o", "args=", "--ppid", str(parent.pid)], capture_output=True, text=True, check=True
        ).stdout
        assert ("gunicorn" in children, "run_worker" in children) == (True, True)
    finally:
        parent.send_signal(signal.SIGTERM)
        parent.communicate(timeout=60)
    assert parent.returncode == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=2)
