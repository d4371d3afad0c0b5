"""The desk's front page: one tab of the requests, and who saw which of them."""

import hashlib

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ChangeList
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from intake import access
from intake.models import AccessRecord, AssessmentRequest

from . import paging, tabs
from .queue_rows import described

PLACE = ("work", "before", "after")  # what an address may say: a tab, and a page of it
STATE_SALT = "intake.queue"


class Queue(ChangeList):
    """The list as its page shows it. Who was shown which requests is recorded before the page is made."""

    def get_queryset(self, request, exclude_parameters=None):
        if not set(request.GET) <= {*PLACE, "e"}:  # "e": the admin's own sign that a page did not work
            raise DisallowedModelAdminLookup("nothing about requests is asked through an address")
        self.filter_specs, self.has_filters, self.has_active_filters = [], False, False
        self.now, self.tab = timezone.now(), tab_of(request.GET)
        return tabs.rows_of(self.tab, request.user, self.now).select_related("owner")

    def get_results(self, request):
        self.page = paging.page_of(self.queryset, tabs.TABS[self.tab].order, self.list_per_page, request.GET)
        self.result_list = self.page.rows
        self.result_count = len(self.result_list)  # of this page: how many there are altogether, nobody counts
        self.claims = list(
            AssessmentRequest.objects.real()
            .filter(owner=request.user, claimed_until__gt=self.now)
            .order_by("claimed_until", "pk")
        )
        shown = {row.pk: None for row in (*self.result_list, *self.claims)}
        access.record(request.user, AccessRecord.Action.LIST, shown)
        self.rows = described(self.result_list, self.now)


def tab_of(query):
    """The tab that an address asks for."""
    return query.get("work") if query.get("work") in tabs.TABS else tabs.DEFAULT


def context_of(queue, reader):
    """What the page needs beside its rows."""
    counts, attention = tabs.counts(reader, queue.now)
    return {
        "tab": queue.tab,
        "tabs": [(key, tab.label, counts[key]) for key, tab in tabs.TABS.items()],
        "nothing": tabs.TABS[queue.tab].nothing,
        "claims": queue.claims,
        "readers": access.readers(),
        "attention": attention,
        "place": {name: queue.params[name] for name in PLACE if name in queue.params},
        "pulse": _pulse_address(queue),
    }


def fingerprint(requests, now):
    """Changes whenever a row of the list would say something else."""
    # Sent again with changes, a request has the same version and a later `confirmed_at`.
    lines = [f"{row.pk} {row.version} {row.confirmed_at} {row.due_at <= now} {row.is_claimed}" for row in requests]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _pulse_address(queue):
    """Where the page asks whether it is still up to date. It brings along, signed, what it shows."""
    seen = signing.dumps([queue.now.isoformat(), fingerprint(queue.result_list, queue.now)], salt=STATE_SALT)
    place = {name: queue.params[name] for name in PLACE if name in queue.params}
    return reverse("admin:intake_assessmentrequest_pulse") + "?" + urlencode(place | {"seen": seen})
