"""Watch every SQL statement of every test: only `intake.workflow` may change the state of a request."""

import re
import sys

import pytest
from django.conf import settings
from django.db.backends.signals import connection_created

TABLE = "intake_assessmentrequest"
STATE = {
    *("stage", "outcome", "owner_id", "claimed_until", "version", "due_at", "awaiting_reply_since", "first_attempt_at"),
    *("reached_at", "assessment_at", "snoozed_until", "snooze_reason", "due_before_snooze", "duplicate_of_id"),
    *(
        "link_undo_state",
        "closed_at",
        "close_undo_state",
        "quarantined_at",
        "spam_signals",
        "legal_hold_at",
        "hidden_at",
    ),
    "to_confirm_since",
}
ALLOWED = (
    "intake/workflow/",
    "intake/sample_data/demo.py",  # moves the dates of workflow changes into the past
    "intake/monitoring/synthetic.py",  # deletes the requests that the site sent to itself
    "intake/monitoring/readiness.py",  # runs a DELETE that matches no row, to check that the database accepts writes
    "tests/",
    "benchmarks/",
)

_ROOT = f"{settings.BASE_DIR}/"
_CHANGE = re.compile(rf'\s*(UPDATE|DELETE FROM) "?{TABLE}"?\b(.*)', re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r'"?(\w+)"? = ')

seen = []


def what_changes(sql):
    """Return how a statement changes the state of requests, such as "change due_at, stage of a request".

    Returns "" if it changes nothing. A DELETE without a condition doesn't count, because it only empties a table after
    a test.
    """
    change = _CHANGE.match(sql)
    if change is None:
        return ""
    what, rest = change.groups()
    begin, *condition = re.split(r"\bWHERE\b", rest)
    if what.upper() == "DELETE FROM":
        return "delete requests" if condition else ""
    columns = sorted(STATE.intersection(_COLUMN.findall(begin)))
    return f"change {', '.join(columns)} of a request" if columns else ""


def watch(execute, sql, params, many, context):
    """Wrap `execute`. If a module that may not changes the state of requests, add a sentence to `seen`."""
    if changed := what_changes(str(sql)):
        sender = _sender()
        if not sender.startswith(ALLOWED):
            seen.append(f"Only intake/workflow may {changed}; {sender} sent: {sql}")
    return execute(sql, params, many, context)


def _sender():
    """Return the innermost file of the project on the stack, as a path from the project's root."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_ROOT) and "site-packages" not in name and not name.endswith("tests/state_guard.py"):
            return name.removeprefix(_ROOT)
        frame = frame.f_back
    return "nobody"


def fail_if_seen():
    """Fail the test if `seen` has sentences. Clears `seen`."""
    sentences = "\n".join(seen)
    seen.clear()
    if sentences:
        pytest.fail(sentences, pytrace=False)


def watch_every_connection():
    connection_created.connect(_begin, dispatch_uid="state_guard")


def _begin(connection, **_):
    if watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(watch)
