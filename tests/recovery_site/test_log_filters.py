"""A log line never holds the secret part of an address, as development and production write it."""

import datetime as dt
import io
import json
import logging

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string

SECRET = "4cf8d06592ab861be6edd00d1e406ffc2b1f1e8b899"


def handler_as_in_the_settings(formatter_name, handler=None):
    options = dict(settings.LOGGING["formatters"][formatter_name])
    make = import_string(options.pop("()", "logging.Formatter"))
    handler = handler or logging.Handler()
    handler.setFormatter(make(options.pop("format"), **options))
    for name in settings.LOGGING["handlers"]["stdout"]["filters"]:
        handler.addFilter(import_string(settings.LOGGING["filters"][name]["()"])())
    return handler


@pytest.fixture(params=["plain", "json"])
def write(request):
    """A function that hands a record to a handler as the settings make it, and returns the line."""
    handler = handler_as_in_the_settings(request.param)

    def line_of(record):
        assert handler.filter(record)
        return handler.format(record)

    return line_of


@pytest.mark.parametrize("kind", ["received", "manage", "probe", "check", "leave"])
def test_secret_address_is_masked_in_what_django_says_of_an_answer(write, rf, kind):
    path = f"/assessment/{kind}/{SECRET}/"
    logger = logging.getLogger("django.request")
    extra = {"status_code": 404, "request": rf.get(path)}
    line = write(logger.makeRecord("django.request", 30, "f", 1, "%s: %s", ("Not Found", path), None, extra=extra))
    assert f"Not Found: /assessment/{kind}/-/" in line
    assert SECRET not in line


def test_secret_address_is_masked_in_a_traceback(write):
    try:
        raise ValueError(f"no such address: /assessment/manage/{SECRET}/")
    except ValueError as error:
        exc_info = (type(error), error, error.__traceback__)
    line = write(logging.getLogger("x").makeRecord("x", 40, "f", 1, "failed", (), exc_info))
    assert "no such address: /assessment/manage/-/" in line
    assert SECRET not in line


def test_both_secrets_of_an_address_are_masked(write):
    path = f"/assessment/manage/{SECRET}/check/another-{SECRET}/"
    line = write(logging.getLogger("x").makeRecord("x", 30, "f", 1, "%s: GET %s HTTP/1.1 200", ("Seen", path), None))
    assert "Seen: GET /assessment/manage/-/ HTTP/1.1 200" in line
    assert SECRET not in line


@pytest.mark.parametrize("path", ["'{}'/", '"{}"/', "4cf8 {}/", "4cf8'{}/", "4cf8?{}/", " {}/", "x/check/4cf8 {}/"])
def test_a_secret_that_was_broken_in_two_or_put_in_quotes_is_masked(write, path):
    args = ("Not Found", "/assessment/manage/" + path.format(SECRET))
    line = write(logging.getLogger("x").makeRecord("x", 30, "f", 1, "%s: %s", args, None))
    assert "Not Found: /assessment/manage/-/" in line
    assert SECRET not in line


def test_the_secret_of_a_set_up_link_is_masked(write):
    args = ("Not Found", f"/admin/set-up/{SECRET}/")
    line = write(logging.getLogger("x").makeRecord("x", 30, "f", 1, "%s: %s", args, None))
    assert ("Not Found: /admin/set-up/-/" in line, SECRET in line) == (True, False)


def test_other_addresses_stay_readable(write):
    line = write(logging.getLogger("x").makeRecord("x", 30, "f", 1, "Not Found: %s", ("/assessment/recieved/",), None))
    assert "Not Found: /assessment/recieved/" in line
    assert (
        json.loads(line)["levelname"] == "WARNING"
        if line.startswith("{")
        else line == ("WARNING x: Not Found: /assessment/recieved/")
    )


# Lines about refused requests


@pytest.fixture
def lines():
    """The lines that production logs during the test, as JSON objects."""
    stream = io.StringIO()
    handler = handler_as_in_the_settings("json", logging.StreamHandler(stream))
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_a_line_has_the_time_in_utc_with_its_zone(lines):
    logging.getLogger("x").warning("now")
    [line] = lines()
    at = dt.datetime.fromisoformat(line["timestamp"])
    assert (at.utcoffset(), abs(at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)) == (dt.timedelta(), True)


def refusals(lines):
    """The level and the text of each line about a refused request."""
    return [(line["levelname"], line["message"]) for line in lines() if "exc_info" not in line]


@pytest.mark.django_db
def test_a_forbidden_page_leaves_one_line_with_the_account_and_no_traceback(client, make_staff, lines):
    editor = make_staff("editor")
    client.force_login(editor)
    path = reverse("admin:intake_assessmentrequest_changelist")
    assert client.get(path, {"q": SECRET}).status_code == 403
    assert refusals(lines) == [("WARNING", f"Forbidden (account {editor.pk}): GET {path}")]
    assert len(lines()) == 1


@pytest.mark.django_db
def test_a_post_that_the_csrf_check_refuses_leaves_one_line_without_secrets(lines):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/admin/login/", {"password": SECRET}, headers={"referer": f"https://evil.example/{SECRET}"})
    assert response.status_code == 403
    assert refusals(lines) == [("WARNING", "Refused by the CSRF check (account -): POST /admin/login/")]
    assert (len(lines()), SECRET in str(lines())) == (1, False)


@pytest.mark.django_db
def test_an_unknown_host_leaves_one_line_without_its_name(client, lines):
    assert client.get(f"/assessment/manage/{SECRET}/", headers={"host": "evil.example"}).status_code == 400
    assert refusals(lines) == [("WARNING", "Refused for an unknown host name (account -): GET /assessment/manage/-/")]
    assert (len(lines()), "evil" in str(lines()), SECRET in str(lines())) == (1, False, False)
