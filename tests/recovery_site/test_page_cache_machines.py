"""Two machines with one database: a publish on one of them shows on both, also to processes that were not told."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request

import pytest
from django.conf import settings

from tests import databases
from tests.recovery_site.test_commands import free_port

pytestmark = pytest.mark.any_database

PAGE = "/addiction/kratom-addiction-treatment/"
PUBLISH = """
from pages.models import ContentPage
page = ContentPage.objects.get(slug="kratom-addiction-treatment")
page.title = "All about zebras"
page.save_revision().publish()
"""


class WebProcess:
    """gunicorn with one web process. The processes of one machine share a folder."""

    def __init__(self, folder, database):
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.log = folder / f"gunicorn-{self.port}.log"
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "recovery_site.settings",
            "DATABASE_URL": f"sqlite:///{database}",
            "VAR_DIR": str(folder),
            "SPOOL_DIR": str(folder / "spool"),
            "PUBLIC_ORIGIN": "http://127.0.0.1:8000",
            "WEB_WORKERS": "1",
        }

    def __enter__(self):
        command = [sys.executable, "-m", "gunicorn", "recovery_site.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=self.environment, stderr=log)
        assert within(60, lambda: self.answers("/healthz")), self.log.read_text()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    def answers(self, path):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as response:
            return response.read().decode()
        return ""

    def shows_it(self):
        page = self.answers(PAGE)
        assert "</html>" in page
        return "zebras" in page

    def run(self, script):
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", script]
        subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, check=True)


def within(seconds, is_true):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if is_true():
            return True
        time.sleep(0.1)
    return False


def test_publish_shows_at_once_on_its_machine_and_soon_on_another(django_db_setup, tmp_path):
    database = tmp_path / "database.sqlite3"
    databases.copy_file(database)
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    with (
        WebProcess(here, database) as first,
        WebProcess(here, database) as second,
        WebProcess(elsewhere, database) as another,
    ):
        assert [process.shows_it() for process in (first, second, another)] == [False, False, False]
        first.run(PUBLISH)
        assert [first.shows_it(), second.shows_it()] == [True, True]
        assert within(20, another.shows_it)
