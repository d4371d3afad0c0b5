"""Several people who do something at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.db import connection

from intake import workflow


def at_once(*steps):
    """What each of the steps returns, all begun at the same moment, each on a connection of its own."""
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
    """As `at_once`, with the class of the refusal in place of what a step returns where someone else was faster."""

    def run(step):
        try:
            return step()
        except workflow.TransitionRefused as refused:
            return type(refused)

    return at_once(*(partial(run, step) for step in steps))
