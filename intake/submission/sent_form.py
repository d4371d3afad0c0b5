"""A form as it was sent, its JSON for the spool, and the reasons not to store it."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.utils import timezone

from intake.contact.promise import Promise

from .tokens import Draft


class NotStored(Exception):
    """A rule forbids storing this form. The person is told which rule, and keeps everything they typed."""


class RequestWithdrawn(NotStored):
    """The request of this form was withdrawn or erased, at the time `at`.

    If the form is sent again, it must become a new request.
    """

    def __init__(self, at):
        super().__init__()
        self.at = at


class TokenSpent(NotStored):
    """The form's single-use token was used before, for other content. Nothing was stored."""


class TooManyAmendments(NotStored):
    """The request already has the maximum number of amendments. Nothing was stored."""


class ReferenceTaken(NotStored):
    """Another request already has the reference drawn for this form. Nothing was stored."""


@dataclass(frozen=True)
class SentForm:
    """A form as it was sent, with everything needed to store it.

    - `answers`: the cleaned fields as plain JSON values
    - `form_key`: the keyed hash of browser session and contact; None without a cookie
    - `sender`: the keyed hash of the network it came from
    - `spam_signals`: codes of `intake.submission.spam_signals`
    - `spent_token`: the single-use token used in place of the cookie
    - `taken_by`: the id of the user who filled it in for a caller and read the consents aloud
    - `confirmed_as`: the id and reference confirmed to the person when the form went to the spool
    """

    draft: Draft
    answers: dict
    at: dt.datetime = field(default_factory=lambda: timezone.now())  # a lambda, since tests replace `timezone.now`
    form_key: str | None = None
    sender: str = ""
    spam_signals: tuple[str, ...] = ()
    spent_token: str | None = None
    is_synthetic: bool = False
    taken_by: int | None = None
    confirmed_as: Draft | None = None

    @property
    def was_acknowledged(self):
        return self.confirmed_as is not None


def to_json(form, promise):
    return {
        "draft": [form.draft.id.hex, form.draft.reference],
        "confirmed_as": [form.confirmed_as.id.hex, form.confirmed_as.reference],
        "referrer_path": form.draft.referrer_path,
        "answers": form.answers,
        "at": form.at.isoformat(),
        "form_key": form.form_key,
        "spam_signals": form.spam_signals,
        "is_synthetic": form.is_synthetic,
        "promise": [promise.due_at.isoformat(), promise.due_uses_default_hours, promise.sentence],
    }


def from_json(plain):
    """Return the form and its promise.

    `spent_token` is not in the JSON: it is of no use after the person has seen a confirmation.
    """
    id_hex, drawn_reference = plain["draft"]
    confirmed_id, confirmed_reference = plain["confirmed_as"]
    due_at, due_uses_default_hours, words = plain["promise"]
    form = SentForm(
        draft=Draft(uuid.UUID(id_hex), drawn_reference, referrer_path=plain.get("referrer_path", "")),
        answers=plain["answers"],
        at=dt.datetime.fromisoformat(plain["at"]),
        form_key=plain["form_key"],
        spam_signals=tuple(plain["spam_signals"]),
        is_synthetic=plain["is_synthetic"],
        confirmed_as=Draft(uuid.UUID(confirmed_id), confirmed_reference),
    )
    return form, Promise(dt.datetime.fromisoformat(due_at), due_uses_default_hours, words)
