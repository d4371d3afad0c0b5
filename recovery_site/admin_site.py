"""The admin site for staff: Django's admin with its own name and a front page for each role."""

from functools import wraps

from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import FieldDoesNotExist
from django.db.models.base import ModelBase
from django.http import HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import error_views, resubmit


class StaffSite(admin.AdminSite):
    site_title = _("Renaissance Recovery Center")
    site_header = _("Renaissance Recovery Center: staff")
    index_title = _("Desk and content")
    enable_nav_sidebar = False

    def register(self, model_or_iterable, admin_class=None, **options):
        """Register models, except those of Wagtail and taggit, because editors change content only at /cms/, and
        those of the second factor, which everyone manages for themselves."""
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        super().register([model for model in models if not _has_own_pages(model)], admin_class, **options)

    def each_context(self, request):
        """Add an empty subtitle and an empty list of panels, because the templates of every page use them."""
        return super().each_context(request) | {"subtitle": "", "panels": []}

    def index(self, request, extra_context=None):
        """Show the front page with the panels for the signed-in user."""
        from . import front_page  # imported late, because the models that it uses load after this site

        return super().index(request, {"panels": front_page.panels(request)} | (extra_context or {}))

    def get_urls(self):
        """Return the addresses of the staff app, followed by those of the admin."""
        from staff.urls import urlpatterns  # imported late, because its views load after this site

        return [*urlpatterns, *super().get_urls()]

    def login(self, request, extra_context=None):
        """Show the sign-in page, or the front page to someone who is signed in already."""
        from staff.sign_in.views import SignInView  # imported late, because its form loads after this site

        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(resolve_url(settings.LOGIN_REDIRECT_URL))
        request.current_app = self.name
        context = self.each_context(request) | {
            "title": gettext("Sign in"),
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            "notice": "",  # only `sign_in_again` sets one
        }
        return SignInView.as_view(extra_context=context | (extra_context or {}))(request)

    def password_change(self, request, extra_context=None):
        """Show the page to change one's own password."""
        from staff.passwords.views import OwnPasswordView  # imported late, because its form loads after this site

        request.current_app = self.name
        return OwnPasswordView.as_view(extra_context=self.each_context(request) | (extra_context or {}))(request)

    def admin_view(self, view, cacheable=False):
        """Wrap a view as the stock admin does, but keep what people typed.

        If someone was signed out before they sent a form, show them what they typed instead of the sign-in page.
        """
        stock_view = super().admin_view(view, cacheable)

        @wraps(stock_view)
        def checked(request, *args, **kwargs):
            if not self.has_permission(request) and resubmit.is_worth_keeping(request):
                return resubmit.page(request)
            return stock_view(request, *args, **kwargs)

        return checked

    def autocomplete_view(self, request):
        """Answer 400 if the field is not a relation. The stock view would raise an error and log the field's name."""
        try:
            model = apps.get_model(request.GET["app_label"], request.GET["model_name"])
            is_relation = model._meta.get_field(request.GET["field_name"]).is_relation
        except (LookupError, ValueError, FieldDoesNotExist):
            is_relation = False
        return super().autocomplete_view(request) if is_relation else error_views.bad_request(request)

    def sign_in_again(self, request):
        """Respond to a sign-in whose CSRF check failed. Usually, the user has signed in from a second tab.

        If someone is signed in by now, redirect to the target page and say who is signed in. Otherwise, show the form
        again with the typed username.
        """
        onward = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
        if self.has_permission(request):
            self._say_who_is_signed_in(request)
            is_ours = url_has_allowed_host_and_scheme(onward, {request.get_host()}, require_https=request.is_secure())
            return HttpResponseRedirect(onward if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL), status=303)
        from staff.sign_in.forms import SignInForm  # imported late, because it uses the model of the accounts

        form = SignInForm(request, initial={"username": request.POST.get("username", "")})
        if form["username"].value():  # only the password is left to type
            del form.fields["username"].widget.attrs["autofocus"]
            form.fields["password"].widget.attrs["autofocus"] = True
        context = self.each_context(request) | {
            "title": gettext("Sign in"),
            "app_path": request.get_full_path(),
            "form": form,
            REDIRECT_FIELD_NAME: onward,
            "notice": gettext(
                "You are not signed in yet. This page was open too long, or your browser blocks cookies. Type your "
                "password and try again."
            ),
        }
        response = TemplateResponse(request, "admin/login.html", context, status=403)
        response["Cache-Control"] = "no-store"
        return response.render()

    def _say_who_is_signed_in(self, request):
        name, typed = request.user.get_username(), request.POST.get("username", "").strip()
        if typed in ("", name):
            messages.info(request, gettext("You are already signed in as %s.") % name)
            return
        names = {"name": name, "typed": typed}
        messages.warning(
            request,
            gettext("You are signed in as %(name)s. To sign in as %(typed)s, sign out first.") % names,
        )


def _has_own_pages(model):
    return model._meta.app_label.startswith(("wagtail", "taggit", "otp_", "django_otp"))
