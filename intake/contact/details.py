"""Contact details: the newest value of each field, and who gave it when.

What the person wrote is never edited. Each later change, by the person or by staff, is a row of its own.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from intake.models import AssessmentRequest, ContactPreferences, EncryptedText
from intake.models.contact import PreferredTime

ANSWERS = ("name", "phone", "email", "language")
CODES = ContactPreferences.CODES
FIELDS = (*ANSWERS, *CODES)
# If the contact preferences can't be read: staff store what the person says on the phone.
NOTHING_ALLOWED = dict.fromkeys(ContactPreferences.PERMISSIONS, False) | {
    "for_whom": "self",
    "introduction": "first_name",
    "preferred_time": "asap",
    "time_zone": "America/Phoenix",
}


@dataclass(frozen=True)
class Value:
    """The value of a field, with author and time. `who`: None for the person."""

    value: object
    who: User | None
    at: dt.datetime


@dataclass(frozen=True)
class Conflict:
    """A field that the actor and a colleague changed at once.

    `before`: the value on the actor's screen. `theirs`: the colleague's value, which is stored. `mine`: the actor's
    value, which is not.
    """

    field: str
    before: object
    theirs: Value
    mine: object


def details_of(
    request: AssessmentRequest, opened: Iterable[tuple[EncryptedText, object]] | None = None
) -> dict[str, Value]:
    """Return the newest `Value` of each field, by field name.

    Call it only for a request whose content was not erased. `opened`: pairs of `EncryptedText` and content, if the
    caller has decrypted them before. A text that can't be decrypted is left out.
    """
    if opened is None:
        texts = request.texts.select_related("author")
        opened = [(text, text.decrypt_or_none()) for text in texts if text.kind in EncryptedText.WITH_CONTACT]
    nothing = dict.fromkeys(ANSWERS, "") | NOTHING_ALLOWED
    current = {name: Value(value, None, request.received_at) for name, value in nothing.items()}
    for text, content in opened:
        if text.kind in EncryptedText.WITH_CONTACT and isinstance(content, dict):
            _overlay(
                current, {name: content[name] for name in ANSWERS if name in content}, text.author, text.recorded_at
            )
    for preferences in request.contact_preferences.select_related("author"):
        _overlay(current, preferences.codes(), preferences.author, preferences.recorded_at)
    return current


def plain(current: Mapping[str, Value]) -> dict[str, object]:
    """Return the values by field name, without author and time."""
    return {name: value.value for name, value in current.items()}


def merge(
    current: Mapping[str, Value], before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[list[Conflict], dict[str, object]]:
    """Return the conflicts, and the changes without a conflict by field name.

    `current`: the stored values. `before`: those on the actor's screen. `after`: those that the actor entered.
    A changed field is a conflict if its stored value is no longer the one on the screen.
    """
    conflicts: list[Conflict] = []
    changed: dict[str, object] = {}
    for name in current:
        if name not in before or name not in after or after[name] in (before[name], current[name].value):
            continue
        if current[name].value == before[name]:
            changed[name] = after[name]
        else:
            conflicts.append(Conflict(name, before[name], current[name], after[name]))
    return conflicts, changed


def why_impossible(values: Mapping[str, object]) -> str:
    """Return what is wrong with these contact details, as a sentence; "" if nothing is."""
    if (values["may_call"] or values["may_text"]) and not values["phone"]:
        return _("Calls and texts need a phone number.")
    if values["may_email"] and not values["email"]:
        return _("Email needs an email address.")
    if values["preferred_time"] == PreferredTime.CONFIRMED and not (values["may_text"] or values["may_email"]):
        return _("To confirm a time, they must allow email or text messages.")
    if values["may_leave_voicemail"] and not values["may_call"]:
        return _("Voicemail needs permission to call.")
    if not (values["may_call"] or values["may_text"] or values["may_email"]):
        return _("Leave one way to reach this person, or close the request.")
    return ""


def _overlay(current: dict[str, Value], values: Mapping[str, object], who: User | None, at: dt.datetime) -> None:
    for name, value in values.items():
        if name not in current or current[name].value != value:
            current[name] = Value(value, who, at)
