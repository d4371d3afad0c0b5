"""What people do with their own second factors, from the page of their account.

Each change needs a confirmation after the sign-in, because it outlives the session: a stolen cookie must not do it.
"""

from functools import partial, wraps

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView
from django_otp import login as remember_device

from staff import events
from staff.models import factor_of
from staff.sessions import endings, fresh

from . import factors, passkeys, qr_code, recovery_codes
from .forms import SetUpForm
from .views import SEED, app_being_set_up, page, show_new_recovery_codes

FIRST_CODES = "first_recovery_codes"  # in the session: its sign-in set up the first passkey, so codes come next


def note_first_codes(request):
    """Let this session make its first recovery codes without a confirmation."""
    request.session[FIRST_CODES] = True


def makes_first_codes(request):
    """Return whether to show the first recovery codes next, after a sign-in that set up a passkey."""
    is_next = FIRST_CODES in request.session and fresh.is_fresh(request)
    return is_next and request.user.is_authenticated and not recovery_codes.left(request.user)


def for_oneself(view, unless=None):
    """Wrap a view of signed-in staff that changes their own second factors.

    `unless`: takes the request and returns whether no confirmation is needed.
    """

    @wraps(view)
    def asking(request, *args, **kwargs):
        if unless is not None and unless(request):
            return view(request, *args, **kwargs)
        ask = fresh.ask(request, back=resolve_url("admin:account"), confirmed=True)
        if ask:
            return ask
        if request.method == "POST" and fresh.sent_nothing_else(request):
            return redirect(request.get_full_path())  # the page asked for the proof before it was shown
        return view(request, *args, **kwargs)

    return admin.site.admin_view(asking)


def section(request):
    """Return what the page of the account shows about second factors (its template: factors.html)."""
    apps = list(factors.apps_of(request.user))
    devices = [(factor_of(device), device) for device in [*apps, *factors.passkeys_of(request.user)]]
    left = recovery_codes.left(request.user)
    return {
        "factors": devices,
        "has_app": bool(apps),
        "may_remove": len(devices) > 1 or not factors.is_required(),
        "offers_passkeys": passkeys.are_offered(request),
        "codes_left": left,
        "has_few_codes": bool(devices) and left <= recovery_codes.FEW,
    }


@method_decorator([never_cache, sensitive_post_parameters(), for_oneself], name="dispatch")
class AppView(FormView):
    """Set up an authenticator app, in place of the earlier one if there is one."""

    form_class = SetUpForm
    template_name = "staff/second_factor/app.html"

    def get_form_kwargs(self):
        self.device = app_being_set_up(self.request, self.request.user)
        return super().get_form_kwargs() | {"request": self.request, "device": self.device, "may_replace": True}

    def get_context_data(self, **context):
        has_app = factors.apps_of(self.request.user).exists()
        title = _("Replace your authenticator app") if has_app else _("Set up an authenticator app")
        context = super().get_context_data(**context) | {"title": title, "has_app": has_app, "sign_in": ""}
        return admin.site.each_context(self.request) | context | qr_code.context(self.device)

    def form_valid(self, form):
        del self.request.session[SEED]
        note_added(self.request, self.device)
        if not recovery_codes.left(self.request.user):
            return show_new_recovery_codes(self.request, self.request.user, resolve_url("admin:account"))
        messages.success(self.request, _("Your authenticator app is set up. Any earlier one no longer works here."))
        return redirect("admin:account")


def note_added(request, device):
    """Record that this session has proved the new second factor. End the user's other sessions, which have not."""
    remember_device(request, device)
    endings.end_all(request.user, request.user, request, keep=events.hashed_session(request))


@never_cache
@for_oneself
def add_passkey(request):
    """Show the page with the button that adds a passkey."""
    return page(request, "passkey", _("Add a passkey"))


@never_cache
@partial(for_oneself, unless=makes_first_codes)
def new_recovery_codes(request):
    """Ask whether to make new recovery codes, then show them once. `next`: where to go on."""
    onward = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(onward, {request.get_host()}, require_https=settings.IS_HTTPS):
        onward = resolve_url("admin:account")
    if request.method == "POST" and factors.is_enrolled(request.user):
        request.session.pop(FIRST_CODES, None)
        return show_new_recovery_codes(request, request.user, onward)
    left = recovery_codes.left(request.user)
    return page(request, "new_recovery_codes", _("Recovery codes"), codes_left=left, onward=onward)


@for_oneself
def remove(request):
    """Remove one authenticator app or passkey."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    kind, _separator, pk = request.POST.get("factor", "").partition("-")
    if pk.isdecimal() and factors.remove_unless_last(request, request.user, int(pk), kind):
        messages.success(request, _("Removed."))
    else:
        messages.error(request, LAST)
    return redirect("admin:account")


LAST = gettext_lazy(
    "Nothing was removed: it is gone already, or it is the only one that you have. Add another one first."
)
