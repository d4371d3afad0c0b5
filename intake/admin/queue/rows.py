"""Rows of the list. Data is fetched for all rows at once; texts are made row by row."""

import functools
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from intake.admin.guidance import in_list
from intake.admin.guidance.next_action import Kind, decide
from intake.admin.guidance.reachability import reachability_of
from intake.contact import schedule
from intake.contact.preferences import newest_of
from intake.models import AssessmentRequest, Attempt, EncryptedText, Event
from intake.workflow import claims_with_same_contact, unread_additions
from intake.workflow.attempt_plan import attempt_plan_from

Stage = AssessmentRequest.Stage


@dataclass(frozen=True)
class Row:
    """One request in the list.

    `at`: its due or closing time. `distance`: how far away that is. `not_before`: when the person may be contacted, if
    not yet. Until then, the request is not overdue.
    """

    request: AssessmentRequest
    step: str
    at: str
    distance: str = ""
    is_overdue: bool = False
    not_before: str = ""
    has_unread_additions: bool = False
    claimed_by_now: str = ""
    is_snoozed: bool = False

    @property
    def due_uses_default_hours(self):
        return self.request.stage == Stage.NEW and self.request.due_uses_default_hours


def described(requests, now, viewer=None):
    """Return a `Row` for each request. The number of queries does not depend on the number of rows.

    `viewer`: the user who looks at the list, and asks a colleague before touching what is theirs.
    """
    _fetch([request for request in requests if request.stage != Stage.CLOSED])
    hours = schedule.our_hours()

    @functools.cache  # rows share few preferred times and zones, and one `now`
    def reachability(preferred_time, time_zone):
        return reachability_of(preferred_time, time_zone, now, hours)

    elsewhere = claims_with_same_contact(requests, viewer) if viewer else {}
    return [_row(request, reachability, now, viewer, elsewhere.get(request.pk)) for request in requests]


def _fetch(requests):
    prefetch_related_objects(
        requests,
        "contact_preferences",
        Prefetch("attempts", Attempt.objects.standing()),
        Prefetch(
            "texts", EncryptedText.objects.filter(kind__in=EncryptedText.WITH_CONTACT), to_attr="texts_with_contact"
        ),
        Prefetch("events", Event.objects.standing()),
        "consents",
    )


def _row(request, reachability, now, viewer, elsewhere):
    words = functools.partial(in_list.label_for_time, now=now)
    if request.stage == Stage.CLOSED:
        action = decide(request, None, None, None, now)
        step = in_list.label_for_next_step(action, request, None, "", now)
        return Row(request, step=step, at=words(request.closed_at))
    events = request.events.all()
    preferences = newest_of(request.contact_preferences.all())
    plan = attempt_plan_from(request, preferences, request.attempts.all(), events, request.consents.all())
    when = reachability(preferences.preferred_time, preferences.time_zone) if preferences else None
    action = decide(request, plan, when, viewer, now, elsewhere)
    possible = in_list.not_before(action, request)
    return Row(
        request,
        step=in_list.label_for_next_step(action, request, plan, _language(request.texts_with_contact), now, elsewhere),
        at=words(request.due_at),
        distance="" if possible and request.is_overdue else in_list.label_for_due(request.due_at, now),
        is_overdue=request.is_overdue and not possible,
        not_before=_("Not before %s") % words(possible) if possible else "",
        has_unread_additions=bool(unread_additions(events)),
        claimed_by_now=_("working on it until %s") % words(request.claimed_until) if request.is_claimed else "",
        is_snoozed=action.kind == Kind.WAIT,
    )


def _language(texts):
    """Return the language given last, as the person typed it. "" if none was given or it can't be decrypted."""
    contents = [text.decrypt_or_none() for text in texts]
    said = [content["language"] for content in contents if isinstance(content, dict) and "language" in content]
    return said[-1] if said else ""
