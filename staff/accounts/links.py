"""Set-up links: a person sets their own password with a link that only they get.

A lead or an administrator requests the link but never sees it. It works once, within 72 hours, and a newer link
replaces it. Opening it does not use it up, because mail scanners open links.
"""

import datetime as dt
import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from staff import addresses, events, mail
from staff.keyed_hash import keyed_hash, keyed_hashes
from staff.models import RoleAssignment, SecurityEvent, SetUpLink
from staff.passwords.changing import change

VALID_FOR = dt.timedelta(hours=72)
WAIT_AFTER_NEW_ADDRESS = dt.timedelta(hours=24)

Kind = SecurityEvent.Kind


class LinkRefused(Exception):
    """No link is sent. The message says why and what to do."""


@transaction.atomic
def request_link(account, *, actor=None, request=None):
    """Queue a new link for an account, which ends an older one. Return it. Raises `LinkRefused`."""
    now = timezone.now()
    account = get_user_model().objects.select_for_update(no_key=True).get(pk=account.pk)
    if not account.is_active:
        raise LinkRefused(_("This account is deactivated. Reactivate it first, then send a link."))
    if not account.email:
        raise LinkRefused(_("This account has no email address. Enter one first, then send a link."))
    if (opens_at := _waits_until(account)) and opens_at > now:
        raise LinkRefused(
            _("The email address of this account is new. To give its owner time to object, no link is sent before %s.")
            % _in_words(opens_at)
        )
    end_open(account, now)
    link = SetUpLink.objects.create(account=account, requested_by=actor, requested_at=now, next_try_at=now)
    events.record(Kind.LINK_SENT, request=request, actor=actor, account=account)
    return link


def end_open(account, now):
    """End the open link of an account, if there is one."""
    _open().filter(account=account).update(ended_at=now)


def find(token, now):
    """Return the link that this secret opens; None if it is used, ended, too old, or made up."""
    links = _open().filter(token_hash__in=keyed_hashes("set_up_link", token), expires_at__gt=now)
    return links.filter(account__is_active=True).select_related("account").first()


@transaction.atomic
def use(link, save, request):
    """Set the password and mark the link as used. Return False and change nothing if it was used in the meantime.

    `save`: sets the password and saves the account.
    """
    if not _open().filter(pk=link.pk).update(used_at=timezone.now()):
        return False
    events.record(Kind.LINK_USED, request=request, actor=link.account)
    change(save, link.account, request)
    return True


def send_due(now=None, is_stopped=lambda: False):
    """Send each link that is due. Return how many were sent. The worker calls this."""
    now = now or timezone.now()
    waiting = _open().filter(sent_at=None)
    waiting.filter(requested_at__lte=now - VALID_FOR).update(ended_at=now)  # nobody waits for it anymore
    return mail.send_waiting(waiting, _send, now, is_stopped)


def overdue(since):
    """Return how many links have been waiting to be sent at least since `since`."""
    return _open().filter(sent_at=None, requested_at__lte=since).count()


def state_of(account):
    """Return a sentence about the newest link of an account."""
    link = account.set_up_links.order_by("-pk").first()
    now = timezone.now()
    if link is None:
        return _("No link was sent yet.")
    if link.used_at:
        return _("Used %s.") % _in_words(link.used_at)
    if link.ended_at or (link.expires_at and link.expires_at <= now):
        return _("No longer valid. It was not used.")
    if link.sent_at:
        return _("Sent %(sent)s. Valid until %(until)s. Not used yet.") % {
            "sent": _in_words(link.sent_at),
            "until": _in_words(link.expires_at),
        }
    if link.attempts > 1:
        return _("The mail server has not taken the email yet. We keep trying. Check the address.")
    return _("On its way.")


def _open():
    return SetUpLink.objects.filter(used_at=None, ended_at=None)


def _send(link, now):
    """Draw the secret and send it. A repeated try draws another one, so only the newest email works."""
    token = secrets.token_urlsafe(32)
    link.token_hash, link.expires_at = keyed_hash("set_up_link", token), now + VALID_FOR
    link.save(update_fields=["token_hash", "expires_at"])
    address = settings.PUBLIC_ORIGIN + reverse("admin:set_up", args=[token])
    body = _(
        "Hello,\n\nopen this link to set your password. Your username is %(username)s.\n\n%(address)s\n\n"
        "The link works once, until %(until)s. Don't forward this email: the link is meant for you alone.\n"
        "If you did not expect it, tell the person who leads your team, and don't open the link.\n"
    ) % {
        "username": link.account.get_username(),
        "address": address,
        "until": _in_words(link.expires_at),
    }
    mail.message(_("Your staff account"), body, [link.account.email]).send()
    link.sent_at = now
    link.save(update_fields=["sent_at"])


def _waits_until(account):
    """Return until when no link may be sent, because the address is new. None if there is no such time.

    Otherwise, someone who manages accounts could enter their own address and take over a colleague's account. An
    account that was never used and has no role is worth nothing, so its mistyped address can be corrected at once. A
    requested role counts: a second person may confirm it any moment.
    """
    has_role = RoleAssignment.objects.open().filter(account=account).exists()
    if account.last_login is None and not has_role:
        return None
    newest = addresses.changed_at(account)
    return newest and newest + WAIT_AFTER_NEW_ADDRESS


def _in_words(moment):
    return date_format(timezone.localtime(moment), "l, F j, g:i A")
