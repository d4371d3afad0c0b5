"""Sign-in with a second factor, for tests that set STAFF_SECOND_FACTOR to "required"."""

from django.contrib.auth import get_user_model
from django_otp.oath import totp

from staff.models import TotpDevice
from staff.second_factor import factors

PASSWORD = "a password for tests"


def enroll(user):
    """Give an account an authenticator app, as if it had been set up earlier. Return it."""
    return TotpDevice.objects.create(user=user, key=factors.new_seed(), name="app")


def code_of(device):
    """Return the code that an authenticator app shows now."""
    return f"{totp(device.bin_key):06d}"


def give_password(client, user, onward=""):
    """Do the first half of a sign-in. Return the response."""
    fields = {"username": user.get_username(), "password": PASSWORD, "next": onward}
    return client.post("/admin/login/", fields)


def give_code(client, code, address="/admin/second-factor/"):
    """Do the second half of a sign-in, from the page as the browser shows it. Return the response."""
    return client.post(address, {"code": code, "sign_in": client.session["pending_sign_in"]["id"]})


def proof_of(user):
    """Return what someone who has an authenticator app types to confirm that it is them."""
    TotpDevice.objects.update(last_t=-1)  # a test may use a code twice
    return {"confirm_password": PASSWORD, "confirm_code": code_of(factors.apps_of(user).get())}


def confirm(client, user):
    """Confirm on the page that asks for it before changes of one's own second factors."""
    address = "/admin/second-factor/recovery-codes/"
    assert client.post(address, proof_of(user)).status_code == 302


def sign_in_fully(client, user):
    """Sign in with password and code, as someone does who has an authenticator app."""
    device = factors.apps_of(user).first() or enroll(user)
    TotpDevice.objects.filter(pk=device.pk).update(last_t=-1)  # a test may sign in twice within one code
    give_password(client, user)
    response = give_code(client, code_of(device))
    assert response.status_code == 302, response.content.decode()
    return get_user_model().objects.get(pk=user.pk)
