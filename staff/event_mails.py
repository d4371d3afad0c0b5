"""Email about security events that change someone's access: to leads, auditors, and the people concerned.

`queue` writes a row in the transaction of the event, with the addresses and names of that moment; the worker calls
`send_due`. An email says who did what to whose account. It holds no link, because a link in such an email is what a
thief would imitate.
"""

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import mail, roles
from .models import EventMail, SecurityEvent

Kind = SecurityEvent.Kind

OF_ROLES = {Kind.ROLE_REQUESTED, Kind.ROLE_GIVEN, Kind.ROLE_REFUSED, Kind.ROLE_ENDED, Kind.RIGHTS_REMOVED}
MAILED = OF_ROLES | {
    Kind.ACCOUNT_CREATED,
    Kind.ACCOUNT_CHANGED,
    Kind.ACCOUNT_DEACTIVATED,
    Kind.ACCOUNT_REACTIVATED,
    Kind.PASSWORD_CHANGED,
    Kind.LINK_SENT,
    Kind.FACTOR_ADDED,
    Kind.FACTOR_REMOVED,
    Kind.RECOVERY_CODE_USED,
}
SAYS = {
    Kind.ACCOUNT_CREATED: gettext_lazy("An account was created."),
    Kind.ACCOUNT_CHANGED: gettext_lazy("The name or email address of an account was changed."),
    Kind.ACCOUNT_DEACTIVATED: gettext_lazy("An account was deactivated. It can't sign in anymore."),
    Kind.ACCOUNT_REACTIVATED: gettext_lazy("An account was reactivated. It can sign in again."),
    Kind.PASSWORD_CHANGED: gettext_lazy("The password of an account was changed."),
    Kind.LINK_SENT: gettext_lazy("A link to set a new password was sent to the owner of an account."),
    Kind.FACTOR_ADDED: gettext_lazy("A second factor was added to an account."),
    Kind.FACTOR_REMOVED: gettext_lazy("A second factor was removed from an account."),
    Kind.RECOVERY_CODE_USED: gettext_lazy("A recovery code was used instead of the second factor."),
    Kind.ROLE_REQUESTED: gettext_lazy("A role was requested. A second person must confirm it."),
    Kind.ROLE_GIVEN: gettext_lazy("A role was given."),
    Kind.ROLE_REFUSED: gettext_lazy("A requested role was refused."),
    Kind.ROLE_ENDED: gettext_lazy("A role was ended."),
    Kind.RIGHTS_REMOVED: gettext_lazy("Rights that no role explains were removed from an account."),
}


def queue(event, before=None):
    """Queue the email about an event, if its kind is mailed. `before`: the account as it was before a change."""
    if event.kind not in MAILED:
        return
    account_name, name_before = _name(event.account), _name(before)
    EventMail.objects.create(
        event=event,
        left_to=_recipients(event, before),
        actor_name=_name(event.actor),
        account_name=account_name,
        name_before="" if name_before == account_name else name_before,
        next_try_at=event.occurred_at,
    )


def send_due(now=None, is_stopped=lambda: False):
    """Send each email that is due. Return how many were sent."""
    rows = EventMail.objects.filter(sent_at=None)
    return mail.send_waiting(rows, _send, now or timezone.now(), is_stopped)


def overdue(since):
    """Return how many emails have been waiting to be sent at least since `since`."""
    return EventMail.objects.filter(sent_at=None, event__occurred_at__lte=since).count()


def _send(row, now):
    """Send one email. If the mail server refused some addresses for now, only these are tried again."""
    try:
        mail.message(_("A change of a staff account"), _body(row), row.left_to).send()
    except mail.AcceptedInPart as partly:
        row.left_to = [address for address, (code, _reason) in partly.recipients.items() if code < 500]
        row.save(update_fields=["left_to"])
        if row.left_to:
            raise
    row.sent_at, row.left_to = now, []
    row.save(update_fields=["sent_at", "left_to"])


def _recipients(event, before):
    """Return all addresses, in order. If no lead and no auditor has one, the admissions desk gets it."""
    overseers = [user.email for user in roles.holders(roles.LEAD, roles.AUDITOR) if user.email]
    is_from_server = event.actor_id is None and event.kind in OF_ROLES
    desk = settings.ADMISSIONS_EMAILS if is_from_server or not overseers else []
    concerned = [user.email for user in (event.actor, event.account, before) if user is not None]
    return sorted({*overseers, *desk, *concerned} - {""})


def _body(row):
    event = row.event
    lines = [
        str(SAYS[event.kind]),
        "",
        _("Account: %s") % (row.account_name or "-"),
        *([_("Name before: %s") % row.name_before] if row.name_before else []),
        _("By: %s") % (row.actor_name or _("the site, or someone who runs the server")),
        _("When: %s") % date_format(timezone.localtime(event.occurred_at), "DATETIME_FORMAT"),
    ]
    if event.kind in OF_ROLES and event.detail:
        lines.append(_("Role: %s") % roles.LABELS.get(event.detail, event.detail))
    advice = _(
        "If you expected this, you don't need to do anything. If not, tell a lead now, in person or by phone.\n"
        "This email has no links. To see more, sign in as you always do and open the security log.\n"
    )
    return "\n".join([*lines, "", advice])


def _name(user):
    """Return the full name and the username of an account; "" without one."""
    if user is None:
        return ""
    full_name = user.get_full_name()
    return f"{full_name} ({user.get_username()})" if full_name else user.get_username()
