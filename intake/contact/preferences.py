"""Contact preferences: make codes from the form, and find the row that counts."""

from collections.abc import Iterable
from typing import TypedDict

from intake import email_addresses
from intake.models import AssessmentRequest, ContactPreferences
from intake.models.contact import PreferredTime


class ContactAnswers(TypedDict):
    """The form's answers about how to contact someone."""

    for_whom: str
    phone: str
    email: str
    do_not_call: bool
    voicemail_ok: bool
    text_ok: bool
    email_ok: bool
    introduction: str
    preferred_time: str
    time_zone: str


class ContactCodes(TypedDict):
    """The fields of a `ContactPreferences` that say how someone may be contacted."""

    for_whom: str
    may_call: bool
    may_leave_voicemail: bool
    may_text: bool
    may_email: bool
    introduction: str
    preferred_time: str
    time_zone: str


def preferences_from(answers: ContactAnswers) -> ContactCodes:
    """Return the codes of a `ContactPreferences` for the cleaned answers of the form.

    A phone number allows calls unless the person refuses them. An email address in the phone field does not. An email
    address allows one neutral email if we may not call, or if the person wants to confirm a time first. Voicemail, text
    messages and more email each have a checkbox.
    """
    has_phone = bool(answers["phone"]) and not email_addresses.is_in(answers["phone"])
    has_email = bool(answers["email"])
    may_call = has_phone and not answers["do_not_call"]
    wants_to_confirm = answers["preferred_time"] == PreferredTime.CONFIRMED
    return {
        "for_whom": answers["for_whom"],
        "may_call": may_call,
        "may_leave_voicemail": may_call and answers["voicemail_ok"],
        "may_text": has_phone and answers["text_ok"],
        "may_email": has_email and (answers["email_ok"] or not may_call or wants_to_confirm),
        "introduction": answers["introduction"],
        "preferred_time": answers["preferred_time"],
        "time_zone": answers["time_zone"],
    }


def ways_to_try(preferences: ContactPreferences, may_ever_call: bool) -> list[str]:
    """Return the channels to use, the first choice first.

    `may_ever_call`: whether we can call at the preferred time. If not, writing comes first. Someone who wants to
    confirm a time is not called until staff have stored another time.
    """
    if may_ever_call:
        return preferences.channels
    written = [channel for channel in preferences.channels if channel != "call"]
    is_called = preferences.may_call and preferences.preferred_time != PreferredTime.CONFIRMED
    return [*written, "call"] if is_called else written


def newest_preferences(request: AssessmentRequest) -> ContactPreferences | None:
    """Return the newest preferences of a request, or None if the content was erased."""
    return newest_of(ContactPreferences.objects.filter(request=request))


def current_preferences(request: AssessmentRequest) -> ContactPreferences:
    """Return the newest preferences of a request.

    Raises `ContactPreferences.DoesNotExist` if the content was erased.
    """
    return ContactPreferences.objects.filter(request=request).latest("recorded_at", "pk")


def newest_of(history: Iterable[ContactPreferences]) -> ContactPreferences | None:
    """Return the newest row of one request's preferences, or None if there is none."""
    return max(history, key=lambda preferences: (preferences.recorded_at, preferences.pk), default=None)
