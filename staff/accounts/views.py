"""What managers do with an account, each on a page that asks first: send a link, deactivate, reactivate."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from staff import assignments, events
from staff.models import SecurityEvent
from staff.sessions import endings, fresh

from . import links
from .access import may_manage

Kind = SecurityEvent.Kind


class ActionRefused(Exception):
    """Nothing changed. The message says why and what to do."""


@method_decorator(never_cache, name="dispatch")
class ActionView(FormView):
    """A page that asks about one action on an account, and carries it out.

    Subclasses set `title`, `question`, `button` and `done`, and define `act(form)`, which may raise `ActionRefused`.
    """

    form_class = forms.Form
    template_name = "staff/accounts/action.html"
    is_allowed_for_oneself = False

    def dispatch(self, request, *args, **kwargs):
        if not may_manage(request.user):
            raise PermissionDenied
        self.account = get_object_or_404(get_user_model(), pk=kwargs["pk"])
        if self.account == request.user and not self.is_allowed_for_oneself:
            messages.error(request, _("You can't do this to your own account. Ask another lead or administrator."))
            return self.to_account()
        return super().dispatch(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        to_account = reverse("admin:auth_user_change", args=[self.account.pk])
        return fresh.ask(request, back=to_account) or super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        parts = {"title": self.title, "account": self.account, "question": self.question, "button": self.button}
        return super().get_context_data(**kwargs) | admin.site.each_context(self.request) | parts

    def form_valid(self, form):
        try:
            with transaction.atomic():
                self.act(form)
        except (ActionRefused, links.LinkRefused) as refusal:
            messages.error(self.request, str(refusal))
        else:
            messages.success(self.request, self.done % {"account": self.account})
        return self.to_account()

    def to_account(self):
        return redirect("admin:auth_user_change", self.account.pk)


class SendLinkView(ActionView):
    title = gettext_lazy("Send a new link")
    question = gettext_lazy(
        "We email the person a link to set a new password. Only they see it. It works once, for 72 hours, and ends an "
        "older link. The current password works until they use it."
    )
    button = gettext_lazy("Send a new link")
    done = gettext_lazy("A new link for %(account)s is on its way.")

    def act(self, form):
        links.request_link(self.account, actor=self.request.user, request=self.request)


class DeactivationForm(forms.Form):
    """Why an account is deactivated. The security log holds the code."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        widget=forms.RadioSelect,
        choices=[
            ("left", gettext_lazy("The person no longer works here")),
            ("away", gettext_lazy("The person is away for a longer time")),
            ("breach", gettext_lazy("Someone else may have used the account")),
            ("mistake", gettext_lazy("The account was created by mistake")),
        ],
    )


class DeactivateView(ActionView):
    form_class = DeactivationForm
    title = gettext_lazy("Deactivate")
    question = gettext_lazy(
        "The person is signed out everywhere at once and can't sign in anymore. All roles of the account end. What "
        "they did stays in the records. You can reactivate the account later, without its roles."
    )
    button = gettext_lazy("Deactivate")
    done = gettext_lazy("%(account)s is deactivated and signed out everywhere.")

    def act(self, form):
        _switch(self.account, to_active=False)
        links.end_open(self.account, timezone.now())
        reason = form.cleaned_data["reason"]
        events.record(Kind.ACCOUNT_DEACTIVATED, request=self.request, account=self.account, detail=reason)
        ended = {"actor": self.request.user, "reason": _("Account deactivated"), "request": self.request}
        assignments.end_all(self.account, **ended)
        endings.end_all(self.account, self.request.user, self.request)


class ReactivateView(ActionView):
    title = gettext_lazy("Reactivate")
    question = gettext_lazy(
        "The person can sign in again with the password that they had. Their roles ended when the account was "
        "deactivated: give them again. If someone else may know the password, also send a new link."
    )
    button = gettext_lazy("Reactivate")
    done = gettext_lazy("%(account)s can sign in again.")

    def act(self, form):
        _switch(self.account, to_active=True)
        events.record(Kind.ACCOUNT_REACTIVATED, request=self.request, account=self.account)


ACTIONS = {"send-link": SendLinkView, "deactivate": DeactivateView, "reactivate": ReactivateView}


def _switch(account, to_active):
    """Activate or deactivate an account. Raises `ActionRefused` if a colleague has just done it."""
    rows = get_user_model().objects.filter(pk=account.pk, is_active=not to_active)
    if not rows.update(is_active=to_active):
        state = _("active") if to_active else _("deactivated")
        raise ActionRefused(_("Nothing changed: the account is %s already.") % state)
