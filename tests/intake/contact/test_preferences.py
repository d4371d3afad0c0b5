"""How a person may be reached: from their answers to codes, and what the database refuses to believe."""

import datetime as dt
import itertools

import pytest
from django.db import IntegrityError, transaction

from intake.contact import preferences
from intake.models import AssessmentRequest, ContactPreferences
from intake.submission import tokens
from staff.append_only import AppendOnlyViolation
from tests.intake.support.factories import make_answers, make_request
from tests.intake.support.helpers import local_time

NOW = local_time("2026-11-24 10:00")
PHONE, EMAIL = {"phone": "602-555-0142"}, {"email": "me@example.org"}
BOTH = PHONE | EMAIL
NOTHING_TICKED = {"phone": "", "email": "", "do_not_call": "", "voicemail_ok": "", "text_ok": "", "email_ok": ""}

# what was given and ticked: may call, leave voicemail, text, email; how we try first
TABLE = {
    "a phone": (PHONE, (True, False, False, False), "call"),
    "a phone, voicemail": (PHONE | {"voicemail_ok": "on"}, (True, True, False, False), "call"),
    "a phone, text": (PHONE | {"text_ok": "on"}, (True, False, True, False), "call"),
    "a phone, a tick for email": (PHONE | {"email_ok": "on"}, (True, False, False, False), "call"),
    "an email": (EMAIL, (False, False, False, True), "email"),
    "an email, every tick": (
        EMAIL | {"voicemail_ok": "on", "text_ok": "on", "email_ok": "on"},
        (False, False, False, True),
        "email",
    ),
    "both": (BOTH, (True, False, False, False), "call"),
    "both, email": (BOTH | {"email_ok": "on"}, (True, False, False, True), "call"),
    "both, no calls": (BOTH | {"do_not_call": "on"}, (False, False, False, True), "email"),
    "both, no calls, voicemail": (
        BOTH | {"do_not_call": "on", "voicemail_ok": "on"},
        (False, False, False, True),
        "email",
    ),
    "both, no calls, text": (BOTH | {"do_not_call": "on", "text_ok": "on"}, (False, False, True, True), "email"),
    "both, everything": (
        BOTH | {"voicemail_ok": "on", "text_ok": "on", "email_ok": "on"},
        (True, True, True, True),
        "call",
    ),
}


def preferences_from(**given):
    return ContactPreferences(**preferences.preferences_from(make_answers(**NOTHING_TICKED | given)))


@pytest.mark.parametrize(("given", "may", "channel"), TABLE.values(), ids=TABLE)
def test_what_was_given_and_ticked_decides_what_is_allowed(given, may, channel):
    row = preferences_from(**given)
    allowed = (row.may_call, row.may_leave_voicemail, row.may_text, row.may_email)
    assert (allowed, row.channels[0]) == (may, channel)


def test_whatever_the_form_lets_through_some_way_is_allowed():
    ticks = ("do_not_call", "voicemail_ok", "text_ok", "email_ok")
    for given, ticked in itertools.product((PHONE, EMAIL, BOTH), itertools.product(("", "on"), repeat=4)):
        if given == PHONE and ticked[0]:
            continue  # the form asks for an email then
        row = preferences_from(**given, **dict(zip(ticks, ticked, strict=True)))
        assert True in (row.may_call, row.may_text, row.may_email)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("for_whom", ["self", "other", "professional"]),
        ("introduction", ["first_name", "center"]),
        ("preferred_time", ["asap", "morning", "afternoon", "evening"]),
        ("time_zone", ["America/Phoenix", "Pacific/Honolulu"]),
    ],
)
def test_what_was_chosen_is_kept_as_its_code(field, values):
    assert [getattr(preferences_from(**PHONE, **{field: value}), field) for value in values] == values


# In the database


@pytest.mark.django_db
def test_a_request_has_a_preferences_and_an_amendment_that_changes_it_a_second_one():
    draft = tokens.draw()
    request = make_request(draft)
    make_request(draft, message="the same way, please")
    assert request.contact_preferences.count() == 1
    make_request(draft, voicemail_ok="")
    assert [row.may_leave_voicemail for row in request.contact_preferences.all()] == [True, False]
    assert preferences.newest_preferences(request).may_leave_voicemail is False


@pytest.mark.django_db
def test_the_newest_preferences_counts_and_the_later_of_two_of_one_moment():
    request = make_request()
    codes = preferences.newest_preferences(request).codes()
    later = request.received_at + dt.timedelta(minutes=1)
    for preferred_time, at in (("morning", later), ("afternoon", later), ("asap", request.received_at)):
        ContactPreferences.objects.create(request=request, recorded_at=at, **codes | {"preferred_time": preferred_time})
    assert preferences.newest_preferences(request).preferred_time == "afternoon"


@pytest.mark.django_db
def test_a_request_whose_words_were_erased_has_no_preferences():
    request = make_request()
    request.contact_preferences.all().delete()
    assert preferences.newest_preferences(request) is None


@pytest.mark.django_db
def test_a_preferences_never_changes():
    row = preferences.newest_preferences(make_request())
    row.may_text = True
    with pytest.raises(AppendOnlyViolation):
        row.save()
    with pytest.raises(AppendOnlyViolation):
        row.delete()
    row.refresh_from_db()
    assert row.may_text is False


NONSENSE = {
    "voicemail without calls": (
        ContactPreferences,
        {"may_call": False, "may_leave_voicemail": True, "may_email": True},
    ),
    "no way at all": (
        ContactPreferences,
        {"may_call": False, "may_leave_voicemail": False, "may_text": False, "may_email": False},
    ),
    "a time that is not offered": (ContactPreferences, {"preferred_time": "midnight"}),
    "an introduction that is not offered": (ContactPreferences, {"introduction": "doctor"}),
    "for someone unknown": (ContactPreferences, {"for_whom": "nobody"}),
    "a flag that is not told": (ContactPreferences, {"may_text": None}),
    "quarantine without a reason": (AssessmentRequest, {"quarantined_at": NOW, "spam_signals": ""}),
    "hidden and open": (AssessmentRequest, {"hidden_at": NOW, "legal_hold_at": NOW}),
    "hidden without a hold": (
        AssessmentRequest,
        {"hidden_at": NOW, "stage": "closed", "outcome": "withdrawn", "closed_at": NOW},
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "values"), NONSENSE.values(), ids=NONSENSE)
def test_the_database_refuses_a_row_that_makes_no_sense(model, values):
    make_request()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**values)
    assert model.objects.filter(**values).count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["form_key", "private_link_hash"])
def test_two_requests_never_share_a_key_or_a_link_but_may_both_have_none(field):
    first, second = make_request(), make_request()
    AssessmentRequest.objects.update(**{field: None})
    AssessmentRequest.objects.filter(pk=first.pk).update(**{field: "a" * 64})
    with pytest.raises(IntegrityError), transaction.atomic():
        AssessmentRequest.objects.filter(pk=second.pk).update(**{field: "a" * 64})
    assert AssessmentRequest.objects.filter(**{field: "a" * 64}).get() == first
