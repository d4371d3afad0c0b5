from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.utils.translation import gettext as _

from staff.models import SignInAttempt
from staff.sign_in.throttled import ThrottledForm


class _ReasonsBesideThePassword:
    """Says why a password is refused beside the password. Django says it beside the repetition."""

    def validate_password_for_user(self, user, *field_name):
        super().validate_password_for_user(user, "new_password1")


class NewPasswordForm(_ReasonsBesideThePassword, SetPasswordForm):
    """A new password, typed twice."""


class OwnPasswordForm(ThrottledForm, _ReasonsBesideThePassword, PasswordChangeForm):
    """The old password and a new one. Asks the throttle first, since someone at an open session may guess."""

    def __init__(self, user, request, *args, **kwargs):
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self):
        advice = _("If you forgot your password, ask a lead for a new link.")
        with self.attempt(SignInAttempt.Step.PASSWORD, self.user.get_username(), self.request, advice):
            return super().clean_old_password()
