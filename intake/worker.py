"""One round of the worker: everything that must happen without a visitor. Several workers may run at once."""

import logging

from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from pages import scheduled_publishing

from . import workflow
from .crypto.envelope import DecryptionError
from .monitoring import heartbeat, readiness, synthetic
from .notifications import outbox
from .submission import accept as submission
from .submission import pending, rate_limit, spool

logger = logging.getLogger(__name__)


def work_once(is_stopped=lambda: False):
    """Takes in the spool, sends what is due, forgets what has expired. A step that fails keeps back no other."""
    close_old_connections()
    now = timezone.now()
    steps = {
        "spool prepared": spool.prepare,
        "taken in from the spool": take_in_spool,
        "heartbeat": lambda: heartbeat.beat(heartbeat.of_this_worker()),  # before the mail, which may take long
        "claims that lapsed given back": workflow.release_expired_claims,
        "list of failures queued": outbox.queue_digest,
        "figures of the week queued": outbox.queue_week,
        "notices sent": lambda: outbox.send_due(is_stopped=is_stopped),
        "senders forgotten": lambda: rate_limit.forget_old(now),
        "pending forms forgotten": lambda: pending.forget_old(now),
        "sessions forgotten": lambda: Session.objects.filter(expire_date__lt=now).delete()[0],
        "synthetic requests erased": lambda: synthetic.erase_left_behind(now),
        "pages published or ended": scheduled_publishing.publish_due,
    }
    for what, step in steps.items():
        try:
            done = step()
        except (OperationalError, InterfaceError) as error:
            logger.warning("Worker, not %s: %s. The round ends: the database is away", what, type(error).__name__)
            return
        except Exception as error:  # the next round tries again, and /status turns red if none gets through
            logger.error("Worker, not %s: %s", what, type(error).__name__)
        else:
            if done:
                logger.info("Worker, %s: %s", what, done)


def take_in_spool():
    """Stores what the spool of this machine holds. Returns how many files. One that can't be stored stays, and is
    seen in /status; it does not keep back the others."""
    taken = 0
    for path in spool.waiting():
        try:
            submission.take_in(path)
            taken += 1
        except FileNotFoundError:
            continue  # another worker of this machine was faster
        except DecryptionError:
            logger.error("A file of the spool can't be opened; it is set aside")
            spool.set_aside(path)
        except Exception as error:
            if isinstance(error, (OperationalError, InterfaceError)) and not readiness.takes_writes():
                raise  # the database is away: nothing more to do now
            logger.error("A file of the spool can't be stored: %s", type(error).__name__)
    return taken
