from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from staff import throttle
from staff.models import SignInAttempt


class SignInForm(AdminAuthenticationForm):
    """Name and password. Asks the throttle before it hashes anything.

    `retry_after`: seconds until the next try is looked at; None if this one was.
    """

    retry_after = None

    def clean(self):
        username = self.cleaned_data.get("username")
        if not (username and self.cleaned_data.get("password")):
            return super().clean()
        try:
            with throttle.attempt(SignInAttempt.Step.PASSWORD, username, self.request):
                return super().clean()
        except throttle.Delayed as delay:
            self.retry_after = delay.seconds
            raise ValidationError(too_many_attempts(delay.seconds), code="delayed") from delay
        except throttle.Busy as busy:
            self.retry_after = 3
            raise ValidationError(
                _("Many people are signing in at this moment. Wait a few seconds, then try again."), code="busy"
            ) from busy


def too_many_attempts(seconds):
    """Return the sentence for someone who has to wait."""
    wait = ngettext("%d second", "%d seconds", seconds) % seconds
    sentence = _("Too many attempts. Wait %s, then try again. If you forgot your password, ask a lead for a new link.")
    return sentence % wait
