"""What a lead or an administrator does for a colleague who lost the second factor."""

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff.accounts import links
from staff.accounts.views import ActionRefused, ActionView
from staff.sessions import endings

from . import factors

REASONS = {
    "lost": gettext_lazy("The phone or the key is lost or broken"),
    "stolen": gettext_lazy("It was stolen, or someone else may have used it"),
    "new": gettext_lazy("The person has a new phone, and the old one is gone"),
}


class ResetForm(forms.Form):
    """Why the second factor is reset. The security log holds the code."""

    reason = forms.ChoiceField(label=gettext_lazy("Reason"), widget=forms.RadioSelect, choices=list(REASONS.items()))


@transaction.atomic
def reset(account, reason, *, by=None, request=None):
    """Remove every second factor of an account, end its sessions, and send its owner a link to start over.

    The password ends too. Otherwise, someone who knows it could set up a second factor before the owner does.
    `reason`: one of `REASONS`. `by`: who does it; None for a command on the server. Raises `ActionRefused` or
    `links.LinkRefused`.
    """
    if not factors.is_enrolled(account):
        raise ActionRefused(_("This account has no second factor. To give the person a new password, send a new link."))
    links.request_link(account, actor=by, request=request)
    factors.remove_all(request, account, f"reset {reason}")
    account.set_unusable_password()
    account.save(update_fields=["password"])
    endings.end_all(account, by, request)


class ResetView(ActionView):
    """Reset the second factor of a colleague."""

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
        reset(self.account, form.cleaned_data["reason"], by=self.request.user, request=self.request)
