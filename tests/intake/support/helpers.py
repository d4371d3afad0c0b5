"""Helpers for the tests of `intake`: a person's answers, clients, tables and local times."""

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import connection
from django.test import Client

from intake.models import AccessRecord
from tests.html import forms_on, soup

ADDRESS = "/assessment/"
LIST = "/admin/intake/assessmentrequest/"

# Words that occur nowhere else, so that tests notice a leak.
PERSON = {
    "adult": "yes",
    "for_whom": "self",
    "relation": "",
    "name": "Wilhelmina Canary",
    "phone": "(602) 555-0142",
    "email": "canary@nightingale.example",
    "voicemail_ok": "on",
    "introduction": "center",
    "preferred_time": "evening",
    "time_zone": "America/Denver",
    "language": "Canarian whistling",
    "message": "I drink\ncanary tea every morning.",
    "consent": "on",
}
PERSONAL = ["Wilhelmina", "Canary", "canary", "(602)", "555-0142", "nightingale", "whistling", "tea every"]


def browser_of(user):
    """Return a client that is signed in as a member of staff. It checks CSRF tokens, as the real site does."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def accesses():
    """The lines of the access log, the oldest first: (how, [ids of the requests that were shown])."""
    return [(record.action, record.request_ids) for record in AccessRecord.objects.order_by("pk")]


def codes_of(request):
    """Return the codes of a request's events, in order."""
    return list(request.events.values_list("code", flat=True))


def change_page(request):
    return f"{LIST}{request.pk}/change/"


def rows(name):
    """Return a CSV file of this folder as a list of dictionaries."""
    with (Path(__file__).parent / name).open(newline="") as file:
        return list(csv.DictReader(file))


def personal_words_in(text):
    return [word for word in PERSONAL if word in text]


def refuse_inserts(table):
    """Make the database refuse every new row of a table, as if its disk were full."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table} BEGIN INSERT INTO disk_is_full VALUES (1); END"
            )
            return
        cursor.execute(
            f"CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_{table}()"
        )


def accept_inserts(table):
    """Undo `refuse_inserts`."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER refuse_{table}")
        else:
            cursor.execute(f"DROP FUNCTION refuse_{table} CASCADE")


def form_on(response):
    """Return the fields of the request form on a page, with the values that a browser would send."""
    forms = [form for form in forms_on(response) if "request-form" in form.css_class]
    assert len(forms) == 1
    return forms[0].fields


def title_of(response):
    return soup(response, only="title").title.get_text()


def local_time(words, zone="America/Phoenix"):
    """Convert local time, such as "2026-11-24 10:00" (a Tuesday), to a datetime in the time zone."""
    return dt.datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(zone))


def format_local(moment, zone="America/Phoenix"):
    """Return the day and time of a moment in a time zone, such as "Tue 24 10:00"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %H:%M}"
