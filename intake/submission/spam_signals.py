"""Signs that a machine filled in a form.

They put a request in quarantine, where staff check it. No request is dropped.
"""

import datetime as dt
import re

from django.utils.translation import gettext_lazy as _

TOO_FAST = dt.timedelta(seconds=3)  # a person needs longer to find the fields
MAX_LINKS = 2

REASONS = {
    "trap": _("a box that people can't see was filled in"),
    "fast": _("sent within 3 seconds"),
    "links": _("many web addresses in the message"),
    "markup": _("code in the message"),
    "name_link": _("a web address as the name"),
    "flood": _("many requests from everywhere at that time"),
    "staff": _("a colleague thought so"),
}

_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_MARKUP = re.compile(r"<a\s[^>]*href|</a>|<script|\[(?:url|link)=|\[/(?:url|link)\]", re.IGNORECASE)


def signals_in(answers, trap, took):
    """Return the codes of `REASONS` that fit a form.

    `trap`: what was typed in the hidden field. `took`: how long the form was open.
    """
    found = {
        "trap": bool(trap),
        "fast": took < TOO_FAST,
        "links": len(_LINK.findall(answers["message"])) > MAX_LINKS,
        "markup": bool(_MARKUP.search(answers["message"])),
        "name_link": bool(_LINK.search(answers["name"])),
    }
    return tuple(code for code, speaks_against in found.items() if speaks_against)


def labels_for(codes):
    """Return labels for staff. `codes`: as stored, separated by commas."""
    return [REASONS.get(code, code) for code in codes.split(",") if code]
