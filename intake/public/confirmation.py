"""What the confirmation shows of a request: reference, promise, private link, and the person's choices.

Nothing is stored for it. It is read from the request's own encrypted content on each load. Of the phone number it shows
two digits, and of free text nothing, as others may see the screen.
"""

import datetime as dt
import logging
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from intake import phone_numbers, workflow
from intake.contact.preferences import preferences_from
from intake.contact.time_zones import TIME_ZONES
from intake.models import EncryptedText
from intake.models.contact import Introduction, PreferredTime
from intake.submission import accept as submission
from intake.submission import private_link, spool, store

from .optional import if_it_works

SHOWN_FOR = dt.timedelta(minutes=30)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Confirmation:
    """What the confirmation of one request shows.

    `promise`: "" if nothing is promised. `secret`: of the private link, or None. `choices`: see `choices_in`.
    """

    reference: str
    promise: str
    secret: str | None
    choices: list[tuple[str, str]]


def confirmation_of(request_id, left_at):
    """Return the `Confirmation` of an open request that was confirmed recently, or None.

    `left_at`: when someone left quickly in this browser session; nothing confirmed before is shown. The spool is
    checked first: what is no longer there is in the database. The database is tried even if the circuit breaker is
    open, as it may be back. Raises database errors: then the request is stored but can't be shown.
    """
    since = timezone.now() - SHOWN_FOR
    if left_at:
        since = max(since, left_at)
    try:
        kept = submission.confirmation_from_spool(request_id)
    except spool.SpoolError as error:
        logger.error("The spool could not be read for a confirmation: %s", type(error).__name__)
        kept = None
    if kept is not None:
        if kept.at <= since:
            return None
        secret = if_it_works(private_link.secret_of, request_id)
        choices = if_it_works(choices_in, kept.answers, preferences_from(kept.answers), otherwise=[])
        return Confirmation(kept.reference, kept.promise, secret, choices)
    known = store.find(request_id)
    if known is None or not private_link.goes_on(known) or known.acknowledged_at <= since:
        return None
    alias = known.aliases.filter(pk=request_id).first() if known.pk != request_id else None
    secret = if_it_works(private_link.shown_to, known, alias)
    choices = if_it_works(_choices_of, known, otherwise=[])
    return Confirmation((alias or known).reference, known.promise, secret, choices)


def _choices_of(request):
    forms = request.texts.filter(kind__in=[EncryptedText.Kind.ANSWERS, EncryptedText.Kind.AMENDMENT])
    return choices_in(forms.latest("recorded_at", "pk").decrypt(), workflow.own_preferences(request))


def choices_in(answers, codes):
    """Return the person's choices as pairs of label and value. `codes`: of their contact preferences."""
    phone, zone = answers["phone"], dict(TIME_ZONES)[codes["time_zone"]]
    choices = [(_("Call"), _number_words(phone) if codes["may_call"] else _("No"))]
    if codes["may_call"]:
        choices.append((_("Voicemail"), _yes_or_no(codes["may_leave_voicemail"])))
    if phone:
        choices.append((_("Text message"), _yes_or_no(codes["may_text"])))
    if answers["email"]:
        is_one = codes["may_email"] and not answers["email_ok"]
        choices.append((_("Email"), _("One, which does not name us") if is_one else _yes_or_no(codes["may_email"])))
    time = PreferredTime(codes["preferred_time"]).label
    choices.append((_("Good time"), _("%(time)s (%(zone)s time)") % {"time": time, "zone": zone}))
    if codes["may_call"]:
        choices.append((_("How we introduce ourselves"), Introduction(codes["introduction"]).label))
    if answers["language"]:
        choices.append((_("Language"), _("The one you told us")))
    return choices


def _number_words(phone):
    number = phone_numbers.to_dial(phone)
    if number is None:  # what was typed may be so short that two digits are most of it
        return _("The number you gave us")
    return _("The number that ends in %(digits)s") % {"digits": number.e164[-2:]}


def _yes_or_no(is_allowed):
    return _("Yes") if is_allowed else _("No")
