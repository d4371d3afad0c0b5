"""The page of one request, and its print sheet."""

from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import access, search, workflow
from intake.admin import wording
from intake.admin.guidance import in_list
from intake.admin.guidance.next_action import Kind, decide, may_take
from intake.admin.guidance.on_page import no_contact_now, sentence_for
from intake.admin.guidance.reachability import reach_of
from intake.admin.queue import neighbors
from intake.admin.queue.actions import open_taken
from intake.admin.queue.page import tab_of
from intake.admin.readers import show_without_leavers
from intake.contact.preferences import newest_of, newest_preferences
from intake.models import AccessRecord, AssessmentRequest
from intake.submission import spam_signals
from intake.workflow.attempt_plan import attempt_plan_of, must_decide
from staff.sessions import fresh

from . import actions as request_actions
from . import attempt_buttons, content, details_form, timeline
from . import updates as request_updates
from .actions_form import RequestActionsForm

Stage = AssessmentRequest.Stage

FOLDER = "admin/intake/assessmentrequest"
# The section to open after its button was refused, or if text in it was not saved
OPENS = {
    "book": "book",
    "snooze": "snooze",
    "wait_for": "snooze",
    "close": "close",
    "link": "link",
    "assign": "assign",
    "erase": "erase",
    "details": "correct",
    "waits_for": "snooze",
    "referral": "close",
}

# Buttons that change nothing in the request and keep what was typed
ONLY_SHOW = {
    "look": gettext_lazy("This is the request as it is now. What you typed is still here."),
    "calling": gettext_lazy("The request stays yours for an hour. What you typed is still here."),
}


def page(model_admin, request, object_id):
    """Show the request, or carry out the posted button.

    If the button is refused, the page keeps everything that was typed.
    """
    obj = _found(model_admin, request, object_id)
    if request.method != "POST":
        return _show(model_admin, request, obj)
    workflow.keep_claim(request_id=obj.pk, actor=request.user)  # any button counts as work, even a refused one
    action = request_actions.ActionRequest.from_post(request, obj)
    if action.button in ONLY_SHOW:
        if action.button == "calling":
            workflow.keep_claim(request_id=obj.pk, actor=request.user, is_calling=True)
            obj.refresh_from_db()
        return _show(model_admin, request, obj, action, done=ONLY_SHOW[action.button])
    is_to_prove = action.button in request_actions.NEEDS_FRESH_PROOF
    if is_to_prove and (ask := fresh.ask(request, back=request.get_full_path(), back_with="look")):
        return ask
    try:
        done = request_actions.carry_out(action)
    except workflow.TransitionRefused as refused:
        obj.refresh_from_db()
        return _show(model_admin, request, obj, action, refusal=str(refused))
    if action.conflicts or action.would_lose:  # keep what was typed
        obj.refresh_from_db()
        return _show(model_admin, request, obj, action, done=done)
    if done:
        messages.success(request, done)
    if action.button == "take_next":
        return open_taken(request, action.taken)
    return HttpResponseRedirect(f"{request.path}?{urlencode({'tab': tab_of(request.GET)})}")


def printed_sheet(model_admin, request, object_id):
    """Show the print sheet: what to do next, contact preferences, contact details, activity."""
    obj = _found(model_admin, request, object_id)
    access.record(request.user, AccessRecord.Action.PRINT, [obj.pk])
    plan = attempt_plan_of(obj)
    submitted = content.opened_content(obj, plan)
    next_action, reach, elsewhere = _decided(request, obj, plan, submitted)
    if elsewhere:  # the sheet names it
        access.record(request.user, AccessRecord.Action.LIST, [elsewhere.pk])
    is_news = bool(content.unread_additions(obj, submitted))
    context = {
        "title": _("Request %(reference)s") % {"reference": obj.reference},
        "request_row": obj,
        "what_now": sentence_for(next_action, obj, plan, reach, request.user, elsewhere, is_news),
        "timeline": timeline.timeline_of(obj, submitted["texts"]),
        "printed_at": timezone.now(),
    }
    return TemplateResponse(request, f"{FOLDER}/print.html", submitted | context)


def _found(model_admin, request, object_id):
    obj = model_admin.get_object(request, str(object_id))
    if obj is None:
        raise Http404
    return obj


def _show(model_admin, request, obj, action=None, refusal="", done=""):
    access.record(request.user, AccessRecord.Action.OPEN, [obj.pk])
    show_without_leavers([obj], request.user)
    shown = request_updates.shown(obj, request.user)  # first, so that changes made meanwhile count as news
    beside = _beside(request, obj)
    plan = attempt_plan_of(obj)
    submitted = content.opened_content(obj, plan)
    proposed = attempt_buttons.proposal(obj, plan)
    unread_additions = content.unread_additions(obj, submitted)
    next_action, reach, elsewhere = _decided(request, obj, plan, submitted)
    left_alone = no_contact_now(next_action, obj, plan, elsewhere)
    undo = workflow.offer_for(obj, request.user)
    title = _("Request %(reference)s") % {"reference": obj.reference}
    context = (
        model_admin.admin_site.each_context(request)
        | submitted
        | beside
        | _work(request, obj, plan, next_action)
        | _forms(obj, plan, proposed, submitted["contact_details"], action, refusal)
        | neighbors.neighbors_of(request, obj)
        | {
            "opts": model_admin.opts,
            "title": _("Not done: %s") % title if refusal else title,
            "refusal": refusal,
            "done": done,
            "request_row": obj,
            "reach": _offered(obj, reach, left_alone),
            "left_alone": left_alone,
            "what_now": sentence_for(next_action, obj, plan, reach, request.user, elsewhere, bool(unread_additions)),
            "unread_additions": unread_additions,
            "shown": shown,
            "seconds_left": request_updates.seconds_left(obj, request.user),
            "open_part": _open_part(action, obj) if refusal else "",
            "undo": undo,
            "timeline": timeline.timeline_of(obj, submitted["texts"], request.user, undo),
        }
    )
    return TemplateResponse(request, f"{FOLDER}/change_form.html", context)


def _beside(request, obj):
    """Return the related requests, and log that they are shown.

    Related: same contact, linked or once linked, or sent from the same device.
    """
    others = show_without_leavers(search.same_contact(obj), request.user)
    linked = list(obj.duplicates.order_by("-received_at", "pk").prefetch_related("contact_preferences"))
    same_device = [] if obj.hidden_at else list(search.from_same_device(obj).filter(hidden_at=None))
    in_question = _in_question(obj)
    shown = {one.pk: None for one in (*others, *linked, *same_device, *(asked["other"] for asked in in_question))}
    if obj.duplicate_of_id:
        shown[obj.duplicate_of_id] = None
    if shown:
        access.record(request.user, AccessRecord.Action.LIST, shown)
    in_force = newest_preferences(obj) if linked else None
    named_elsewhere = search.naming_another_contact(linked, besides=obj) if linked else set()
    for other in linked:
        other.names_another_contact = other.pk in named_elsewhere
        other.preferences_compared = _preferences_compared(other, in_force)
    for other in same_device:
        other.apart = in_list.label_for_length(abs(other.received_at - obj.received_at))
    has_ended = any(asked["why"] != workflow.Why.CHANGED for asked in in_question)
    return {"others": others, "linked": linked, "same_device": same_device} | {
        "in_question": in_question,
        "has_ended": has_ended,
    }


def _in_question(obj):
    """Return the requests for which staff must decide whether the same person sent them and `obj`.

    Each comes with what happened to it, and with its contact preferences if they differ from those of `obj`.
    """
    asked = {event.from_value: (event, event.to_value.split(",")) for event in workflow.in_question(obj)}
    if not asked:
        return []
    found = AssessmentRequest.objects.filter(reference__in=asked).order_by("pk").prefetch_related("contact_preferences")
    others = {other.reference: other for other in found}
    own, named_elsewhere = newest_preferences(obj), search.naming_another_contact(others.values(), besides=obj)
    return [
        {
            "other": other,
            "why": workflow.Why(codes[0]),
            "at": event.occurred_at,
            "in_common": wording.in_common(codes[1:]),
            "preferences_compared": _preferences_compared(other, own),
            "names_another_contact": other.pk in named_elsewhere,
            "is_newer": other.received_at > obj.received_at,
        }
        for other, event, codes in ((others[reference], *asked[reference]) for reference in asked)
    ]


def _preferences_compared(other, in_force):
    """Return the differences between another request's contact preferences and those `in_force`.

    Each difference is a triple: label, value of `other`, value in force.
    """
    theirs = newest_of(other.contact_preferences.all())
    if theirs is None or in_force is None:
        return []
    now, then = in_force.codes(), theirs.codes()
    return [
        (wording.DETAILS[name], wording.detail(name, then[name]), wording.detail(name, now[name]))
        for name in then
        if then[name] != now[name]
    ]


def _decided(request, obj, plan, submitted):
    """Return the viewer's `NextAction`, the `Reach` that it follows from, and the request of a colleague to ask about.

    The `Reach` is None if the contact preferences or details can't be read.
    """
    now, reach, details = timezone.now(), None, submitted["contact_details"]
    if plan.preferences is not None and details:
        reach = reach_of(plan.preferences, details, now, plan.channels)
    elsewhere = workflow.claimed_with_same_contact(obj, request.user)
    return decide(obj, plan, reach, request.user, now, elsewhere), reach, elsewhere


def _offered(obj, reach, left_alone):
    """Return the `Reach` to show: without links if `left_alone`, None if the request is closed.

    `left_alone`: nobody should contact the person now.
    """
    if reach is None or obj.stage == Stage.CLOSED:
        return None
    return replace(reach, tel="", sms="", mailto="") if left_alone else reach


def _work(request, obj, plan, next_action):
    """Return the actions that the page offers, as template context."""
    is_closed = obj.stage == Stage.CLOSED
    moves = workflow.TRANSITIONS[obj.stage]
    may_erase = access.may_erase(request.user)
    number, in_all = len(plan.attempts) + 1, plan.length + plan.more if plan.preferences else 0
    return {
        "is_closed": is_closed,
        "plan": plan,
        "attempt_number": number,
        "attempts_in_all": in_all,
        "is_last_attempt": number == in_all,
        "must_decide": must_decide(obj, plan),
        "is_being_tried": obj.awaits_contact or bool(plan.attempts),
        "is_done_here": is_closed or _waits_for_later(obj, next_action),
        "why_not_closable": "" if is_closed else plan.why_not_closable,
        "attempt_buttons": attempt_buttons.attempt_buttons(obj, plan),
        "next_stages": [] if is_closed else [move for move in moves if move not in (Stage.CLOSED, Stage.BOOKED)],
        "is_mine": obj.owner_id == request.user.pk,
        "may_take": not is_closed and may_take(obj, request.user),
        "is_colleagues": obj.is_claimed_by_colleague(request.user),
        "spam_signals": spam_signals.labels_for(obj.spam_signals),
        "may_erase": may_erase and is_closed and not obj.legal_hold_at and obj.texts.exists(),
        "may_set_legal_hold": may_erase,
    }


def _waits_for_later(obj, next_action):
    """Return whether the viewer has nothing to do with an open request until later."""
    if next_action.kind in (Kind.LEAVE, Kind.WAIT):
        return True
    return next_action.is_planned and not obj.is_claimed


def _forms(obj, plan, proposed, contact_details, action, refusal):
    """Return the two forms of the page.

    After a refusal they hold what was typed, otherwise the current values.
    """
    details_are_typed = bool(action and action.details.was_posted and action.details.changed())
    is_only_shown = action is not None and action.button in ONLY_SHOW
    form = None
    if contact_details and action and action.conflicts:
        typed = action.details.typed()
        mine = {name: typed[name] for name in action.details.changed()} if refusal else {}
        form = details_form.DetailsForm.for_details(contact_details, mine | {c.field: c.mine for c in action.conflicts})
    elif (refusal or is_only_shown) and details_are_typed:
        form = action.details
    elif contact_details and obj.stage != Stage.CLOSED:
        form = details_form.DetailsForm.for_details(contact_details)
    is_kept = refusal or is_only_shown or (action and action.would_lose)
    return {
        "work": action.work if is_kept else RequestActionsForm.for_request(obj, plan, proposed),
        "proposal": proposed,
        "details": form,
        "details_are_typed": details_are_typed,
        "conflicts": details_form.rows_for_conflicts(action.conflicts) if action else [],
        "is_pending": action is not None and action.is_pending,
    }


def _open_part(action, obj):
    """Return the id of the page section that a refusal is about, so that the page opens it."""
    if action.button == "attempt" and obj.is_claimed_by_colleague(action.actor):
        return "log_anyway"
    return OPENS.get(action.would_lose or action.button, "")
