import logging
import signal
import threading

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections

from intake import notices

PAUSE = 5  # seconds between two looks at the queue

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Sends the notices that wait. Runs until it is stopped; several workers may run at once."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="send what is due now, then end (for cron)")

    def handle(self, *args, once, **options):
        stop = threading.Event()
        if not once:
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            signal.signal(signal.SIGINT, lambda *_: stop.set())
        while not stop.is_set():
            self._look()
            if once:
                return
            stop.wait(PAUSE)

    def _look(self):
        close_old_connections()
        try:
            sent = notices.send_due()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The queue of notices could not be read: %s", type(error).__name__)
            return
        if sent:
            logger.info("Notices sent: %d", sent)
