"""The tabs of the desk: their requests, order, and counts."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import IntegerField, Q, Subquery
from django.utils.translation import gettext_lazy as _

from intake import access
from intake.models import AssessmentRequest
from intake.models.assessment_request import URGENCY

SOON = dt.timedelta(hours=2)
DEFAULT = "open"
MOST_COUNTED = 500  # more show as "500+", so that counting stays cheap


@dataclass(frozen=True)
class Tab:
    """A tab of the list.

    `rows(requests, reader, now)`: returns its requests. `order`: the sort fields, all ascending or all descending
    ("-"). `nothing`: the text of an empty tab.
    """

    label: str
    rows: Callable
    nothing: str
    order: tuple[str, ...] = URGENCY


def _not_snoozed(requests, now):
    return requests.open().not_snoozed(now)


# A database constraint makes every snoozed request open. With both conditions, PostgreSQL would read all open requests.
def _snooze_ended(requests, reader, now):
    return requests.filter(snoozed_until__lte=now)


def _snoozed(requests, reader, now):
    return requests.filter(snoozed_until__gt=now)


TABS = {
    "open": Tab(_("Open"), lambda requests, reader, now: _not_snoozed(requests, now), _("No request is open.")),
    "mine": Tab(
        _("Mine"),
        lambda requests, reader, now: _not_snoozed(requests, now).filter(owner=reader),
        _("You own no open request."),
    ),
    "overdue": Tab(
        _("Overdue"),
        lambda requests, reader, now: _not_snoozed(requests, now).filter(due_at__lte=now),
        _("Nothing is overdue. Well done."),
    ),
    "soon": Tab(
        _("Due soon"),
        lambda requests, reader, now: _not_snoozed(requests, now).filter(due_at__gt=now, due_at__lte=now + SOON),
        _("Nothing is due in the next 2 hours."),
    ),
    "unassigned": Tab(
        _("Unassigned"),
        lambda requests, reader, now: _not_snoozed(requests, now).filter(_nobodys()),
        _("Every open request has an owner."),
    ),
    "back": Tab(
        _("Snooze ended"),
        _snooze_ended,
        _("No snooze has ended."),
        order=("snoozed_until", "id"),
    ),
    "quarantine": Tab(
        _("Quarantine"),
        lambda requests, reader, now: requests.open().filter(quarantined_at__isnull=False),
        _("Nothing is in quarantine."),
    ),
    "snoozed": Tab(
        _("Snoozed"),
        _snoozed,
        _("Nothing is snoozed."),
        order=("snoozed_until", "id"),
    ),
    "closed": Tab(
        _("Closed"),
        lambda requests, reader, now: requests.filter(stage=AssessmentRequest.Stage.CLOSED),
        _("Nothing is closed yet."),
        order=("-closed_at", "-id"),
    ),
}


def rows_of(tab, reader, now):
    """Return the requests of a tab, sorted in its order. `tab` is a key of `TABS`."""
    return TABS[tab].rows(AssessmentRequest.objects.real(), reader, now).order_by(*TABS[tab].order)


def counts(reader, now):
    """Return the counts by tab, and the count of requests that need someone.

    A request needs someone if it is overdue, has no owner, or waits for staff to confirm who sent it. Counts are texts,
    exact up to `MOST_COUNTED`: "12" or "500+". The second value is "" instead of "0".
    """
    to_count = {tab: rows_of(tab, reader, now) for tab in TABS} | {"needing": _needing_someone(now)}
    row = get_user_model().objects.filter(pk=reader.pk)  # any row would do: one query counts all tabs
    found = row.values(**{name: _Count(requests[: MOST_COUNTED + 1]) for name, requests in to_count.items()}).get()
    words = {name: str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED}+" for name, count in found.items()}
    needing = words.pop("needing")
    return words, "" if needing == "0" else needing


class _Count(Subquery):
    """Count the rows of a queryset in a subquery that keeps its ORDER BY.

    Without the order, PostgreSQL may scan the whole table for the few open requests.
    """

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, requests):
        super().__init__(requests.values("pk"))


def _nobodys():
    """Return the condition for requests that nobody owns: without an owner, or with one who may not read them."""
    return Q(owner=None) | ~Q(owner__in=access.readers())


def _needing_someone(now):
    is_needed = _nobodys() | Q(due_at__lte=now) | Q(to_confirm_since__isnull=False)
    return _not_snoozed(AssessmentRequest.objects.real(), now).filter(is_needed).by_urgency()
