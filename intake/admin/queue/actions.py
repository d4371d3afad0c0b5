"""Actions of the list: take the next request, change several requests at once, undo."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake import workflow
from intake.admin.guidance.in_list import label_for_time
from intake.admin.guidance.next_action import needs_spam_check
from intake.admin.readers import chosen_reader
from intake.admin.request.actions import batch_from, what_stays
from intake.db.uuid7 import uuid7
from intake.models import AssessmentRequest

from . import page as queue_page

Outcome = AssessmentRequest.Outcome


def take_next(model_admin, request):
    """Claim the next request and open it."""
    if request.method != "POST":
        return _back_to_list(request)
    return open_taken(request, workflow.take_next(actor=request.user))


def open_taken(request, taken):
    """Open the request that `workflow.take_next` returned. If there is none, return to the list and say why."""
    if taken is None:
        messages.warning(request, _why_none(request.user))
        return _back_to_list(request)
    return HttpResponseRedirect(reverse("admin:intake_assessmentrequest_change", args=[taken.pk]) + "?tab=open")


def change_many(model_admin, request):
    """Apply one action to each selected request, each in its own transaction.

    A refused request stays selected, and the page says why. Each request is posted as "id:version" with the version on
    the screen, so a colleague's change is never overwritten.
    """
    if request.method == "POST":
        expected_version = _versions_on_screen(request.POST.getlist("chosen"))
        try:
            change, report = _chosen_change(request)
        except workflow.TransitionRefused as refused:
            messages.error(request, str(refused))
            left = _unchanged(request, expected_version)
        else:
            left = _change_each(request, expected_version, change, report)
        queue_page.keep_selected(request, left)
    return _back_to_list(request)


def _why_none(actor):
    now, moment = timezone.now(), workflow.next_possible_contact(actor=actor)
    if moment is None or moment <= now:
        return _("There is nothing to take now: nobody is waiting.")
    return _("There is nothing to take now. Next possible contact: %s.") % label_for_time(moment, now)


def _chosen_change(request):
    """Return two functions for the button pressed.

    The first changes a request. The second returns the message for the number of requests changed.
    """
    actor, batch = request.user, uuid7()  # one batch per press, so one press undoes it
    match request.POST.get("action"):
        case "assign":
            owner = chosen_reader(request.POST.get("owner", ""))
            if owner is None:
                raise workflow.TransitionRefused(_("Choose an owner, then press Assign."))
            return partial(workflow.assign, owner=owner, actor=actor, batch=batch), _assigned
        case "release_claim":
            return partial(workflow.release, actor=actor, batch=batch), _released
        case "release":
            return partial(workflow.release_from_quarantine, actor=actor, batch=batch), _cleared
        case "spam":
            return partial(_close_as_spam, actor=actor, batch=batch), _closed_as_spam
    raise workflow.TransitionRefused(_("That button is not known. Nothing was changed."))


def _close_as_spam(*, request_id, expected_version, actor, batch):
    """Close a request as spam, but only if it is quarantined.

    One press must not close what a person wrote.
    """
    if not needs_spam_check(AssessmentRequest.objects.get(pk=request_id)):
        raise workflow.TransitionRefused(_("It is not waiting for a spam check. To close it as spam, open its page."))
    return workflow.close(
        request_id=request_id, outcome=Outcome.SPAM, actor=actor, batch=batch, expected_version=expected_version
    )


def _unchanged(request, expected_version):
    """Return the ids of the requests that are as they were on the screen, and name the others in a message."""
    known = AssessmentRequest.objects.real().only("reference", "version").in_bulk(expected_version)
    changed = [row for pk, row in known.items() if row.version != expected_version[pk]]
    if changed:
        what = ngettext(
            "Changed meanwhile, so no longer selected: {}. Look at it before you select it again.",
            "Changed meanwhile, so no longer selected: {}. Look at them before you select them again.",
            len(changed),
        )
        messages.warning(request, format_html(what, _links_to(changed)))
    return [pk for pk, row in known.items() if row not in changed]


def _change_each(request, expected_version, change, report):
    """Call `change` for each request, and return the ids of the refused ones.

    `expected_version` maps request ids to the versions on the screen.
    """
    if not expected_version:
        messages.warning(request, _("No request is selected. Nothing was changed."))
        return []
    done, left, known = [], [], AssessmentRequest.objects.real().only("reference").in_bulk(expected_version)
    for request_id, row in known.items():
        try:
            change(request_id=request_id, expected_version=expected_version[request_id])
            done.append(row)
        except workflow.TransitionRefused as refused:
            messages.error(request, format_html(_("{} was not changed. {}"), _link_to(row), refused))
            left.append(request_id)
    if done:
        messages.success(request, format_html("{} {}", report(len(done)), _links_to(done)))
    return left


def undo(model_admin, request):
    """Undo an action from any page.

    A bulk action is undone for each request that has not changed since.
    """
    if request.method == "POST":
        try:
            undoing = workflow.undo(batch=batch_from(request.POST.get("batch", "")), actor=request.user)
        except workflow.TransitionRefused as refused:
            messages.error(request, str(refused))
        else:
            _report_undoing(request, undoing)
    return _back_to_list(request)


def _report_undoing(request, undoing):
    for row, why in undoing.left:
        messages.error(request, format_html("{}: {}", _link_to(row), why))
    if undoing.restored:
        done = ngettext(
            "Undone. %(count)d request is as it was before:",
            "Undone. %(count)d requests are as they were before:",
            len(undoing.restored),
        ) % {"count": len(undoing.restored)}
        stays = " ".join(what_stays(undoing))
        messages.success(request, format_html("{} {}. {}", done, _links_to(undoing.restored), stays))


def _links_to(rows):
    return format_html_join(", ", "{}", [(_link_to(row),) for row in rows])


def _link_to(row):
    return format_html('<a href="{}">{}</a>', reverse("admin:intake_assessmentrequest_change", args=[row.pk]), row)


def _versions_on_screen(chosen):
    """Map request ids to the versions on the screen. Skips malformed values."""
    expected_version = {}
    for key in chosen:
        request_id, _colon, version = key.partition(":")
        try:
            expected_version[UUID(request_id)] = int(version)
        except ValueError:
            continue
    return expected_version


def _assigned(count):
    return ngettext("%(count)d request was assigned.", "%(count)d requests were assigned.", count) % {"count": count}


def _released(count):
    sentence = ngettext("%(count)d request was released.", "%(count)d requests were released.", count)
    return sentence % {"count": count}


def _cleared(count):
    sentence = ngettext("%(count)d request is out of quarantine.", "%(count)d requests are out of quarantine.", count)
    return sentence % {"count": count}


def _closed_as_spam(count):
    sentence = ngettext("%(count)d request was closed as spam.", "%(count)d requests were closed as spam.", count)
    return sentence % {"count": count}


def _back_to_list(request):
    place = {name: request.POST[name] for name in queue_page.PLACE if name in request.POST}
    address = reverse("admin:intake_assessmentrequest_changelist")
    return HttpResponseRedirect(address + (f"?{urlencode(place)}" if place else ""))
