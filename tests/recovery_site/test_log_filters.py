"""A log line never holds the secret part of an address, as development and production write it."""

import json
import logging

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

SECRET = "4cf8d06592ab861be6edd00d1e406ffc2b1f1e8b899"


@pytest.fixture(params=["plain", "json"])
def write(request):
    """A function that hands a record to a handler as the settings make it, and returns the line."""
    formatter = settings.LOGGING["formatters"][request.param]
    make = import_string(formatter["()"]) if "()" in formatter else logging.Formatter
    handler = logging.Handler()
    handler.setFormatter(make(formatter["format"]))
    for name in settings.LOGGING["handlers"]["stdout"]["filters"]:
        handler.addFilter(import_string(settings.LOGGING["filters"][name]["()"])())

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


def test_other_addresses_stay_readable(write):
    line = write(logging.getLogger("x").makeRecord("x", 30, "f", 1, "Not Found: %s", ("/assessment/recieved/",), None))
    assert "Not Found: /assessment/recieved/" in line
    assert (
        json.loads(line)["levelname"] == "WARNING"
        if line.startswith("{")
        else line == ("WARNING x: Not Found: /assessment/recieved/")
    )
