"""The page behind a set-up link, where a person sets their own password."""

from django.contrib import admin
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from staff.passwords.forms import NewPasswordForm

from . import links


# The secret in the address proves who sends the form, and no other site knows it. Django's check would refuse it: from
# a page that sends no referrer, browsers send no origin either.
@method_decorator([never_cache, csrf_exempt, sensitive_post_parameters()], name="dispatch")
class SetUpView(FormView):
    """Ask for a password, and use the link up when it is set. Opening the page uses nothing up."""

    form_class = NewPasswordForm
    template_name = "staff/accounts/set_up.html"
    link = None

    def dispatch(self, request, *args, **kwargs):
        self.link = links.find(kwargs["token"], timezone.now())
        response = super().dispatch(request, *args, **kwargs) if self.link else self.refusal()
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    def refusal(self):
        """Return the page for a link that is used, too old or made up. It does not say which."""
        context = admin.site.each_context(self.request) | {"title": _("This link does not work"), "form": None}
        return TemplateResponse(self.request, self.template_name, context, status=410)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.link.account}

    def get_context_data(self, **kwargs):
        context = {"title": _("Set your password"), "account": self.link.account}
        return super().get_context_data(**kwargs) | admin.site.each_context(self.request) | context

    def form_valid(self, form):
        return redirect("admin:set_up_done") if links.use(self.link, form.save, self.request) else self.refusal()


@never_cache
def done(request):
    """Say that the password is set, and lead to the sign-in page."""
    context = admin.site.each_context(request) | {"title": _("Your password is set")}
    return TemplateResponse(request, "staff/accounts/set_up_done.html", context)
