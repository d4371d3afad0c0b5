import signal
import threading

from django.core.management.base import BaseCommand

from intake import worker
from intake.monitoring import heartbeat

PAUSE = 5  # seconds between two rounds


class Command(BaseCommand):
    help = "Send the messages that are due and store what is in the spool, until stopped. Several may run at once."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do one round, then exit (for cron)")

    def handle(self, *args, once, **options):
        if once:
            worker.work_once()
            return
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        while not stop.is_set():
            worker.work_once(is_stopped=stop.is_set)
            stop.wait(PAUSE)
        heartbeat.sign_off()
