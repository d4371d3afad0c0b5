"""Nothing that a person tells us is readable outside the desk: not in the database, not in a dump, not in a log."""

import logging
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from intake import notices
from intake.models import AssessmentRequest
from tests.crawl import PageFacts
from tests.settings import ON_SQLITE

CANARIES = {
    "name": "Zebulon Quagmire",
    "phone": "(928) 555-0173",
    "email": "canary.bird@example.net",
    "language": "Nahuatl with interpreter",
    "message": "The heron waits beside the copper canal.",
}


@pytest.fixture
def log_lines():
    """Everything that anything logs at DEBUG, as formatted text."""
    lines = []

    class Keeper(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    keeper, loggers = Keeper(logging.DEBUG), [logging.getLogger(), logging.getLogger("django")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(keeper)
    connection.force_debug_cursor = True  # logs every statement with its values, as DEBUG would
    yield lines
    connection.force_debug_cursor = False
    loggers[0].removeHandler(keeper)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def post_form(client):
    form = PageFacts(client.get("/assessment/").content.decode())
    hidden = {i["name"]: i.get("value", "") for i in form.all("input") if i.get("type") == "hidden"}
    return client.post("/assessment/", hidden | CANARIES | {"adult": "yes", "consent": "on", "for_whom": "self"})


def work_on_it(client, make_staff):
    """A colleague opens the request and writes a note with a canary of its own."""
    colleague = make_staff("admissions")
    client.force_login(colleague)
    request = AssessmentRequest.objects.get()
    page = f"/admin/intake/assessmentrequest/{request.pk}/change/"
    client.post(page, {"do": "note", "note": CANARIES["message"]})
    shown = client.get(page).content.decode()
    assert all(value in shown for value in ("Zebulon Quagmire", "canary.bird@example.net", CANARIES["message"]))


def everything_stored():
    """Every byte the database keeps: the SQLite files, or a dump of PostgreSQL."""
    if ON_SQLITE:
        stem = Path(settings.DATABASES["default"]["NAME"])
        return b"".join(path.read_bytes() for path in stem.parent.glob(stem.name + "*"))
    parameters = connection.get_connection_params()
    command = [shutil.which("pg_dump"), "--host", parameters["host"], "--port", str(parameters["port"])]
    command += ["--username", parameters["user"], "--dbname", parameters["dbname"], "--inserts"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_request_through_the_real_form_leaves_no_readable_trace(site, make_staff, log_lines, mailoutbox):
    client = Client()
    response = post_form(client)
    assert response.status_code == 303
    confirmation = client.get(response["Location"]).content.decode()
    work_on_it(client, make_staff)
    assert notices.send_due() == 1

    stored = everything_stored()
    request = AssessmentRequest.objects.get()
    assert request.reference.encode() in stored  # the search below looks at the right bytes
    logged = "\n".join(log_lines).encode()
    assert b"intake_sealedtext" in logged

    for canary in (*CANARIES.values(), "9285550173", "Zebulon", "heron"):
        for form in (canary.encode(), canary.encode().hex().encode(), canary.encode("utf-16-le")):
            assert (canary, form in stored) == (canary, False)
        assert (canary, canary.encode() in logged) == (canary, False)
        assert (canary, canary in response["Location"], canary in confirmation) == (canary, False, False)
        assert (canary, canary in mailoutbox[0].message().as_string()) == (canary, False)
