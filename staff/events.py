"""Write the security log. Django's signals report each sign-in, failed sign-in and sign-out, so none is missed."""

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.utils import timezone

from . import event_mails
from .keyed_hash import keyed_hash
from .models import SecurityEvent, factor_of
from .network import network_of

Kind = SecurityEvent.Kind


def record(kind, *, request=None, actor=None, account=None, detail="", session=None, before=None):
    """Write one event.

    `request`: the HTTP request. Network and session are taken from it, and so is the actor unless `actor` is given.
    `account`: the account that the event concerns, unless it is the actor's own. `detail`: a code, never something
    typed. `session`: the row of the session that the event concerns, unless it is the request's own. `before`: the
    account as it was before a change, for the email. Kinds that change someone's access are mailed (event_mails.py).
    """
    if actor is None and request is not None and request.user.is_authenticated:
        actor = request.user
    event = SecurityEvent(
        occurred_at=timezone.now(),
        kind=kind,
        actor_id=actor and actor.pk,
        account_id=(account or actor) and (account or actor).pk,
        detail=detail,
        network=hashed_network(request) if request is not None else "",
        session=session.pk if session else hashed_session(request) if request is not None else "",
    )
    with transaction.atomic(savepoint=False):
        event.save()
        event_mails.queue(event, before)


def hashed_network(request):
    """Return a keyed hash of the network that a request comes from; "" if it has no address."""
    network = network_of(request)
    return keyed_hash("network", network) if network else ""


def hashed_session(request):
    """Return the keyed hash of the session's key, as the table of sessions holds it; "" without a session."""
    key = request.session.session_key
    return keyed_hash("session", key) if key else ""


def listen():
    """Record what Django's own sign-in and sign-out report."""
    user_logged_in.connect(_signed_in, dispatch_uid="staff.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="staff.signed_out")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="staff.sign_in_failed")


def _signed_in(sender, request, user, **kwargs):
    record(Kind.SIGNED_IN, request=request, actor=user, detail=factor_of(getattr(user, "otp_device", None)))


def _signed_out(sender, request, user, **kwargs):
    if user is not None:
        record(Kind.SIGNED_OUT, request=request, actor=user)


def _sign_in_failed(sender, credentials, request=None, **kwargs):
    """Record a wrong password. If no account has that name, the event names none: the typed name may be a password."""
    User = get_user_model()
    account = User.objects.filter(username=credentials.get("username", "")).first()
    record(Kind.SIGN_IN_FAILED, request=request, account=account, detail="password" if account else "unknown_name")
