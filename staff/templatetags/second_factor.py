from django import template
from django.middleware.csrf import get_token
from django.urls import reverse

from staff.second_factor import factors, passkeys

register = template.Library()


@register.simple_tag
def second_factor_is_off():
    """Return whether people may sign in here with a password alone."""
    return not factors.is_required()


@register.simple_tag(takes_context=True)
def passkey_script(context):
    """Return the settings for the scripts of django-otp-webauthn. None where browsers allow no passkeys."""
    request = context["request"]
    if not passkeys.are_offered(request):
        return None
    return {
        "csrfToken": get_token(request),
        "nextFieldSelector": "input[name='next']",
        "beginRegistrationUrl": reverse("admin:passkey_begin_registration"),
        "completeRegistrationUrl": reverse("admin:passkey_complete_registration"),
        "beginAuthenticationUrl": reverse("admin:passkey_begin_authentication"),
        "completeAuthenticationUrl": reverse("admin:passkey_complete_authentication"),
    }
