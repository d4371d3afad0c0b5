from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import events
from staff.models import SecurityEvent, SignInAttempt
from staff.sign_in.throttled import ThrottledForm

from . import factors, recovery_codes


class AppCodeField(forms.CharField):
    """Six digits from an authenticator app. Many apps show them in two groups, so spaces are allowed."""

    def __init__(self, **options):
        attributes = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12}
        super().__init__(
            label=gettext_lazy("Code"),
            validators=[RegexValidator(r"\A[0-9]{6}\Z", gettext_lazy("Enter the 6 digits that your app shows."))],
            widget=forms.TextInput(attributes),
            **options,
        )

    def to_python(self, value):
        return "".join(super().to_python(value).split())


class ProofForm(ThrottledForm, forms.Form):
    """A code that proves who someone is. After `is_valid`, `device` is what the code belongs to.

    `user`: whose code it has to be.
    """

    error_css_class = "errors"
    wrong = ""  # the sentence for a wrong code
    device = None

    def __init__(self, *args, request, user, **options):
        super().__init__(*args, **options)
        self.fields["code"].widget.attrs["autofocus"] = True
        self.request, self.user = request, user

    def clean_code(self):
        advice = _("If you can't get a code, ask a lead to reset your second factor.")
        with self.attempt(SignInAttempt.Step.CODE, self.user.get_username(), self.request, advice):
            self.device = self.device_for(self.cleaned_data["code"])
            if self.device is None:
                events.record(SecurityEvent.Kind.SIGN_IN_FAILED, request=self.request, account=self.user, detail="code")
                raise ValidationError(self.wrong, code="wrong")
        return self.cleaned_data["code"]


class AppCodeForm(ProofForm):
    """A code from an authenticator app."""

    code = AppCodeField()
    wrong = gettext_lazy(
        "That code is not right, or it was used already. Wait until your app shows a new one, then enter that."
    )

    def device_for(self, code):
        return factors.accept_code(self.user, code)


class RecoveryCodeForm(ProofForm):
    """A recovery code."""

    code = forms.CharField(
        label=gettext_lazy("Recovery code"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    wrong = gettext_lazy("That code is not right, or it was used already. Each recovery code works once.")

    def device_for(self, code):
        return recovery_codes.accept(self.request, self.user, code)


class SetUpForm(forms.Form):
    """The first code of an authenticator app. Stores the app if the code is right."""

    error_css_class = "errors"
    code = AppCodeField(help_text=gettext_lazy("6 digits. A new code appears every 30 seconds."))

    def __init__(self, *args, request, device, may_replace, **options):
        super().__init__(*args, **options)
        self.request, self.device, self.may_replace = request, device, may_replace

    def clean_code(self):
        code = self.cleaned_data["code"]
        if not factors.set_up_app(self.request, self.device, code, may_replace=self.may_replace):
            raise ValidationError(
                _(
                    "That code is not right. Check that your phone sets its time automatically, then enter the code "
                    "that your app shows now."
                )
            )
        return code
