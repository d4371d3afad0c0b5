"""Updates for an open request page: extend the claim, and report changes since the page was shown.

Only a page that was shown can poll, and the response says who did what and when, never content. So polling is not
logged as access.
"""

import datetime as dt

from django.core import signing
from django.db.models import Max
from django.http import HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from intake import workflow
from intake.admin.guidance.in_list import label_for_time
from intake.admin.guidance.next_action import holds, may_take
from intake.admin.guidance.on_page import ask_first, leave_it
from intake.admin.readers import show_without_leavers
from intake.models import AssessmentRequest, Event
from intake.workflow.attempt_plan import PERSON_WROTE
from intake.workflow.base import NO_NEW_VERSION, label_for_event, only_taken_over

SALT = "intake.request_updates"
LONGEST = dt.timedelta(days=1)  # caps the time since the last action: longer makes no difference


def shown(request, reader):
    """Return the signed state of a page, for the page to post when it polls.

    It holds request, reader, newest event, version, and whether the reader held the request.
    """
    last = request.events.aggregate(last=Max("pk"))["last"] or 0
    return signing.dumps([str(request.pk), reader.pk, last, request.version, holds(request, reader)], salt=SALT)


def updates(model_admin, request, object_id):
    """Return JSON with what changed since the page was shown.

    - `seconds`: left of the reader's claim; None if they have none
    - `until`: when that claim expires, as text; "" if they have none
    - `ended`: whether the reader no longer holds the request
    - `may_take`: whether the reader can claim it
    - `headline`: a new headline if the page's is no longer true; otherwise ""
    - `news`: a sentence about the change

    The page posts how many seconds ago its reader last acted, and whether the reader is on a call.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    page = _page(request, object_id)
    obj = page and AssessmentRequest.objects.real().select_related("owner").filter(pk=object_id).first()
    if obj is None:
        return JsonResponse({}, status=404)
    now, reader = timezone.now(), request.user
    show_without_leavers([obj], reader)
    if seconds_left(obj, reader) is not None:
        acted_at = now - _untouched(request.POST.get("untouched", ""))
        is_calling = request.POST.get("calling") == "yes"
        workflow.keep_claim(request_id=obj.pk, actor=reader, acted_at=acted_at, is_calling=is_calling)
        obj.refresh_from_db(fields=["claimed_until"])
    last, version, was_theirs = page
    events = list(obj.events.standing().filter(pk__gt=last).select_related("actor").order_by("-pk"))
    is_closed = obj.stage == AssessmentRequest.Stage.CLOSED
    has_ended = was_theirs and not is_closed and not holds(obj, reader)
    others = [one for one in events if one.actor_id != reader.pk and one.code not in NO_NEW_VERSION]
    is_given_away = obj.owner_id not in (None, reader.pk) and obj.claimed_until is None
    end = _end(obj, events, version, reader, now) if has_ended and not is_given_away else ""
    seconds = seconds_left(obj, reader)
    return JsonResponse(
        {
            "seconds": seconds,
            "until": "" if seconds is None else date_format(timezone.localtime(obj.claimed_until), "g:i A"),
            "ended": has_ended,
            "may_take": not is_closed and may_take(obj, reader),
            "headline": _headline(obj, others, reader, has_ended) or _ask_first(obj, reader),
            "news": f"{end} {_news(others, now)}".strip(),
        }
    )


def seconds_left(request, reader):
    """Return the seconds left of the reader's claim; None if they have none."""
    has_claim = request.is_claimed and request.owner_id == reader.pk
    return int((request.claimed_until - timezone.now()).total_seconds()) if has_claim else None


def _page(request, object_id):
    """Return the page's signed state: last event, version, and whether the reader held the request.

    Return None if the state is not valid for this reader and request.
    """
    try:
        page = signing.loads(request.POST.get("shown", ""), salt=SALT)
    except signing.BadSignature:
        return None
    request_id, reader_id, *state = page
    return state if (request_id, reader_id) == (str(object_id), request.user.pk) else None


def _untouched(seconds):
    is_number = seconds.isdecimal() and len(seconds) < 9
    return min(dt.timedelta(seconds=int(seconds)), LONGEST) if is_number else LONGEST


def _headline(obj, others, reader, has_ended):
    """Return a new headline if the page's, such as "Call now.", is no longer true. Otherwise return ""."""
    if not others and not has_ended:
        return ""
    if obj.stage == AssessmentRequest.Stage.CLOSED:
        return _("This request is closed. There is nothing to do.")
    if obj.is_claimed_by_colleague(reader):
        return leave_it(obj)
    if any(event.code in PERSON_WROTE for event in others):
        return _("They contacted us again just now. Read it before you continue.")
    if has_ended and may_take(obj, reader):
        return _("Take it again before you continue.")
    return _("Look at what changed before you continue.")


def _ask_first(obj, reader):
    """Return a sentence if a colleague is working on another request with the same contact; otherwise ""."""
    elsewhere = None if obj.stage == AssessmentRequest.Stage.CLOSED else workflow.claimed_with_same_contact(obj, reader)
    return ask_first(elsewhere) if elsewhere else ""


def _end(obj, events, version, reader, now):
    """Return a sentence saying when the claim ended.

    If only the claim has changed hands, the sentence adds that a log is still saved.
    """
    if obj.owner_id == reader.pk:
        since = obj.claimed_until
    else:
        ends = (Event.Code.LAPSED, Event.Code.TAKEN, Event.Code.ASSIGNED, Event.Code.RELEASED)
        since = next((event.occurred_at for event in reversed(events) if event.code in ends), now)
    words = _("Back in the queue since %s.") % label_for_time(since, now)
    is_counted = obj.version == version or only_taken_over(obj, version, reader)
    return f"{words} {_('What you log is still saved.')}" if is_counted else words


def _news(others, now):
    """Describe the newest change by someone else since the page was shown; "" if there is none."""
    said = next((event for event in others if event.code in PERSON_WROTE), None)
    # An attempt also sets the stage, and a withdrawal also erases content. Report the attempt or the withdrawal.
    done = next((event for event in others if event.code in (Event.Code.ATTEMPTED, Event.Code.WITHDRAWN)), None)
    last = said or done or next(iter(others), None)
    if last is None:
        return ""
    words = {"who": last.actor, "what": label_for_event(last), "time": label_for_time(last.occurred_at, now)}
    if last.actor is None:
        return _("%(what)s, %(time)s.") % (words | {"what": last.get_code_display()})
    if last.code == Event.Code.TAKEN:
        return _("%(who)s took it at %(time)s.") % words
    if last.code == Event.Code.ATTEMPTED:
        return _("%(who)s logged at %(time)s: %(what)s.") % words
    return _("%(who)s changed this request at %(time)s: %(what)s.") % words
