"""Erasing, exports and legal holds ask for the password again, and nothing typed is lost."""

import datetime as dt

import pytest

from intake import workflow
from intake.models import AssessmentRequest
from staff.models import SecurityEvent, SignInAttempt
from tests.html import forms_on, soup
from tests.intake.support.factories import make_request
from tests.intake.support.helpers import LIST, change_page
from tests.intake.support.request_page import work_form
from tests.staff.session_helpers import PASSWORD, signed_in

pytestmark = pytest.mark.django_db
CSV = f"{LIST}reports/csv/?begin=2026-11-01&end=2026-11-30"
NOTE = "Asked us to call <b>after</b> five.\nSpeaks Navajo."


@pytest.fixture(autouse=True)
def ten_minutes(settings):
    settings.STAFF_FRESH_MINUTES = 10


@pytest.fixture
def lena(make_staff):
    return make_staff("lead", username="lena")


@pytest.fixture
def desk(lena):
    return signed_in(lena)


def confirmation(response):
    """Return the form of the page that asks for the password."""
    assert (response.status_code, "no-store" in response["Cache-Control"]) == (403, True)
    (form,) = [form for form in forms_on(response) if "confirm_password" in form.fields]
    return form


def closed_request(actor):
    request = make_request()
    workflow.close(request_id=request.pk, actor=actor, outcome="withdrawn", expected_version=request.version)
    return request


def post(desk, request, **fields):
    return desk.post(change_page(request), work_form(desk.get(change_page(request))).fields | fields)


def wait(clock, minutes=11):
    clock.shift(dt.timedelta(minutes=minutes))


def test_erasing_asks_for_the_password_and_then_erases(desk, lena, clock):
    request = closed_request(lena)
    wait(clock)
    asked = post(desk, request, action="erase", confirm="on")
    assert request.texts.exists()
    form = confirmation(asked)
    done = desk.post(form.action, form.fields | {"confirm_password": PASSWORD})
    assert (done.status_code, request.texts.exists()) == (302, False)
    (event,) = SecurityEvent.objects.filter(kind="confirmed")
    assert (event.actor, event.detail) == (lena, "password")


def test_legal_hold_is_set_and_lifted_after_the_password_only(desk, lena, clock):
    request = closed_request(lena)
    for button in ("set_legal_hold", "lift_legal_hold"):
        wait(clock)
        before = AssessmentRequest.objects.get().legal_hold_at
        form = confirmation(post(desk, request, action=button))
        assert AssessmentRequest.objects.get().legal_hold_at == before
        desk.post(form.action, form.fields | {"confirm_password": PASSWORD})
        assert AssessmentRequest.objects.get().legal_hold_at != before


def test_all_that_was_typed_comes_along(desk, clock):
    request = make_request()
    wait(clock)
    asked = post(desk, request, action="set_legal_hold", note=NOTE)
    form = confirmation(asked)
    assert (form.fields["note"], form.fields["action"]) == (NOTE, "set_legal_hold")
    assert "<b>after" not in asked.content.decode()
    desk.post(form.action, form.fields | {"confirm_password": PASSWORD})
    assert [text.decrypt() for text in request.texts.filter(kind="note")] == [NOTE]


def test_export_asks_too_and_the_file_comes_from_the_same_address(desk, clock):
    make_request()
    wait(clock)
    form = confirmation(desk.get(CSV))
    assert (form.action, SecurityEvent.objects.filter(kind="exported").count()) == (CSV, 0)
    file = desk.post(form.action, form.fields | {"confirm_password": PASSWORD})
    assert (file.status_code, file["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert b"reference" in b"".join(file.streaming_content)
    assert SecurityEvent.objects.filter(kind="exported").count() == 1


def test_nothing_is_asked_in_the_first_ten_minutes_and_again_after_them(desk, clock):
    wait(clock, 9)
    assert desk.get(CSV).status_code == 200
    wait(clock, 2)
    form = confirmation(desk.get(CSV))
    desk.post(form.action, form.fields | {"confirm_password": PASSWORD})
    wait(clock, 9)
    assert desk.get(CSV).status_code == 200
    wait(clock, 2)
    confirmation(desk.get(CSV))


def test_wrong_password_does_nothing_and_keeps_what_was_typed(desk, lena, clock):
    request = closed_request(lena)
    wait(clock)
    form = confirmation(post(desk, request, action="erase", confirm="on", note=NOTE))
    again = desk.post(form.action, form.fields | {"confirm_password": "a wrong one"})
    assert "That is not your password." in soup(again).select_one("[role=alert]").get_text()
    assert confirmation(again).fields | form.fields == form.fields
    assert ("a wrong one" in again.content.decode(), request.texts.exists()) == (False, True)
    assert SecurityEvent.objects.filter(kind="sign_in_failed", account=lena).count() == 1


def test_password_of_a_colleague_does_not_confirm(desk, make_staff, clock):
    sam = make_staff("lead", username="sam")
    sam.set_password("the password of sam")
    sam.save()
    wait(clock)
    form = confirmation(desk.get(CSV))
    confirmation(desk.post(form.action, form.fields | {"confirm_password": "the password of sam"}))


def test_guessing_here_is_slowed_down_as_on_the_sign_in_page(desk, stopped_clock):
    wait(stopped_clock)
    form = confirmation(desk.get(CSV))
    statuses = [
        desk.post(form.action, form.fields | {"confirm_password": f"wrong {number}"}).status_code for number in range(9)
    ]
    assert (statuses[0], statuses[-1]) == (403, 429)
    refused = desk.post(form.action, form.fields | {"confirm_password": PASSWORD})
    assert (refused.status_code, "Retry-After" in refused) == (429, True)
    assert SignInAttempt.objects.filter(succeeded=False).count() < 9


def test_other_buttons_ask_nothing(desk, clock):
    request = make_request()
    wait(clock)
    assert post(desk, request, action="note", note=NOTE).status_code == 302
