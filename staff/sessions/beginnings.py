"""What happens to a session when someone signs in or out."""

from django.contrib.auth.signals import user_logged_in, user_logged_out

from staff import events

from . import fresh


def listen():
    """Follow what Django reports, so that no sign-in or sign-out is missed."""
    user_logged_in.connect(_begin, dispatch_uid="staff.sessions.begin")
    user_logged_out.connect(_note_sign_out, dispatch_uid="staff.sessions.note_sign_out")


def _begin(sender, request, user, **kwargs):
    """Give the session a new key, a new beginning and its network.

    Django itself keeps the key if the same person signs in twice.
    """
    request.session.begin(events.hashed_network(request))
    fresh.note_sign_in(request)


def _note_sign_out(sender, request, user, **kwargs):
    """Make the middleware tell the browser to delete what it stored."""
    request.has_signed_out = True
