"""One round of the worker: all work that no visitor triggers. Several workers may run at once."""

import logging

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from pages import scheduled_publishing
from staff import assignments, event_mails, projection, throttle
from staff.accounts import links
from staff.sessions import endings

from . import workflow
from .crypto.envelope import DecryptionError
from .monitoring import heartbeat, readiness, synthetic
from .notifications import daily_limit, outbox
from .submission import accept as submission
from .submission import pending, rate_limit, spool

logger = logging.getLogger(__name__)


def work_once(is_stopped=lambda: False):
    """Store what is in the spool, send what is due, delete what has expired.

    A step that fails does not stop the others, unless the database is unavailable. `is_stopped`: returns True when the
    worker should stop sending.
    """
    close_old_connections()
    now = timezone.now()
    steps = {
        "spool prepared": spool.prepare,
        "requests stored from the spool": take_in_spool,
        "heartbeat": lambda: heartbeat.beat(heartbeat.of_this_worker()),  # before the messages, which may take long
        "expired claims released": workflow.release_expired_claims,
        "failure digest queued": outbox.queue_digest,
        "weekly figures queued": outbox.queue_week,
        "messages sent": lambda: outbox.send_due(is_stopped=is_stopped),
        "set-up links sent": lambda: links.send_due(is_stopped=is_stopped),
        "security mails sent": lambda: event_mails.send_due(is_stopped=is_stopped),
        "old senders deleted": lambda: rate_limit.forget_old(now),
        "roles ended": lambda: assignments.end_expired(now),
        "unexplained rights removed": lambda: projection.repair(now),
        "old sign-in attempts deleted": lambda: throttle.forget_old(now),
        "old counts of emails deleted": lambda: daily_limit.forget_old(now),
        "old pending forms deleted": lambda: pending.forget_old(now),
        "sessions ended": lambda: endings.end_overdue(now),
        "old synthetic requests erased": lambda: synthetic.erase_left_behind(now),
        "pages published or ended": scheduled_publishing.publish_due,
    }
    for what, step in steps.items():
        try:
            done = step()
        except (OperationalError, InterfaceError) as error:
            logger.warning("Worker step failed: %s (%s). The database is away", what, type(error).__name__)
            return
        except Exception as error:  # the next round tries again; /status turns red if that fails too
            logger.error("Worker step failed: %s (%s)", what, type(error).__name__)
        else:
            if done:
                logger.info("Worker: %s: %s", what, done)


def take_in_spool():
    """Store the requests in the spool of this machine, and return how many were stored.

    A file that can't be decrypted is set aside. Any other file that can't be stored stays, shows up in `/status`, and
    does not stop the others. Raises the database error if the database is unavailable.
    """
    taken = 0
    for path in spool.waiting():
        try:
            submission.take_in(path)
            taken += 1
        except FileNotFoundError:
            continue  # another worker of this machine was faster
        except DecryptionError:
            logger.error("A spool file can't be decrypted; it was set aside")
            spool.set_aside(path)
        except Exception as error:
            if isinstance(error, (OperationalError, InterfaceError)) and not readiness.takes_writes():
                raise  # the database is unavailable: nothing more to do now
            logger.error("A spool file can't be stored: %s", type(error).__name__)
    return taken
