"""Record each variable that one of our templates uses but that is not in its context. Django renders it as empty."""

import logging
import sys
from pathlib import Path

from django.conf import settings
from django.template.base import Node

OURS = Path(settings.BASE_DIR) / "templates"

# (template, variable): why the variable may be missing.
EXCEPTIONS = {}

unknown = []


class _Listener(logging.Handler):
    def emit(self, record):
        name, template = record.args[0], _template_of_ours()
        if template and (template, name) not in EXCEPTIONS:
            unknown.append(f"{name} in {template}")


def _template_of_ours():
    """Return the file under templates/ with the tag that is being rendered. None if the template is one of Django's.

    The log record can't tell: it names the outermost template, which is ours even if it only extends one of Django's.
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
    """Start to record unknown variables. Return a function that stops recording."""
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
