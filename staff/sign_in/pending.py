"""A pending sign-in: the password was right, and more steps are due (steps.py). Nobody is signed in yet.

The session holds it for ten minutes at most. Until it is finished, `request.user` is anonymous, so every check of
Django, Wagtail and intake refuses by itself.
"""

import datetime as dt
import secrets
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from staff.second_factor import factors

KEY = "pending_sign_in"
LONGEST = dt.timedelta(minutes=10)


def start(request, user, onward):
    """Begin a sign-in after the right password. Anyone who was signed in before is signed out.

    `onward`: the address to go to at the end, already checked. A step that changes the password calls this again,
    because a pending sign-in ends when the password changes.
    """
    if request.user.is_authenticated:
        logout(request)
    request.session[KEY] = {
        "id": secrets.token_urlsafe(16),
        "account": user.pk,
        "password": user.get_session_auth_hash(),
        "started": timezone.now().timestamp(),
        "onward": onward,
    }
    request.session.cycle_key()


def user_of(request):
    """Return the user who is about to sign in. None if nobody is, if ten minutes are over, or if the account or its
    password has changed since."""
    stored = request.session.get(KEY)
    if stored is None:
        return None
    age = timezone.now().timestamp() - stored["started"]
    if not 0 <= age < LONGEST.total_seconds():
        return None
    user = get_user_model().objects.filter(pk=stored["account"], is_active=True, is_staff=True).first()
    if user is None or not constant_time_compare(stored["password"], user.get_session_auth_hash()):
        return None
    return user


def id_of(request):
    """Return a random id for the forms of this sign-in; "" if there is none.

    It keeps a form of another sign-in from being accepted in this one.
    """
    return request.session.get(KEY, {}).get("id", "")


def onward_of(request):
    """Return the address to go to at the end."""
    return request.session.get(KEY, {}).get("onward") or resolve_url(settings.LOGIN_REDIRECT_URL)


def finish(request, device):
    """Complete the pending sign-in, and return the address to go to.

    `device`: the second factor that was just proved; None if none is due. Raises PermissionDenied if it does not fit.
    """
    user = user_of(request)
    if user is None or (factors.is_due(user) if device is None else device.user_id != user.pk):
        raise PermissionDenied
    onward = onward_of(request)
    del request.session[KEY]
    sign_in(request, user, device)
    return onward


def sign_in(request, user, device):
    """Sign in a user who has proved everything that is due. Gives the session a new key."""
    request.session.pop(KEY, None)
    if device is not None:
        user.otp_device = device  # django_otp remembers it in the session
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")


def begin_again(request):
    """Redirect to the sign-in page, because there is no pending sign-in or it has ended."""
    stored = request.session.pop(KEY, None)
    address = resolve_url(settings.LOGIN_URL)
    if stored is not None:
        messages.info(request, _("Signing in took too long, or your account changed. Type your password again."))
        address += "?" + urlencode({"next": stored["onward"]})
    return HttpResponseRedirect(address)
