"""The requests of a period as CSV: one line per request, no content.

It is streamed in pieces, so memory use does not grow with the number of requests. Each piece is logged as read before
it is sent, so the access log is exact even if a download is stopped.
"""

import csv

from django.db.models import Count
from django.utils import timezone

from intake import access
from intake.db.keyset import after
from intake.models import AccessRecord, AssessmentRequest, Attempt

PIECE = 1000
OLDEST = ("received_at", "id")
COLUMNS = [
    "reference",
    "received",
    "stage",
    "outcome",
    "first_contact_due",
    "first_attempt",
    "minutes_to_first_attempt",
    "first_conversation",
    "minutes_to_first_conversation",
    "attempts",
    "attempts_until_conversation",
    "assessment",
    "closed",
    "referrer_path",
]
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def lines(period, actor):
    """Yield the file piece by piece, oldest request first, including spam and duplicates."""
    yield _line(COLUMNS)
    for piece in _pieces(period):
        access.record(actor, AccessRecord.Action.EXPORT, [request.pk for request in piece])
        tried = _attempts_of(piece)
        yield "".join(_line(_cells(request, tried.get(request.pk, 0), period.zone)) for request in piece)


def plain(value):
    """Return the value as text that a spreadsheet does not run as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def _pieces(period):
    """Yield the requests in pieces. Keyset pagination: no database cursor stays open."""
    requests = AssessmentRequest.objects.real().filter(received_at__lt=period.ends).order_by(*OLDEST)
    behind = requests.filter(received_at__gte=period.begins)
    while piece := list(behind[:PIECE]):
        yield piece
        # The second condition is redundant, but PostgreSQL needs it to start in the middle of its index.
        behind = requests.filter(after(piece[-1], OLDEST), received_at__gte=piece[-1].received_at)


def _attempts_of(piece):
    ours = Attempt.objects.standing().filter(request__in=piece).exclude(channel=Attempt.Channel.THEY_CALLED)
    return dict(ours.order_by().values_list("request").annotate(Count("pk")))


def _cells(request, attempts, zone):
    return [
        request.reference,
        _moment(request.received_at, zone),
        request.stage,
        request.outcome,
        _moment(request.first_due_at, zone),
        _moment(request.first_attempt_at, zone),
        _minutes(request.received_at, request.first_attempt_at),
        _moment(request.reached_at, zone),
        _minutes(request.received_at, request.reached_at),
        attempts,
        request.attempts_to_reach,
        _moment(request.assessment_at, zone),
        _moment(request.closed_at, zone),
        request.referrer_path,
    ]


def _moment(moment, zone):
    return moment and timezone.localtime(moment, zone).isoformat(sep=" ", timespec="minutes")


def _minutes(begins, ends):
    return ends and max(int((ends - begins).total_seconds()), 0) // 60


class _Echo:
    """A file for `csv.writer` whose `write` returns the line instead of storing it."""

    def write(self, text):
        return text


_writer = csv.writer(_Echo())


def _line(cells):
    return _writer.writerow([plain(cell) for cell in cells])
