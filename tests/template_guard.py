"""Notes each variable that one of our templates asks for and nobody gave. Django shows an empty place instead."""

import logging
import sys
from pathlib import Path

from django.conf import settings
from django.template.base import Node

OURS = Path(settings.BASE_DIR) / "templates"

# (template, variable): why nobody gives it.
EXCEPTIONS = {}

unknown = []


class _Listener(logging.Handler):
    def emit(self, record):
        name, template = record.args[0], _template_of_ours()
        if template and (template, name) not in EXCEPTIONS:
            unknown.append(f"{name} in {template}")


def _template_of_ours():
    """The file under templates/ that holds the tag which is being rendered; None for a template of Django's.

    The name in the log record is the outermost template's: ours, where ours extends one of Django's.
    """
    frame = sys._getframe()
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None):
            path = Path(node.origin.name)
            return str(path.relative_to(OURS)) if path.is_relative_to(OURS) else None
        frame = frame.f_back
    return None


def watch():
    """Begins to note unknown variables. Returns a function that ends it."""
    listener, logger = _Listener(logging.DEBUG), logging.getLogger("django.template")
    level, propagate = logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False

    def end():
        logger.removeHandler(listener)
        logger.setLevel(level)
        logger.propagate = propagate

    return end
