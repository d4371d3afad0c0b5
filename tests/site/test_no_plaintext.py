"""Nothing that a person tells us is readable outside the desk: not in the database, not in a dump, not in a log, not in
the spool. Where others may look, no word tells what it is about."""

import datetime as dt
import logging
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone

from intake import worker
from intake.models import AssessmentRequest, OutboxMessage, PendingForm
from intake.notifications import outbox
from intake.submission import circuit_breaker
from tests.html import PageFacts
from tests.intake.support.helpers import LIST, change_page
from tests.intake.support.request_page import press
from tests.intake.support.visitor import Browser, opened_earlier
from tests.settings import ON_SQLITE

CANARIES = {
    "name": "Zebulon Quagmire",
    "phone": "(928) 555-0173",
    "email": "canary.bird@example.net",
    "language": "Nahuatl with interpreter",
    "message": "The heron waits beside the copper canal.",
}
ADDED = "The kingfisher dives at noon."
NOTE = "The egret was told everything."
CORRECTED = "Ottoline Plover"
WAITS_FOR = "The puffin brings the papers."
REFERRAL = "The albatross across the street"
BY_STAFF = (NOTE, CORRECTED, WAITS_FOR, REFERRAL)
TRACES = (*CANARIES.values(), ADDED, *BY_STAFF, "9285550173", "Zebulon", "heron", "kingfisher", "egret", "Ottoline")
HEALTH = re.compile(r"kratom|addict|drug|rehab|withdrawal|treatment|7-?oh\b|opioid|opiate|detox", re.IGNORECASE)


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


def post_form(client, **changes):
    form = PageFacts(client.get("/assessment/"))
    hidden = {i["name"]: i.get("value", "") for i in form.all("input") if i.get("type") == "hidden"}
    hidden["token"] = opened_earlier(hidden["token"])
    ticked = {"adult": "yes", "consent": "on", "for_whom": "self", "email_ok": "on"}
    return client.post("/assessment/", hidden | CANARIES | ticked | changes)


def private_link_on(page):
    return next(link for link in PageFacts(page).links if link.startswith("/assessment/manage/"))


def use_private_link(client, link):
    """Every answer of the private pages to someone who does all there is to do, short of withdrawing."""
    actions = [
        {"action": "message", "message": ADDED},
        {"action": "time", "preferred_time": "morning", "time_zone": "America/Denver"},
        {"action": "withdraw"},
    ]
    asked_back = [client.post(link, action) for action in actions]
    done = [client.post(link, action | {"confirm": "yes"}) for action in actions[:-1]]
    assert {response.status_code for response in asked_back + done} == {200}
    return [client.get(link), *asked_back, *done]


def work_on_it(client, make_staff):
    """A colleague does everything that takes words: notes, corrects, waits, refers, searches, prints. Returns what they
    saw, the page of the request first."""
    client.force_login(make_staff("admissions"))
    request = AssessmentRequest.objects.get()
    page = change_page(request)
    pressed = [
        press(client, request, "note", note=NOTE),
        press(client, request, "details", **{"details-name": CORRECTED}),
        press(client, request, "attempt:call:no_answer", note=NOTE),
        press(
            client,
            request,
            "wait_for",
            until=f"{timezone.localdate() + dt.timedelta(days=3)}T10:00",
            waits_for=WAITS_FOR,
        ),
    ]
    searched = [
        client.post(f"{LIST}find/", {"words": CANARIES[field]}, follow=True) for field in ("name", "phone", "email")
    ]
    assert [request.reference in answer.content.decode() for answer in searched] == [True] * 3
    pressed.append(press(client, request, "close", outcome="referred", referral=REFERRAL, person_told="on"))
    assert [answer.status_code for answer in pressed] == [302] * 5
    shown = client.get(page)
    given = (CORRECTED, CANARIES["email"], CANARIES["message"], ADDED, *BY_STAFF)
    assert [value for value in given if value not in shown.content.decode()] == []
    return [shown, client.get(f"{LIST}{request.pk}/print/"), client.get(LIST), *searched, *pressed]


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
    client = Browser()
    refused = post_form(client, consent="")
    assert (refused.status_code, CANARIES["message"] in refused.content.decode()) == (422, True)
    response = post_form(client)
    assert response.status_code == 303
    confirmation = client.get(response["Location"])
    private = use_private_link(Browser(), private_link_on(confirmation))
    at_the_desk = work_on_it(Client(), make_staff)
    assert outbox.send_due() == 2

    stored = everything_stored()
    assert {row.browser != "" for row in PendingForm.objects.all()} == {True, False}  # the refused one is still there
    request = AssessmentRequest.objects.get()
    assert request.reference.encode() in stored  # the search below looks at the right bytes
    logged = "\n".join(log_lines).encode()
    assert b"intake_encryptedtext" in logged
    to_staff, to_person = sorted((mail.message() for mail in mailoutbox), key=lambda mail: mail["Subject"])
    assert (to_staff["To"], to_person["To"]) == ("admissions@example.org", CANARIES["email"])
    del to_person["To"]
    mails = to_staff.as_string() + to_person.as_string()
    shown = [page.content.decode() for page in (confirmation, *private)]
    shown[2] = shown[2].replace(ADDED, "")  # asked back with the words, before they are kept
    seen = (refused, response, confirmation, *private, *at_the_desk)
    headers = [f"{page.headers} {page.cookies.output()}" for page in seen]
    titles = [PageFacts(page).title for page in at_the_desk if page.status_code == 200]
    addresses = [page.request["PATH_INFO"] + page.request["QUERY_STRING"] for page in at_the_desk]

    for canary in TRACES:
        for form in (canary.encode(), canary.encode().hex().encode(), canary.encode("utf-16-le")):
            assert (canary, form in stored) == (canary, False)
        assert (canary, canary.encode() in logged) == (canary, False)
        assert (canary, canary in mails) == (canary, False)
        assert (canary, canary in "".join(shown), canary in "".join(headers)) == (canary, False, False)
        assert (canary, canary in "".join(titles), canary in "".join(addresses)) == (canary, False, False)


def test_request_in_the_spool_leaves_no_readable_trace(site, log_lines):
    client = Client()
    circuit_breaker.trip()
    response = post_form(client)
    confirmation = client.get(response["Location"])
    assert private_link_on(confirmation)
    (file,) = [path for path in Path(settings.SPOOL_DIR).iterdir() if path.is_file()]
    kept = file.name.encode() + file.read_bytes()
    circuit_breaker.reset()
    assert worker.take_in_spool() == 1
    request = AssessmentRequest.objects.get()
    assert request.reference in confirmation.content.decode()

    stored, logged = everything_stored(), "\n".join(log_lines).encode()
    for canary in (*TRACES, request.reference, request.pk.hex, str(request.pk)):
        assert (canary, canary.encode() in kept) == (canary, False)
    for canary in TRACES:
        assert (canary, canary.encode() in stored, canary.encode() in logged) == (canary, False, False)


def test_where_others_may_look_no_word_tells_what_it_is_about(site, make_staff, mailoutbox):
    client, desk = Client(), Client()
    form = client.get("/assessment/")
    response = post_form(client, message="I want to stop kratom. Drug rehab? Opioid detox?")
    confirmation = client.get(response["Location"])
    link = private_link_on(confirmation)
    request = AssessmentRequest.objects.get()
    desk.force_login(make_staff("admissions"))
    page = f"/admin/intake/assessmentrequest/{request.pk}/change/"
    press(desk, request, "note", note="Asks about kratom and detox.")
    shown_at_the_desk = desk.get(page)
    assert HEALTH.findall(shown_at_the_desk.content.decode()) != []
    outbox.send_due()
    private = [*use_private_link(Browser(), link), Client().get("/assessment/manage/made-up/")]

    circuit_breaker.trip()
    refused = post_form(Browser(), consent="")
    under_18 = post_form(Browser(), adult="no")
    spooled = post_form(Client(), message="kratom")
    names_in_spool = [path.name for path in Path(settings.SPOOL_DIR).iterdir()]
    circuit_breaker.reset()

    public = [form, response, confirmation, refused, under_18, spooled, *private]
    seen = {
        "mail": [mail.message().as_string() for mail in mailoutbox],
        "notices": [str(row) for row in OutboxMessage.objects.values()],
        "names in the spool": names_in_spool,
        "cookies": [answer.cookies.output() for answer in public],
        "addresses": [answer.request["PATH_INFO"] for answer in public]
        + [response["Location"], spooled["Location"], link, page],
        "titles": [PageFacts(answer).title for answer in [*public, shown_at_the_desk]],
        "history": [str(row) for row in LogEntry.objects.values()],
    }
    assert {place: HEALTH.findall(" ".join(texts)) for place, texts in seen.items()} == {place: [] for place in seen}
    assert [place for place, texts in seen.items() if not "".join(texts)] == ["history"]
    center = "Renaissance"
    assert [title for title in seen["titles"][:-1] if center in title] == []
    to_person = next(mail for mail in mailoutbox if mail.to == [CANARIES["email"]])
    assert center not in to_person.message().as_string()
