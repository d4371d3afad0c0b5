"""The tabs of the desk: which requests each shows to whom, in which order, and how many there are."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan, TupleLookupMixin
from django.utils.translation import gettext_lazy as _

from intake.models import AssessmentRequest
from intake.models.assessment_request import URGENCY

SOON = dt.timedelta(hours=2)
DEFAULT = "open"
MOST_COUNTED = 500  # more than that is "500+": nobody plans a day by the difference, and counting on costs time


@dataclass(frozen=True)
class Tab:
    """`rows` narrows the real requests down for a reader at a moment; `order` names the fields, all rising or all
    falling ("-"); `nothing` is what an empty tab says."""

    label: str
    rows: Callable
    nothing: str
    order: tuple[str, ...] = URGENCY


def _awake(requests, now):
    return requests.open().awake(now)


TABS = {
    "open": Tab(_("Open"), lambda requests, reader, now: _awake(requests, now), _("Nobody waits. Nothing is open.")),
    "mine": Tab(
        _("Mine"),
        lambda requests, reader, now: _awake(requests, now).filter(owner=reader),
        _("You own no open request. Take the next one."),
    ),
    "overdue": Tab(
        _("Overdue"),
        lambda requests, reader, now: _awake(requests, now).filter(due_at__lte=now),
        _("Nothing is overdue. Well done."),
    ),
    "soon": Tab(
        _("Due soon"),
        lambda requests, reader, now: _awake(requests, now).filter(due_at__gt=now, due_at__lte=now + SOON),
        _("Nothing is due in the next 2 hours."),
    ),
    "unassigned": Tab(
        _("Unassigned"),
        lambda requests, reader, now: _awake(requests, now).filter(owner=None),
        _("Every open request has an owner."),
    ),
    "back": Tab(
        _("Back from snooze"),
        lambda requests, reader, now: requests.open().filter(snoozed_until__lte=now),
        _("Nothing has come back that was put off."),
        order=("snoozed_until", "id"),
    ),
    "quarantine": Tab(
        _("Quarantine"),
        lambda requests, reader, now: requests.open().filter(quarantined_at__isnull=False),
        _("Nothing is in quarantine."),
    ),
    "asleep": Tab(
        _("Put off"),
        lambda requests, reader, now: requests.open().filter(snoozed_until__gt=now),
        _("Nothing is put off."),
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
    """The requests of a tab (a key of `TABS`) in its order."""
    return TABS[tab].rows(AssessmentRequest.objects.real(), reader, now).order_by(*TABS[tab].order)


def counts(reader, now):
    """From tab to how many requests it holds, in words: exact up to `MOST_COUNTED`."""
    return {tab: counted(rows_of(tab, reader, now)) for tab in TABS}


def needing_someone(now):
    """The requests that are overdue or that nobody owns."""
    return _awake(AssessmentRequest.objects.real(), now).filter(Q(owner=None) | Q(due_at__lte=now)).by_urgency()


def counted(requests):
    """How many there are, in words: "12", or "500+". `requests` are in the order of their tab: without one, PostgreSQL
    may look for the few open requests in the whole table."""
    count = requests[: MOST_COUNTED + 1].count()
    return str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED}+"


def after(row, order):
    """The rows that stand behind `row` in an order of fields that together are unique, as a condition.

    Keyset paging: however deep the page, the index leads straight to it (Markus Winand, "no offset"). That holds for a
    comparison of whole rows; of the same written with OR, a database reads everything before the page too.
    """
    names = [name.removeprefix("-") for name in order]
    behind = _RowsBefore if order[0].startswith("-") else _RowsAfter
    return Q(behind(names, [getattr(row, name) for name in names]))


def reversed_order(order):
    return tuple(name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order)


class _OnSqliteToo(TupleLookupMixin):
    """SQLite has compared rows since 3.15; Django writes OR for it, since it was slow to learn the rest of tuples."""

    def as_sqlite(self, compiler, connection):
        return super(TupleLookupMixin, self).as_sql(compiler, connection)


class _RowsAfter(_OnSqliteToo, TupleGreaterThan):
    pass


class _RowsBefore(_OnSqliteToo, TupleLessThan):
    pass
