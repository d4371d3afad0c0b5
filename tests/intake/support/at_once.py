"""Let several people do something at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.db import connection

from intake import workflow


def at_once(*steps):
    """Start all steps at the same moment, each on its own connection. Return their results in order."""
    together = threading.Barrier(len(steps))

    def run(step):
        together.wait(30)
        try:
            return step()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def at_once_or_refused(*steps):
    """Do the same as `at_once`. For a step that was refused because another was faster, return the class of the
    error."""

    def run(step):
        try:
            return step()
        except workflow.TransitionRefused as refused:
            return type(refused)

    return at_once(*(partial(run, step) for step in steps))
