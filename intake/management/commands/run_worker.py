import signal
import threading

from django.core.management.base import BaseCommand

from intake import worker
from intake.monitoring import heartbeat

PAUSE = 5  # seconds between two rounds


class Command(BaseCommand):
    help = "Sends the notices that wait and takes in the spool. Runs until it is stopped; several may run at once."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do what is due now, then end (for cron)")

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
