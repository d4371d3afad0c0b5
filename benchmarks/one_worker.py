"""A gunicorn with one web process, whose processor time is measured."""

import contextlib
import http.client
import subprocess
import sys
import urllib.request

from . import parts
from .parts import ROOT


class Gunicorn:
    """A gunicorn with one web process, and otherwise the settings that the site ships."""

    def __init__(self, application, environment, log):
        self.application, self.environment, self.log = application, environment, log
        self.port, self.process = parts.free_port(), None

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", self.application, "--bind", f"127.0.0.1:{self.port}"],
            cwd=ROOT,
            env=self.environment | {"WEB_WORKERS": "1"},
            stdout=self.log,
            stderr=self.log,
        )
        parts.wait_until(self._answers, self.application, seconds=60)
        [self.worker] = parts.children_of(self.process.pid)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def _answers(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status == 200
        return False

    def measure(self, steps):
        """Send each request of an iterator of (method, address, body, headers).

        Return the answers as pairs of response and text, and the processor time of the web process, in seconds.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/healthz")  # connecting is not part of a visitor's way and would blur the difference
        connection.getresponse().read()
        answers, before = [], parts.cpu_seconds(self.worker)
        for step in steps:
            connection.request(*step)
            response = connection.getresponse()
            answers.append((response, response.read().decode()))
        used = parts.cpu_seconds(self.worker) - before
        connection.close()
        return answers, used
