"""What a lead or an administrator does for a colleague who lost the second factor."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff.accounts import links
from staff.accounts.views import ActionView, Refused
from staff.sessions import endings

from . import factors


class ResetForm(forms.Form):
    """Why the second factor is reset. The security log holds the code."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        widget=forms.RadioSelect,
        choices=[
            ("lost", gettext_lazy("The phone or the key is lost or broken")),
            ("stolen", gettext_lazy("It was stolen, or someone else may have used it")),
            ("new", gettext_lazy("The person has a new phone, and the old one is gone")),
        ],
    )


class ResetView(ActionView):
    """Remove every second factor of a colleague and send a link to start over.

    The password ends too. Otherwise, someone who knows it could set up a second factor before the person does.
    """

    form_class = ResetForm
    title = gettext_lazy("Reset second factor")
    question = gettext_lazy(
        "First make sure that it is really your colleague who asks, in person or by a call to a number that you know. "
        "The person is signed out everywhere. The password, the app, the passkeys and the recovery codes stop working. "
        "We email a link to set a new password; then the person sets up a new second factor."
    )
    button = gettext_lazy("Reset second factor")
    done = gettext_lazy("The second factor of %(account)s is reset, and a link is on its way.")

    def act(self, form):
        if not factors.is_enrolled(self.account):
            raise Refused(_("This account has no second factor. To give the person a new password, send a new link."))
        links.request_link(self.account, actor=self.request.user, request=self.request)
        factors.remove_all(self.request, self.account, f"reset {form.cleaned_data['reason']}")
        self.account.set_unusable_password()
        self.account.save(update_fields=["password"])
        endings.end_all(self.account, self.request.user, self.request)
