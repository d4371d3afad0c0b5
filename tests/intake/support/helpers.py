"""What the tests of this room share: a person's answers, and requests made from them."""

import csv
import datetime as dt
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import QueryDict
from django.test import Client

from intake.models import AssessmentRequest
from intake.submission import accept as submission
from intake.submission import tokens
from intake.submission.forms import AssessmentForm
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
    "best_time": "evening",
    "time_zone": "America/Denver",
    "language": "Canarian whistling",
    "message": "I drink\ncanary tea every morning.",
    "consent": "on",
}
PERSONAL = ["Wilhelmina", "Canary", "canary", "(602)", "555-0142", "nightingale", "whistling", "tea every"]


def asked(**fields):
    """The form as it is posted with these fields and nothing else, through the encoding of a browser."""
    return AssessmentForm(QueryDict(urlencode(fields, doseq=True)))


def answers_of(**changes):
    """The cleaned answers of `PERSON` with changes."""
    form = asked(**PERSON | changes)
    assert form.errors == {}
    return form.answers()


def accept(draft, answers, **circumstances):
    """Sends answers in with a draft. Returns the request that holds them."""
    request_id = submission.accept(submission.SentForm(draft, answers, **circumstances))
    return AssessmentRequest.objects.get(pk=request_id)


def browser_of(user):
    """The browser of a member of staff, whose posts are checked as on the real site."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def receive(**changes):
    """A request that was sent in and accepted."""
    return accept(tokens.draw(), answers_of(**changes))


def receive_odd(**changes):
    """A request of someone who was asked about their phone or email, and sent it again as it was."""
    fields = PERSON | changes
    form = asked(**fields, asked_about=f"{fields['phone'].strip()}\n{fields['email'].strip()}")
    assert form.errors == {}
    return accept(tokens.draw(), form.answers())


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


def moment(words, zone="America/Phoenix"):
    """A moment such as "2026-11-24 10:00" on the wall of a place. That one is a Tuesday."""
    return dt.datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(zone))


def wall(moment, zone="America/Phoenix"):
    """The day and time of a moment on the wall of a place, such as "Tue 24 10:00"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %H:%M}"
