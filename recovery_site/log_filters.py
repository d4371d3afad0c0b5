"""Keep secrets out of the logs. Some addresses contain the secret of the person who sent a request,
or of a colleague who sets their first password."""

import logging
import re

# Matches the rest of the line up to what follows a request line. An address may contain spaces, quotes and question
# marks.
_SECRET_ADDRESS = re.compile(
    r"(/+(?:assessment/+(?:received|manage|probe|check|leave)|admin/+set-up)/+)[^\n]+?(?=/?['\"]?(?:$| HTTP/))",
    re.IGNORECASE | re.MULTILINE,
)


class MaskSecretAddresses(logging.Filter):
    """Replaces the secret part of addresses with `-` in the message and the traceback. Drops the request object."""

    def filter(self, record):
        record.msg, record.args = _SECRET_ADDRESS.sub(r"\1-", record.getMessage()), ()
        if record.exc_info:
            record.exc_text = _SECRET_ADDRESS.sub(r"\1-", logging.Formatter().formatException(record.exc_info))
            record.exc_info = None  # otherwise a formatter would build its own text from it
        record.__dict__.pop("request", None)  # Django attaches the request, whose path contains the secret
        return True
