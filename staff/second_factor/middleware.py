import functools

from django.contrib.auth.models import AnonymousUser
from django.utils.functional import SimpleLazyObject
from django_otp.middleware import is_verified

from . import factors


class SecondFactorMiddleware:
    """Treat a session without a proved second factor as signed out, while a second factor is required.

    This is the one place before every address: each check of Django, Wagtail and intake then refuses by itself, as
    it refuses someone who is not signed in. Comes right after django_otp's middleware.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if factors.is_required():
            request.user = SimpleLazyObject(functools.partial(_verified, request.user))
        return self.get_response(request)


def _verified(user):
    """Return the user if a second factor was proved, else an anonymous one."""
    if user.is_verified():
        return user
    anonymous = AnonymousUser()
    anonymous.otp_device = None
    anonymous.is_verified = functools.partial(is_verified, anonymous)
    return anonymous
