"""The figures of a period.

One query fetches the rows, and the figures are computed in memory, so they are the same on every database.
"""

import datetime as dt
import math
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

from django.db import connection
from django.db.models import BigIntegerField, Func
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.models import AssessmentRequest

from . import small_numbers

Outcome = AssessmentRequest.Outcome

NOT_COUNTED = (Outcome.SPAM, Outcome.DUPLICATE, Outcome.UNLINKED)
NEVER = sys.maxsize  # longer than any wait: not tried, or not reached
ATTEMPTS_SHOWN = 7  # one line each; more attempts share a line
PAGES_SHOWN = 12
LEAST_FOR_90TH = 10  # with fewer, it would be one person's own time


class Epoch(Func):
    """A database time as whole seconds since 1970. It is cheaper to fetch than a datetime."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="extract(epoch FROM %(expressions)s)::bigint", **context)

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="unixepoch(%(expressions)s)", **context)


class Waits:
    """How long a group of people waited for the first attempt and the first conversation, in minutes."""

    def __init__(self, waits):
        """Take `waits`, one triple per person.

        A triple holds minutes to the first attempt, minutes to the first conversation, and whether the first contact
        was in time (None while still open).
        """
        self.to_attempt = sorted([wait[0] for wait in waits])
        self.to_talk = sorted([wait[1] for wait in waits])
        verdicts = [wait[2] for wait in waits]
        self.in_time, self.late = verdicts.count(True), verdicts.count(False)

    @property
    def count(self):
        return len(self.to_attempt)

    @property
    def median_to_attempt(self):
        return rank(self.to_attempt, 0.5)

    @property
    def ninetieth_to_attempt(self):
        return rank(self.to_attempt, 0.9) if self.count >= LEAST_FOR_90TH else None

    @property
    def median_to_talk(self):
        return rank(self.to_talk, 0.5)

    @property
    def ninetieth_to_talk(self):
        return rank(self.to_talk, 0.9) if self.count >= LEAST_FOR_90TH else None

    @property
    def share_in_time(self):
        """The share of first contacts in time, as text. Requests still undecided don't count."""
        return small_numbers.share(self.in_time, self.in_time + self.late)


@dataclass(frozen=True)
class Figures:
    """The content of a report. Each breakdown is a list of (name, value) pairs in display order."""

    everyone: Waits
    by_week: list[tuple[dt.date, Waits]]
    by_hour: list[tuple[int, Waits]]
    by_page: list[tuple[str, Waits]]
    by_outcome: list[tuple[str, int]]
    by_attempts: list[tuple[str, int]]


def counted(period):
    """Return the requests that a report on this period counts."""
    received = AssessmentRequest.objects.real().filter(received_at__gte=period.begins, received_at__lt=period.ends)
    return received.exclude(outcome__in=NOT_COUNTED)


def figures_for(period):
    """Return the `Figures` of a `Period`."""
    now = int(timezone.now().timestamp())
    step = _step(period)

    @cache
    def week_and_hour(number):
        return _week_and_hour(number * step, period.zone)

    everyone = []
    weeks, hours, pages = defaultdict(list), defaultdict(list), defaultdict(list)
    outcomes, attempts = Counter(), Counter()
    for received, tried, reached, due, outcome, page, made in _rows(period):
        wait = _wait(received, tried, reached, due, now)
        week, hour = week_and_hour(received // step)
        everyone.append(wait)
        weeks[week].append(wait)
        hours[hour].append(wait)
        pages[page].append(wait)
        outcomes[outcome] += 1
        attempts[None if reached is None else min(made or 0, ATTEMPTS_SHOWN + 1)] += 1
    return Figures(
        everyone=Waits(everyone),
        by_week=[(week, Waits(weeks[week])) for week in period.weeks],
        by_hour=[(hour, Waits(hours[hour])) for hour in range(24)],
        by_page=[(name, Waits(waits)) for name, waits in _most_first(pages)],
        by_outcome=[(_("Still open"), outcomes[""])]
        + [(code.label, outcomes[code]) for code in Outcome if code not in NOT_COUNTED],
        by_attempts=[(_label_for_attempts(made), attempts[made]) for made in (*range(1, ATTEMPTS_SHOWN + 2), 0, None)],
    )


def _rows(period):
    """Fetch one tuple per request: four times in seconds since 1970, outcome, page, and attempts.

    No model instances: making them would take longer than the query.
    """
    moments = [Epoch(name) for name in ("received_at", "first_attempt_at", "reached_at", "first_due_at")]
    rows = counted(period).order_by().values_list(*moments, "outcome", "referrer_path", "attempts_to_reach")
    with connection.cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        return cursor.fetchall()


def _wait(received, tried, reached, due, now):
    """Return one person's triple for `Waits`. If they called us first, their call is the first contact."""
    contact = min(tried or NEVER, reached or NEVER)
    return (
        contact if contact == NEVER else (contact - received) // 60,
        NEVER if reached is None else (reached - received) // 60,
        None if due is None or now < due < contact else contact <= due,
    )


def rank(values, part):
    """Return the nearest-rank quantile of sorted values; None if there are no values."""
    return values[math.ceil(part * len(values)) - 1] if values else None


def _step(period):
    """Return the length, in seconds, of the steps in which times are grouped.

    The local day and hour must be the same throughout a step: 3600, or 900 if the time zone is not whole hours from
    UTC.
    """
    is_whole = all(
        moment.utcoffset() % dt.timedelta(hours=1) == dt.timedelta() for moment in (period.begins, period.ends)
    )
    return 3600 if is_whole else 900


def _week_and_hour(seconds, zone):
    local = dt.datetime.fromtimestamp(seconds, zone)
    return local.date() - dt.timedelta(days=local.weekday()), local.hour


def _label_for_attempts(count):
    if count is None:
        return _("Not reached yet")
    if count == 0:
        return _("Reached, no attempt logged")
    if count > ATTEMPTS_SHOWN:
        return _("%(count)s or more attempts") % {"count": count}
    return ngettext("%(count)s attempt", "%(count)s attempts", count) % {"count": count}


def _most_first(pages):
    """Return the pages that led to the most requests. The rest are one entry, "Other pages"."""
    in_order = sorted(pages.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    named = [(page or _("Unknown"), waits) for page, waits in in_order[:PAGES_SHOWN]]
    others = [wait for _page, waits in in_order[PAGES_SHOWN:] for wait in waits]
    return [*named, (_("Other pages"), others)] if others else named
