"""What the tests of this room share: a person's answers, and requests made from them."""

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import connection
from django.test import Client

from tests.html import forms_on, soup

ADDRESS = "/assessment/"
LIST = "/admin/intake/assessmentrequest/"

# Words that stand nowhere else, so that a leak is seen.
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
    """The browser of a member of staff, whose posts are checked as on the real site."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def codes_of(request):
    """The codes of what happened to a request, in order."""
    return list(request.events.values_list("code", flat=True))


def change_page(request):
    return f"{LIST}{request.pk}/change/"


def rows(name):
    """A table of this folder as dictionaries."""
    with (Path(__file__).parent / name).open(newline="") as file:
        return list(csv.DictReader(file))


def personal_words_in(text):
    return [word for word in PERSONAL if word in text]


def refuse_inserts(table):
    """Makes the database itself refuse every new row of a table, with an error that is no fault of the row's."""
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
    """Ends `refuse_inserts`."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER refuse_{table}")
        else:
            cursor.execute(f"DROP FUNCTION refuse_{table} CASCADE")


def form_on(response):
    """The fields of the request form on a page, with the values that a browser would send."""
    forms = [form for form in forms_on(response) if "request-form" in form.css_class]
    assert len(forms) == 1
    return forms[0].fields


def title_of(response):
    return soup(response, only="title").title.get_text()


def local_time(words, zone="America/Phoenix"):
    """A moment such as "2026-11-24 10:00" on the wall of a place. That one is a Tuesday."""
    return dt.datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(zone))


def format_local(moment, zone="America/Phoenix"):
    """The day and time of a moment on the wall of a place, such as "Tue 24 10:00"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %H:%M}"
