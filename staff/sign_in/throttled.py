"""Forms and views that ask the throttle before they look at a password or a code."""

from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from staff import throttle


class ThrottledForm:
    """A form whose check runs inside `attempt`. Its view is a `ThrottledView`.

    `retry_after`: seconds until the next try will be checked; None if this one was.
    """

    retry_after = None

    @contextmanager
    def attempt(self, step, username, request, advice):
        """Run the block as an attempt, or raise ValidationError. `advice`: what else the person can do meanwhile."""
        try:
            with throttle.attempt(step, username, request):
                yield
        except throttle.Delayed as delay:
            self.retry_after = delay.seconds
            raise ValidationError(f"{_too_many_attempts(delay.seconds)} {advice}", code="delayed") from delay
        except throttle.Busy as busy:
            self.retry_after = 3
            raise ValidationError(
                _("Many people are signing in at this moment. Wait a few seconds, then try again."), code="busy"
            ) from busy


class ThrottledView:
    """A form view. A try that the throttle refused answers 429 and says when to try again."""

    def form_invalid(self, form):
        response = super().form_invalid(form)
        if form.retry_after is not None:
            response.status_code = 429
            response["Retry-After"] = str(form.retry_after)
        return response


def _too_many_attempts(seconds):
    wait = ngettext("%d second", "%d seconds", seconds) % seconds
    return _("Too many attempts. Wait %s, then try again.") % wait
