"""The list of requests, one tab at a time. Logs who saw which requests."""

import hashlib

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.core import signing
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from intake import access, workflow
from intake.admin.readers import show_without_leavers
from intake.models import AccessRecord, AssessmentRequest
from intake.monitoring import status

from . import paging, tabs
from .rows import described

PLACE = ("tab", "before", "after")  # the only URL parameters: a tab, and a page of it
STATE_SALT = "intake.queue"
SELECTED = "selected requests"
MOST_TO_UNDO = 5


def page(model_admin, request):
    """Log which requests are shown, then show one tab of the list."""
    if not set(request.GET) <= set(PLACE):
        raise DisallowedModelAdminLookup("nothing about requests is asked through an address")
    now, tab = timezone.now(), tab_of(request.GET)
    rows = tabs.rows_of(tab, request.user, now).select_related("owner")
    listed = paging.page_of(rows, tabs.TABS[tab].order, model_admin.list_per_page, request.GET)
    claimed = AssessmentRequest.objects.real().filter(owner=request.user, claimed_until__gt=now)
    claims = list(claimed.order_by("claimed_until", "pk"))
    undo = workflow.offers_to(request.user)[:MOST_TO_UNDO]
    undoable = [row for offer in undo for row in offer.requests]
    access.record(request.user, AccessRecord.Action.LIST, {row.pk: None for row in (*listed.rows, *claims, *undoable)})
    counts, attention = tabs.counts(request.user, now)
    place = {name: request.GET[name] for name in PLACE if name in request.GET}
    updates_address, readers = _updates_address(place, listed.rows, now), list(access.readers())
    context = model_admin.admin_site.each_context(request) | {
        "opts": model_admin.opts,
        "title": _("Requests"),
        "alarms": status.for_staff(),
        "tab": tab,
        "tabs": [(key, tab.label, counts[key]) for key, tab in tabs.TABS.items()],
        "rows": described(show_without_leavers(listed.rows, request.user, readers), now, request.user),
        "page": listed,
        "nothing": tabs.TABS[tab].nothing,
        "selected": request.session.pop(SELECTED, []),
        "claims": claims,
        "undo": undo,
        "readers": readers,
        "attention": attention,
        "place": place,
        "updates_address": updates_address,
    }
    return TemplateResponse(request, "admin/intake/assessmentrequest/change_list.html", context)


def tab_of(query):
    """Return the tab named in the URL, or the default tab."""
    return query.get("tab") if query.get("tab") in tabs.TABS else tabs.DEFAULT


def keep_selected(request, ids):
    """Keep these requests selected in the list after a refused button."""
    if ids:
        request.session[SELECTED] = [str(request_id) for request_id in ids]


def fingerprint(requests, now):
    """Return a hash that changes when a row of the list would look different."""
    # A form sent again with changes keeps the version, but gets a later `acknowledged_at`.
    lines = [f"{row.pk} {row.version} {row.acknowledged_at} {row.due_at <= now} {row.is_claimed}" for row in requests]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _updates_address(place, requests, now):
    """Return the URL that the page polls for updates. It carries a signed fingerprint of what the page shows."""
    seen = signing.dumps([now.isoformat(), fingerprint(requests, now)], salt=STATE_SALT)
    return reverse("admin:intake_assessmentrequest_queue_updates") + "?" + urlencode(place | {"seen": seen})
