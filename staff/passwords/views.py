"""The pages on which someone who has a password chooses another one."""

from django.contrib import admin
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from staff import events
from staff.sign_in import pending, steps
from staff.sign_in.throttled import ThrottledView

from .changing import change
from .forms import NewPasswordForm, OwnPasswordForm


class OwnPasswordView(ThrottledView, PasswordChangeView):
    """Django's page to change one's own password. It also ends the other sessions, and is recorded."""

    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form):
        change(form.save, form.user, self.request, keep=events.hashed_session(self.request))
        update_session_auth_hash(self.request, form.user)  # keeps this session, under a new key
        return HttpResponseRedirect(self.get_success_url())


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class ReplacePasswordView(FormView):
    """A step of the sign-in: choose a password in place of one that someone else has seen."""

    form_class = NewPasswordForm
    template_name = "staff/passwords/replace.html"

    def dispatch(self, request, *args, **kwargs):
        self.user = pending.user_of(request)
        if self.user is None or steps.due(self.user) is not steps.REPLACE_PASSWORD:
            return steps.go_on(request)
        if request.method == "POST" and request.POST.get("sign_in") != pending.id_of(request):
            return redirect(request.path)  # the form is from another sign-in of this browser
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.user}

    def get_context_data(self, **context):
        own = {"title": _("Choose your own password"), "account": self.user, "sign_in": pending.id_of(self.request)}
        return admin.site.each_context(self.request) | super().get_context_data(**context) | own

    def form_valid(self, form):
        change(form.save, self.user, self.request)
        pending.start(self.request, self.user, pending.onward_of(self.request))
        return steps.go_on(self.request)
