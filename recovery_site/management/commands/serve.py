import argparse
import os
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

GRACE = 15  # seconds before we kill a process


class Command(BaseCommand):
    help = "Run the site: gunicorn and the worker. If one of them ends, stop the other."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=_port, default=8000)

    def handle(self, *args, port, **options):
        address = f"127.0.0.1:{port}"
        _refuse_taken_port(port)
        environment = os.environ | {"PORT": str(port)}  # in development, every generated address uses this port
        processes = [
            subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)  # noqa: S603 (fixed commands)
            for command in (
                [sys.executable, "-m", "gunicorn", "recovery_site.wsgi", "--bind", address],
                [sys.executable, "manage.py", "run_worker"],
            )
        ]
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _raise_exit)
        self.stdout.write(f"Serving on http://{address}  (Ctrl-C stops)")
        try:
            while all(process.poll() is None for process in processes):
                time.sleep(0.2)
            raise CommandError("The web server or the worker ended, so both were stopped. See the reason above.")
        finally:
            _stop(processes)


def _port(text):
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 65535")
    return int(text)


def _refuse_taken_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Can't use port {port} ({error.strerror}). Try another one: make run PORT=8123"
            ) from error


def _raise_exit(number, frame):
    raise SystemExit(0)


def _stop(processes):
    """Ask the processes to end. Kill those that still run after `GRACE` seconds."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
