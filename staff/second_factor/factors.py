"""Which second factors an account has. The only module that adds, checks and removes them."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django_otp.plugins.otp_totp.models import default_key
from django_otp_webauthn.models import WebAuthnCredential

from staff import events
from staff.models import RecoveryCodeSet, SecurityEvent, TotpDevice, factor_of

from . import recovery_codes

Kind = SecurityEvent.Kind
APP_CODE_LENGTH = 6


def is_required():
    """Return whether nobody may work here without a second factor."""
    return settings.STAFF_SECOND_FACTOR == "required"


def is_due(user):
    """Return whether this user has to give a second factor to sign in: always if it is required, else if they have
    one."""
    return is_required() or is_enrolled(user)


def is_enrolled(user):
    """Return whether an account has an authenticator app or a passkey. Recovery codes alone do not count."""
    return apps_of(user).exists() or passkeys_of(user).exists()


def apps_of(user):
    """Return the authenticator apps of an account: one, unless two were set up at the same time."""
    return TotpDevice.objects.filter(user=user, confirmed=True).order_by("pk")


def passkeys_of(user):
    """Return the passkeys of an account, oldest first."""
    return WebAuthnCredential.objects.filter(user=user, confirmed=True).order_by("pk")


def accept_code(user, code):
    """Return the authenticator app that shows this code now. None if there is none, or if the code was used before.

    If two requests send one code at the same time, only one succeeds.
    """
    with transaction.atomic():
        for device in apps_of(user).select_for_update():
            if device.verify_token(code):
                return device
    return None


def accept_any_code(request, user, typed):
    """Return the authenticator app or the set of recovery codes that a code belongs to; None if it is wrong or used."""
    code = "".join(typed.split())
    if len(code) == APP_CODE_LENGTH and code.isascii() and code.isdecimal():
        return accept_code(user, code)
    return recovery_codes.accept(request, user, typed)


def new_seed():
    """Return the random seed of an authenticator app that is not set up yet."""
    return default_key()


def app_to_set_up(user, seed):
    """Return an authenticator app for a seed. It is not stored."""
    return TotpDevice(user=user, key=seed, name="app")


def set_up_app(request, device, code, *, may_replace):
    """Store an authenticator app, if the code is right. Return whether it was stored.

    `may_replace`: whether it takes the place of an earlier one. Someone who gave only a password may not do that.
    """
    with transaction.atomic():
        _lock(device.user)
        if is_enrolled(device.user) and not may_replace:
            return False
        if not device.verify_token(code):  # this saves it
            return False
        for earlier in apps_of(device.user).exclude(pk=device.pk):
            remove(request, earlier)
        record_added(request, device)
    return True


def record_added(request, device):
    events.record(Kind.FACTOR_ADDED, request=request, actor=device.user, detail=factor_of(device))


def remove(request, device):
    """Remove one of the user's own second factors. Sessions that it has proved must prove another one."""
    events.record(Kind.FACTOR_REMOVED, request=request, actor=device.user, detail=factor_of(device))
    device.delete()


def remove_unless_last(request, user, pk, kind):
    """Remove the app or the passkey with this primary key. Return whether it was removed.

    The last one stays while a second factor is required. Without any, the recovery codes go too.
    """
    with transaction.atomic():
        _lock(user)
        devices = apps_of(user) if kind == TotpDevice.factor else passkeys_of(user)
        device = devices.filter(pk=pk).first()
        is_last = apps_of(user).count() + passkeys_of(user).count() == 1
        if device is None or (is_last and is_required()):
            return False
        remove(request, device)
        if is_last:
            RecoveryCodeSet.objects.filter(user=user).delete()
    return True


def remove_all(request, user, detail):
    """Remove every second factor of another account, whose owner lost it. `detail`: a code for the security log."""
    with transaction.atomic():
        _lock(user)
        for devices in (apps_of(user), passkeys_of(user), RecoveryCodeSet.objects.filter(user=user)):
            devices.delete()
        events.record(Kind.FACTOR_REMOVED, request=request, account=user, detail=detail)


def _lock(user):
    """Let one request at a time change the factors of an account. Call it in a transaction."""
    get_user_model().objects.select_for_update().get(pk=user.pk)
