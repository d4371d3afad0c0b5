"""Labels for the codes of the security log."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import roles
from .assignments import POWERFUL
from .models import SecurityEvent

Kind = SecurityEvent.Kind
OF_CODES = {
    "password": gettext_lazy("password"),
    "totp": gettext_lazy("authenticator app"),
    "passkey": gettext_lazy("passkey"),
    "recovery_code": gettext_lazy("recovery code"),
    "code": gettext_lazy("code"),
    "unknown_name": gettext_lazy("no account has that name"),
    "reset lost": gettext_lazy("reset, because the phone or key is lost or broken"),
    "reset stolen": gettext_lazy("reset, because it was stolen or used by someone else"),
    "reset new": gettext_lazy("reset, because the old phone is gone"),
    "idle": gettext_lazy("not used for too long"),
    "expired": gettext_lazy("time limit reached"),
    "self": gettext_lazy("signed out from elsewhere"),
    "colleague": gettext_lazy("signed out by a colleague"),
    "left": gettext_lazy("no longer works here"),
    "away": gettext_lazy("away for a longer time"),
    "breach": gettext_lazy("someone else may have used it"),
    "mistake": gettext_lazy("created by mistake"),
    "email": gettext_lazy("email address"),
    "first_name": gettext_lazy("first name"),
    "last_name": gettext_lazy("last name"),
    "requests": gettext_lazy("requests"),
}
OF_ROLES = (Kind.ROLE_REQUESTED, Kind.ROLE_GIVEN, Kind.ROLE_REFUSED, Kind.ROLE_ENDED)


def detail_of(event):
    """Return the label for an event's detail. A code without a label stays as it is."""
    if event.kind == Kind.RECOVERY_CODE_USED:
        return _("%s left") % event.detail.partition(" ")[0]
    if event.kind in OF_ROLES:
        label = str(roles.LABELS.get(event.detail, event.detail))
        is_confirmation = event.kind == Kind.ROLE_GIVEN and event.actor_id and event.detail in POWERFUL
        return _("%s, as the second person") % label if is_confirmation else label
    if event.kind == Kind.ACCOUNT_CHANGED:
        return ", ".join(str(OF_CODES.get(name, name)) for name in event.detail.split())
    return OF_CODES.get(event.detail, event.detail)


def who_did(event):
    """Return who did something: a username, "not signed in", or "the server" if no HTTP request did it."""
    if event.actor:
        return event.actor.get_username()
    is_by_server = not event.network or event.kind == Kind.SESSION_ENDED
    return _("the server") if is_by_server else _("not signed in")
