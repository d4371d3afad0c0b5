"""What must not stand in a log line: the addresses that are secrets of the person they belong to."""

import logging
import re

# The rest of the line, but for what follows a request line: an address may be broken by blanks, quotes, question marks.
_SECRET_ADDRESS = re.compile(
    r"(/+assessment/+(?:received|yours|probe|check|leave)/+)[^\n]+?(?=/?['\"]?(?:$| HTTP/))",
    re.IGNORECASE | re.MULTILINE,
)


class MaskSecretAddresses(logging.Filter):
    """Writes `-` for the secret part of an address, in the message and in a traceback, and leaves out the request."""

    def filter(self, record):
        record.msg, record.args = _SECRET_ADDRESS.sub(r"\1-", record.getMessage()), ()
        if record.exc_info:
            record.exc_text = _SECRET_ADDRESS.sub(r"\1-", logging.Formatter().formatException(record.exc_info))
            record.exc_info = None  # else a formatter makes its own text of it
        record.__dict__.pop("request", None)  # Django hands it to every line about an answer, and it names the address
        return True
