"""The pages between the right password and being signed in."""

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from staff import events
from staff.sessions import endings
from staff.sign_in import pending, steps
from staff.sign_in.throttled import ThrottledView

from . import factors, qr_code, recovery_codes
from .forms import AppCodeForm, RecoveryCodeForm, SetUpForm

SEED = "second_factor_seed"  # in the session: of the app that is being set up


def page(request, template, title, **context):
    """Return a page of the staff area. Its template is under templates/staff/second_factor/."""
    context = admin.site.each_context(request) | {"title": title} | context
    return TemplateResponse(request, f"staff/second_factor/{template}.html", context)


def show_new_recovery_codes(request, user, onward):
    """Make new recovery codes and return the page that shows them, this one time."""
    codes = recovery_codes.make(user)
    return page(request, "recovery_codes", _("Save your recovery codes"), codes=codes, onward=onward)


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class PendingView(FormView):
    """A page for `self.user`, who gave the right password and is about to sign in.

    `for_enrolled`: whether the page is for those who have a second factor. Those who have none set one up.
    """

    for_enrolled = True
    title = ""

    def dispatch(self, request, *args, **kwargs):
        self.user = pending.user_of(request)
        if self.user is None:
            return pending.begin_again(request)
        if steps.due(self.user) is not steps.SECOND_FACTOR:
            return steps.go_on(request)
        if factors.is_enrolled(self.user) is not self.for_enrolled:
            return redirect("admin:second_factor_set_up" if self.for_enrolled else "admin:second_factor")
        if request.method == "POST" and request.POST.get("sign_in") != pending.id_of(request):
            return redirect(request.path)  # the form is from another sign-in of this browser
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **context):
        context = super().get_context_data(**context) | {"title": self.title, "username": self.user.get_username()}
        return admin.site.each_context(self.request) | context | {"sign_in": pending.id_of(self.request)}


class ProofView(ThrottledView, PendingView):
    """A page that asks for a code and then signs in."""

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"request": self.request, "user": self.user}

    def form_valid(self, form):
        return HttpResponseRedirect(pending.finish(self.request, form.device))


class CodeView(ProofView):
    form_class = AppCodeForm
    template_name = "staff/second_factor/code.html"
    title = _("Second step: your second factor")

    def get_context_data(self, **context):
        has_app, has_passkey = factors.apps_of(self.user).exists(), factors.passkeys_of(self.user).exists()
        return super().get_context_data(**context) | {"has_app": has_app, "has_passkey": has_passkey}


class RecoveryCodeView(ProofView):
    form_class = RecoveryCodeForm
    template_name = "staff/second_factor/recovery_code.html"
    title = _("Enter a recovery code")

    def form_valid(self, form):
        response = super().form_valid(form)
        left = recovery_codes.left(self.user)
        sentence = ngettext("You used a recovery code. %d is left.", "You used a recovery code. %d are left.", left)
        messages.warning(self.request, sentence % left)
        return response


class SetUpView(PendingView):
    """Set up an authenticator app, sign in, end sessions without a second factor, and show the recovery codes."""

    for_enrolled = False
    form_class = SetUpForm
    template_name = "staff/second_factor/set_up.html"
    title = _("Set up your second factor")

    def get_form_kwargs(self):
        self.device = app_being_set_up(self.request, self.user)
        return super().get_form_kwargs() | {"request": self.request, "device": self.device, "may_replace": False}

    def get_context_data(self, **context):
        return super().get_context_data(**context) | qr_code.context(self.device)

    def form_valid(self, form):
        del self.request.session[SEED]
        onward = pending.finish(self.request, self.device)
        endings.end_all(self.user, self.user, self.request, keep=events.hashed_session(self.request))
        return show_new_recovery_codes(self.request, self.user, onward)


def app_being_set_up(request, user):
    """Return the app that this browser is setting up for a user. It stays the same until it is set up."""
    stored = request.session.get(SEED)
    if stored is None or stored["account"] != user.pk:
        stored = request.session[SEED] = {"account": user.pk, "seed": factors.new_seed()}
    return factors.app_to_set_up(user, stored["seed"])
