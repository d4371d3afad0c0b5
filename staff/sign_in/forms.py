from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from staff import roles
from staff.models import SignInAttempt

from .throttled import ThrottledForm


class SignInForm(ThrottledForm, AdminAuthenticationForm):
    """Name and password. Asks the throttle before it hashes anything."""

    def confirm_login_allowed(self, user):
        super().confirm_login_allowed(user)
        if roles.is_refused_superuser(user):
            raise ValidationError(
                _("A superuser can't sign in here. The manual tells the person who runs the server what to do."),
                code="superuser",
            )

    def clean(self):
        username = self.cleaned_data.get("username")
        if not (username and self.cleaned_data.get("password")):
            return super().clean()
        advice = _("If you forgot your password, ask a lead for a new link.")
        with self.attempt(SignInAttempt.Step.PASSWORD, username, self.request, advice):
            return super().clean()
