"""A fresh proof of who is at the keyboard, before actions that matter most: erasing, exports, legal holds, roles.

A view asks first. The page that asks keeps everything that was sent:

    if page := fresh.ask(request, back=address):
        return page

A sign-in is a fresh proof too, except for changes of your own second factors, because they outlive the session. With
`confirmed=True`, only a confirmation on this page or with a passkey counts.
"""

import datetime as dt
from functools import wraps

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import authenticate
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from staff import events, throttle
from staff.models import SignInAttempt, factor_of
from staff.second_factor import factors

PROVED_AT = "proved_at"  # in the session: when the person last proved who they are
CONFIRMED_AT = "confirmed_at"  # in the session: when the person last did so after signing in
PASSWORD, CODE = "confirm_password", "confirm_code"  # fields of the page


_WRONG_PASSWORD = gettext_lazy("That is not your password. Type it again.")
_WRONG_BOTH = gettext_lazy("The password or the code is not right. Type both again. Each code works once.")


class _Wrong(Exception):
    """A wrong password or code."""


def note_proof(request):
    """Record that the person at this session has just proved who they are."""
    request.session[PROVED_AT] = timezone.now().timestamp()


def note_confirmation(request):
    """Record that the signed-in person has just confirmed once more who they are."""
    note_proof(request)
    request.session[CONFIRMED_AT] = request.session[PROVED_AT]


def note_sign_in(request):
    """Record that a sign-in is a proof. Confirmations from an earlier sign-in in this browser no longer count."""
    note_proof(request)
    request.session.pop(CONFIRMED_AT, None)


def is_fresh(request, confirmed=False):
    """Return whether the person at this session proved who they are a few minutes ago.

    `confirmed`: the sign-in itself does not count.
    """
    age = timezone.now().timestamp() - request.session.get(CONFIRMED_AT if confirmed else PROVED_AT, 0)
    return age <= dt.timedelta(minutes=settings.STAFF_FRESH_MINUTES).total_seconds()


def required(view):
    """Decorate a view of signed-in staff, so that it asks for a fresh proof first."""

    @wraps(view)
    def asking(request, *args, **kwargs):
        return ask(request) or view(request, *args, **kwargs)

    return asking


def ask(request, back="", confirmed=False, back_with=""):
    """Return a page that asks for the password, or None if the action may be carried out.

    The page holds everything that was sent. It posts to the same address, which carries the action out. `back`: an
    address of ours for someone who does not want to go on. `confirmed`: the sign-in itself does not count.
    `back_with`: the value of `action` with which the page at `back` shows what was typed again, and does nothing else.
    """
    if is_fresh(request, confirmed):
        return None
    error, retry_after = "", None
    if PASSWORD in request.POST:
        try:
            if prove(request):
                return None
            error = _WRONG_BOTH if factors.is_enrolled(request.user) else _WRONG_PASSWORD
        except throttle.Delayed as delay:
            wait = ngettext("%d second", "%d seconds", delay.seconds) % delay.seconds
            error, retry_after = _("Too many wrong tries. Wait %s, then try again.") % wait, delay.seconds
        except throttle.Busy:
            error, retry_after = _("Many people are signing in. Wait a few seconds, then try again."), 3
    return _page(request, error, retry_after, confirmed, {"back": back, "back_with": back_with})


def prove(request):
    """Check the proof that was sent with a request. Record the result, and return whether the proof is right.

    A user with a second factor must prove it too: with a code here, or with a passkey, which needs no password
    (second_factor/passkey_views.py). Raises `throttle.Delayed` or `throttle.Busy` if the proof was not checked.
    """
    try:
        _check_password(request)
        device = _check_code(request) if factors.is_enrolled(request.user) else None
    except _Wrong:
        return False
    note_confirmation(request)
    events.record(events.Kind.CONFIRMED, request=request, detail=factor_of(device))
    return True


def sent_nothing_else(request):
    """Return whether a request holds only the proof. If so, the user was about to open a page, not to send a form."""
    return set(request.POST) <= {PASSWORD, CODE, "csrfmiddlewaretoken"}


def _check_password(request):
    username = request.user.get_username()
    with throttle.attempt(SignInAttempt.Step.PASSWORD, username, request):
        if authenticate(request, username=username, password=request.POST.get(PASSWORD, "")) != request.user:
            raise _Wrong


def _check_code(request):
    """Return the second factor that the code belongs to. Raises `_Wrong`."""
    with throttle.attempt(SignInAttempt.Step.CODE, request.user.get_username(), request):
        device = factors.accept_any_code(request, request.user, request.POST.get(CODE, ""))
        if device is None:
            events.record(events.Kind.SIGN_IN_FAILED, request=request, detail="code")
            raise _Wrong
    return device


def _page(request, error, retry_after, confirmed, way_back):
    names = [
        name for name in request.POST if name not in (CODE, "csrfmiddlewaretoken") and "password" not in name.lower()
    ]
    context = admin.site.each_context(request) | {
        "title": _("Confirm that it is you"),
        "fields": [(name, value) for name in names for value in request.POST.getlist(name)],
        "address": request.get_full_path(),
        "password_field": PASSWORD,
        "code_field": CODE if factors.is_enrolled(request.user) else "",
        "has_passkey": factors.passkeys_of(request.user).exists(),
        "confirmed": confirmed,
        "minutes": settings.STAFF_FRESH_MINUTES,
        "error": error,
        **way_back,
    }
    response = TemplateResponse(request, "staff/fresh.html", context, status=403 if retry_after is None else 429)
    response["Cache-Control"] = "no-store"
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response.render()
