"""The health of the site, for alarms and for the desk. It holds only codes and figures, nothing about people."""

import datetime as dt

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.translation import ngettext

from intake.models import Heartbeat, OutboxMessage
from intake.submission import spool
from pages import content_generation, scheduled_publishing
from staff import append_only_triggers, event_mails
from staff.accounts import links

from . import heartbeat, readiness, synthetic

SPOOL_WAITS = dt.timedelta(minutes=2)
WORKER_IS_SILENT = dt.timedelta(seconds=60)
CONTENT_IS_LATE = dt.timedelta(minutes=5)
MESSAGE_IS_LATE = dt.timedelta(minutes=10)
ATTEMPTS_BEFORE_ALARM = 3  # at 0, 1 and 3 minutes; a failure at 8 minutes too is no short outage
DAY = dt.timedelta(days=1)


def report():
    """Return the health of the site and of each of its parts.

    A part has `ok`, `why` (a list of codes), and figures.
    """
    now = timezone.now()
    parts = {"keys": _keys(), "spool": _spool(), "database": _database(), "kept_pages": _kept_pages()}
    for name, look in IN_DATABASE.items():
        parts[name] = _asked(look, now) if parts["database"]["ok"] else _part("database")
    return {"ok": all(part["ok"] for part in parts.values()), "at": now.isoformat(timespec="seconds"), "parts": parts}


def for_staff():
    """Return sentences on what staff must know at once. One query."""
    waiting, sentences = spool.state(), []
    if waiting.files:
        sentences.append(
            ngettext(
                "%(count)d request or change is not in this list yet. It is safe and will appear by itself. If this "
                "message stays, tell the person who runs the site.",
                "%(count)d requests or changes are not in this list yet. They are safe and will appear by themselves. "
                "If this message stays, tell the person who runs the site.",
                waiting.files,
            )
            % {"count": waiting.files}
        )
    if waiting.set_aside:
        sentences.append(
            ngettext(
                "%(count)d request or change can't be read and is not in this list. Tell the person who runs the site.",
                "%(count)d requests or changes can't be read and are not in this list. Tell the person who runs the "
                "site.",
                waiting.set_aside,
            )
            % {"count": waiting.set_aside}
        )
    not_sent = _not_sent_since(timezone.now() - DAY)
    if failed := not_sent["to_staff"]:
        sentence = ngettext(
            "%(count)d alert could not be emailed to you in the last day. Please watch this list.",
            "%(count)d alerts could not be emailed to you in the last day. Please watch this list.",
            failed,
        )
        sentences.append(sentence % {"count": failed})
    if refused := not_sent["refused"]:
        sentence = ngettext(
            "In the last day, the mail server refused %(count)d address that receives our alerts. Tell the person who "
            "runs the site.",
            "In the last day, the mail server refused %(count)d addresses that receive our alerts. Tell the person "
            "who runs the site.",
            refused,
        )
        sentences.append(sentence % {"count": refused})
    return sentences


def _part(*why, ok=None, **figures):
    return {"ok": not why if ok is None else ok, "why": list(why), **figures}


def _asked(look, now):
    try:
        return look(now)
    except (DatabaseError, InterfaceError):  # it went away meanwhile, or a table is missing
        return _part("database")


def _keys():
    return _part(*readiness.bad_rings())


def _spool():
    state = spool.state()
    red = {
        "not_writable": not state.is_writable,
        "waiting": state.oldest_seconds > SPOOL_WAITS.total_seconds(),
        "set_aside": state.set_aside > 0,
    }
    return _part(
        *_true(red),
        files=state.files,
        oldest_seconds=int(state.oldest_seconds),
        set_aside=state.set_aside,
        writable=state.is_writable,
    )


def _database():
    try:
        connection.ensure_connection()
    except (DatabaseError, InterfaceError):
        return _part("away")
    return _part() if readiness.takes_writes() else _part("no_writes")


def _kept_pages():
    """Return whether this web process knows that the pages it keeps in memory are up to date.

    While the database is away, it shows them as they were.
    """
    if not content_generation.is_watched():
        return _part("not_watched", ok=True)
    age = content_generation.seconds_since_answer()
    is_long_ago = age is None or age > content_generation.PATIENCE
    return _part(*_true({"not_checked": is_long_ago}), seconds_since_checked=None if age is None else int(age))


def _migrations(now):
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return _part(*_true({"pending": pending > 0}), pending=pending)


def _logs(now):
    """Return whether the database still refuses to change the access log and the security log."""
    return _part(*_true({"not_guarded": append_only_triggers.missing() != []}))


def _worker(now):
    """Return the health of the workers.

    Every machine that had a worker in the last day must still have one: no other machine empties its spool.
    """
    beats = Heartbeat.objects.filter(name__startswith=heartbeat.WORKER, beat_at__gt=now - DAY).order_by("name")
    seconds = {beat.name: int((now - beat.beat_at).total_seconds()) for beat in beats}
    silent = [name for name, age in seconds.items() if age > WORKER_IS_SILENT.total_seconds()]
    return _part(*_true({"none": not seconds, "silent": bool(silent)}), seconds_since=seconds)


def _outbox(now):
    """Return the health of the outbox.

    A failed message to staff raises an alarm. Failed messages to people are only counted: a person may have mistyped
    their address.
    """
    fails = Q(attempts__gt=ATTEMPTS_BEFORE_ALARM) & ~Q(kind=OutboxMessage.Kind.ACKNOWLEDGEMENT)
    waiting = OutboxMessage.objects.filter(state__in=OutboxMessage.WAITING).aggregate(
        count=Count("pk"), due=Min("next_try_at"), failing=Count("pk", filter=fails)
    )
    late = max(0, int((now - waiting["due"]).total_seconds())) if waiting["due"] else 0
    not_sent = _not_sent_since(now - DAY)
    red = {
        "late": late > MESSAGE_IS_LATE.total_seconds(),
        "failing": waiting["failing"] > 0,
        "failed": not_sent["to_staff"] > 0,
        "refused": not_sent["refused"] > 0,
    }
    return _part(
        *_true(red),
        waiting=waiting["count"],
        failing=waiting["failing"],
        oldest_seconds_late=late,
        failed_to_staff=not_sent["to_staff"],
        failed_to_people=not_sent["to_people"],
        refused_addresses=not_sent["refused"],
    )


def _account_mail(now):
    """Return the health of email about accounts: set-up links, and news of changed access."""
    since = now - MESSAGE_IS_LATE
    count = event_mails.overdue(since) + links.overdue(since)
    return _part(*_true({"late": count > 0}), overdue=count)


def _not_sent_since(moment):
    """Return a dict of counts for messages that failed since `moment`.

    `to_staff`, `to_people`: messages that reached nobody. `refused`: the highest number of staff addresses that refused
    one message while others received it.
    """
    failed, to_a_person = Q(state=OutboxMessage.State.FAILED), Q(kind=OutboxMessage.Kind.ACKNOWLEDGEMENT)
    return OutboxMessage.objects.filter(state__in=OutboxMessage.NOT_SENT, claimed_at__gt=moment).aggregate(
        to_staff=Count("pk", filter=failed & ~to_a_person),
        to_people=Count("pk", filter=failed & to_a_person),
        refused=Max("refused", filter=Q(state=OutboxMessage.State.PARTLY), default=0),
    )


def _synthetic(now):
    if not settings.SYNTHETIC_MAX_MINUTES:
        return _part("not_set_up", ok=True)
    beat = Heartbeat.objects.filter(name=synthetic.HEARTBEAT).first()
    if beat is None:
        return _part("never")
    age = now - beat.beat_at
    is_late = age > dt.timedelta(minutes=settings.SYNTHETIC_MAX_MINUTES)
    return _part(*_true({"late": is_late}), seconds_since=int(age.total_seconds()))


def _content(now):
    """Return the health of scheduled pages and facts.

    The worker must publish each at its scheduled time. Its scheduled end needs no worker.
    """
    late = scheduled_publishing.overdue(now - CONTENT_IS_LATE)
    return _part(*_true({"late": bool(late)}), overdue=len(late))


def _true(codes):
    return [code for code, is_true in codes.items() if is_true]


IN_DATABASE = {
    "migrations": _migrations,
    "logs": _logs,
    "worker": _worker,
    "outbox": _outbox,
    "account_mail": _account_mail,
    "synthetic": _synthetic,
    "content": _content,
}
