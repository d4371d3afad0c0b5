"""Keep secrets out of the logs, and say in one line who was refused.

Some addresses contain the secret of the person who sent a request, or of a colleague who gets an account.
"""

import logging
import re

# Matches the rest of the line up to what follows a request line. An address may contain spaces, quotes and question
# marks.
_SECRET_ADDRESS = re.compile(
    r"(/+(?:assessment/+(?:received|manage|probe|check|leave)|admin/+set-up)/+)[^\n]+?(?=/?['\"]?(?:$| HTTP/))",
    re.IGNORECASE | re.MULTILINE,
)


_REFUSALS = {
    "django.security.csrf": "Refused by the CSRF check",  # Django's reason may quote the address of another page
    "django.security.DisallowedHost": "Refused for an unknown host name",  # Django would quote the name
}
_FORBIDDEN = 403


class SummarizeRefusals(logging.Filter):
    """Reduces what Django logs about a refused request to one line: the method, the path and the account's id.

    Must come before `MaskSecretAddresses`.
    """

    def filter(self, record):
        request = getattr(record, "request", None)
        what = _REFUSALS.get(record.name)
        if what is None and getattr(record, "status_code", None) == _FORBIDDEN:
            what = "Forbidden"
        if what and request is not None:
            path = request.path.encode("unicode_escape").decode()  # a line break in it would begin another line
            record.msg, record.args = "%s (account %s): %s %s", (what, _account_of(request), request.method, path)
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


def _account_of(request):
    """Return the id of the account, or "-" for a visitor. Reads no session that the request did not use anyway."""
    session = getattr(request, "session", None)
    user = request.user if session is not None and session.accessed and hasattr(request, "user") else None
    return user.pk if user is not None and user.is_authenticated else "-"


class MaskSecretAddresses(logging.Filter):
    """Replaces the secret part of addresses with `-` in the message and the traceback. Drops the request object."""

    def filter(self, record):
        record.msg, record.args = _SECRET_ADDRESS.sub(r"\1-", record.getMessage()), ()
        if record.exc_info:
            record.exc_text = _SECRET_ADDRESS.sub(r"\1-", logging.Formatter().formatException(record.exc_info))
            record.exc_info = None  # otherwise a formatter would build its own text from it
        record.__dict__.pop("request", None)  # Django attaches the request, whose path contains the secret
        return True
