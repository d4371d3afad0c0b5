"""Passkeys, which are a complete proof by themselves: they ask for a finger, a face or a PIN on the person's device."""

import ipaddress

from django.conf import settings
from django_otp_webauthn.helpers import WebAuthnHelper
from webauthn.helpers.structs import AuthenticatorSelectionCriteria, UserVerificationRequirement


class Passkeys(WebAuthnHelper):
    """The library's helper, but it always requires the device to verify its user.

    Otherwise, a passkey would only prove that someone holds the device.
    """

    def get_generate_registration_options_kwargs(self, *, user):
        options = super().get_generate_registration_options_kwargs(user=user)
        options["authenticator_selection"] = AuthenticatorSelectionCriteria(
            user_verification=UserVerificationRequirement.REQUIRED,
            resident_key=self.get_discoverable_credentials_preference(),
        )
        return options

    def get_generate_authentication_options_kwargs(self, *, user=None, require_user_verification):
        return super().get_generate_authentication_options_kwargs(user=user, require_user_verification=True)


def are_offered(request):
    """Return whether browsers allow passkeys at this address: the site's own, over https or on localhost."""
    try:
        ipaddress.ip_address(settings.OTP_WEBAUTHN_RP_ID.strip("[]"))
    except ValueError:
        return f"{request.scheme}://{request.get_host()}" in settings.OTP_WEBAUTHN_ALLOWED_ORIGINS
    return False  # an IP address can't own a passkey
