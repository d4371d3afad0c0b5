"""Steps that a page can do without."""

import logging

logger = logging.getLogger(__name__)


def if_it_works(look, *arguments, otherwise=None):
    """Return the result of `look`, or `otherwise` if it raises. An optional step must not block a request."""
    try:
        return look(*arguments)
    except Exception as error:
        logger.error("Went on without the result of %s: %s", look.__name__, type(error).__name__)
        return otherwise
