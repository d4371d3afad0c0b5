"""The JSON views that the scripts of django-otp-webauthn call when someone adds or uses a passkey."""

import json
from urllib.parse import urlencode

from django.http import JsonResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django_otp.middleware import is_verified
from django_otp_webauthn import exceptions, views
from django_otp_webauthn.models import WebAuthnCredential

from staff import events, roles
from staff.models import SecurityEvent
from staff.sessions import endings, fresh
from staff.sign_in import pending, steps

from . import factors, recovery_codes
from .account_views import note_first_codes


class AskAgain(exceptions.OTPWebAuthnApiError):
    status_code = 403
    default_code = "ask_again"
    default_detail = _("Please confirm first that it is you. To do that, reload this page.")


class CeremonyMixin:
    """A passkey ceremony for the user who is signed in, or who is about to sign in after the right password."""

    def get_user(self):
        if self.request.user.is_authenticated:
            return self.request.user
        user = pending.user_of(self.request)
        if user is None or steps.due(user) is not steps.SECOND_FACTOR:
            return None
        user.otp_device = None  # what the library looks for in the user of a request
        user.is_verified = lambda: is_verified(user)
        return user

    def handle_exception(self, exc):
        """Answer 400 if the body is not valid JSON."""
        if isinstance(exc, UnicodeDecodeError | RecursionError):
            exc = exceptions.MalformedRequest()
        return super().handle_exception(exc)


class RegistrationMixin(CeremonyMixin):
    """Add a passkey. The library refuses a user who has a second factor but has not proved it."""

    def check_can_register(self):
        if self.request.user.is_authenticated and not fresh.is_fresh(self.request, confirmed=True):
            raise AskAgain


class BeginRegistrationView(RegistrationMixin, views.BeginCredentialRegistrationView):
    """Return what the browser needs to make a passkey."""


class CompleteRegistrationView(RegistrationMixin, views.CompleteCredentialRegistrationView):
    """Store a passkey. It also finishes a pending sign-in, and the first one ends sessions without a second factor.

    The answer says where to go on: to the recovery codes, if there are none yet.
    """

    def post(self, *args, **kwargs):
        is_first = not factors.is_enrolled(self.get_user())
        response = super().post(*args, **kwargs)
        device = WebAuthnCredential.objects.get(pk=json.loads(response.content)["id"])
        factors.record_added(self.request, device)
        onward = reverse("admin:account")
        if not self.request.user.is_authenticated:
            onward = pending.finish(self.request, device)
            note_first_codes(self.request)
        if is_first:
            endings.end_all(device.user, device.user, self.request, keep=events.hashed_session(self.request))
        if not recovery_codes.left(device.user):
            onward = reverse("admin:second_factor_recovery_codes") + "?" + urlencode({"next": onward})
        return JsonResponse({"id": device.pk, "redirect_url": onward})


class BeginAuthenticationView(CeremonyMixin, views.BeginCredentialAuthenticationView):
    """Return what the browser needs to use a passkey."""


class CompleteAuthenticationView(CeremonyMixin, views.CompleteCredentialAuthenticationView):
    """Check a passkey. It signs in, finishes a pending sign-in, or confirms that a signed-in person is there.

    No password is hashed and no throttle asked: a passkey can't be guessed.
    """

    onward = ""
    has_begun = False

    def get_state(self):
        state = super().get_state()
        self.has_begun = True
        return state

    def handle_exception(self, exc):
        """Record a refused passkey. A request without a ceremony is not recorded: it tries no passkey, and anyone can
        send it.
        """
        user = self.get_user()
        if user is not None and self.has_begun:
            events.record(SecurityEvent.Kind.SIGN_IN_FAILED, request=self.request, account=user, detail="passkey")
        return super().handle_exception(exc)

    def check_device_usable(self, device):
        super().check_device_usable(device)
        if not device.user.is_staff or roles.is_refused_superuser(device.user):
            raise exceptions.UserDisabled

    def complete_auth(self, device):
        if self.request.user.is_authenticated:
            fresh.note_confirmation(self.request)
            events.record(SecurityEvent.Kind.CONFIRMED, request=self.request, detail="passkey")
        elif pending.user_of(self.request) is not None:
            self.onward = pending.finish(self.request, device)
        else:
            self.onward = self._sign_in(device)
        return device.user

    def _sign_in(self, device):
        """Sign in with the passkey alone. If something else is due first, go there; the passkey is asked again."""
        onward = self.get_redirect_url() or resolve_url("admin:index")
        step = steps.due(device.user)
        if step is not None and step is not steps.SECOND_FACTOR:
            pending.start(self.request, device.user, onward)
            return reverse(step.address)
        pending.sign_in(self.request, device.user, device)
        return onward

    def get_success_url(self):
        """Return the address to go to next; "" to stay on the page, if someone only confirmed an action."""
        return self.onward
