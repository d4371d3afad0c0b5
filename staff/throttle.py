"""Delays that grow with wrong passwords and codes. Asked before anything is hashed; shared by all processes.

Nobody is ever locked out. After some failures, the next try has to wait, up to five minutes at most:

- for one account from one place: a known browser of that account (known_browser.py), or else a network;
- for all accounts from one network;
- for one account, and for all accounts together, from places where that account has not signed in before.

So someone elsewhere can delay a sign-in from a new place, but never one in a known browser, not even from its own
network. The answers are the same for names that no account has. The table holds keyed hashes; the worker empties it.

Passwords and codes are counted apart: the right password must not end the delay for guessed codes. Only someone with
the right password can try codes, so those delays are longer. About 110 of a million codes can be tried in a day.
"""

import datetime as dt
import threading
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Count, Max, Q
from django.utils import timezone

from . import events, known_browser
from .models import SignInAttempt

WINDOW = dt.timedelta(hours=1)  # wrong passwords count for this long
FAMILIAR_FOR = dt.timedelta(days=30)  # after a sign-in, that network is familiar for the account, and the browser too
FAILURES_KEPT = dt.timedelta(days=1)  # wrong codes count for this long


@dataclass(frozen=True)
class Rule:
    """After `free` failures, the next try waits for 2 s, then twice as long after each failure, up to `longest`."""

    free: int
    longest: dt.timedelta

    def wait_after(self, failures):
        if failures < self.free:
            return dt.timedelta(0)
        return min(dt.timedelta(seconds=2 ** min(failures - self.free + 1, 20)), self.longest)


HERE = Rule(free=5, longest=dt.timedelta(minutes=5))  # this account from this place
NETWORK = Rule(free=20, longest=dt.timedelta(minutes=5))  # all accounts from this network
ACCOUNT = Rule(free=20, longest=dt.timedelta(minutes=1))  # this account from unfamiliar places
EVERYWHERE = Rule(free=200, longest=dt.timedelta(minutes=1))  # all accounts from unfamiliar places
FAMILIAR_HERE = Rule(free=5, longest=dt.timedelta(seconds=30))  # this account, where it has signed in before
CODE = Rule(free=5, longest=dt.timedelta(minutes=15))  # codes of this account, wherever they come from
FAMILIAR_CODE = Rule(free=5, longest=dt.timedelta(minutes=5))  # codes of this account, where one was right before


_places = threading.BoundedSemaphore(2)  # one that checks, and one that waits for it
_one_at_a_time = threading.Lock()


class Delayed(Exception):
    """Too many wrong tries. `seconds`: how long to wait before the next one."""

    def __init__(self, seconds):
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


class Busy(Exception):
    """This process already hashes a password and another one waits. Try again in a few seconds."""


@contextmanager
def attempt(step, username, request):
    """Check a password or code inside this block. It counts as a failure unless the block ends without an exception.

    `step`: a `SignInAttempt.Step`. Raises `Delayed` or `Busy` before the block runs; then the try does not count.

    One block runs at a time in this process, and one more may wait. A password hash takes a whole processor: without
    this, a few sign-ins would occupy every thread, and a visitor who asks for help would wait.
    """
    row = SignInAttempt(step=step, account=known_browser.account_hash(username), tried_at=timezone.now())
    browser = known_browser.id_for(request, row.account)
    row.place = browser or events.hashed_network(request)
    if wait := _wait(row, is_known=bool(browser)):
        raise Delayed(wait)
    if not _places.acquire(blocking=False):
        raise Busy
    try:
        row.save()
        # Asked again, now that others see this try: several that began at the same moment must not all pass.
        if wait := _wait(row, is_known=bool(browser)):
            row.delete()
            raise Delayed(wait)
        with _one_at_a_time:
            yield
        row.succeeded = True
        row.save(update_fields=["succeeded"])
    finally:
        _places.release()


def forget_old(now):
    """Delete failures after a day and successes after a month. Return how many rows were deleted."""
    old = Q(succeeded=False, tried_at__lt=now - FAILURES_KEPT) | Q(tried_at__lt=now - FAMILIAR_FOR)
    return SignInAttempt.objects.filter(old).delete()[0]


def _wait(row, *, is_known):
    """Return how many seconds a try has to wait. Two queries. `is_known`: whether it comes from a known browser."""
    now = row.tried_at
    attempts = SignInAttempt.objects.filter(step=row.step).exclude(pk=row.pk)
    here = Q(account=row.account, place=row.place)
    last_success = attempts.filter(here, succeeded=True, tried_at__gt=now - FAMILIAR_FOR).aggregate(Max("tried_at"))[
        "tried_at__max"
    ]
    failed_here = here & Q(tried_at__gt=last_success) if last_success else here
    since = now - (FAILURES_KEPT if row.step == SignInAttempt.Step.CODE else WINDOW)
    failures = attempts.filter(succeeded=False, tried_at__gt=since).aggregate(
        **_count_and_last("here", failed_here),
        **_count_and_last("network", Q(place=row.place)),
        **_count_and_last("account", Q(account=row.account)),
        **_count_and_last("everywhere", Q()),
    )
    rules = _rules(row.step, is_familiar=is_known or bool(last_success))
    waits = [
        failures[f"{name}_last"] + rule.wait_after(failures[f"{name}_count"]) - now
        for name, rule in rules.items()
        if failures[f"{name}_count"]
    ]
    longest = max(waits, default=dt.timedelta(0))
    return max(0, -(-longest // dt.timedelta(seconds=1)))


def _rules(step, *, is_familiar):
    """Return the rules that hold for a try, by what they count."""
    if step == SignInAttempt.Step.CODE:
        return {"here": FAMILIAR_CODE} if is_familiar else {"account": CODE}
    if is_familiar:
        return {"here": FAMILIAR_HERE}
    return {"here": HERE, "network": NETWORK, "account": ACCOUNT, "everywhere": EVERYWHERE}


def _count_and_last(name, which):
    return {f"{name}_count": Count("pk", filter=which), f"{name}_last": Max("tried_at", filter=which)}
