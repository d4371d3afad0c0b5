"""The self-service page behind the private link. A person changes or withdraws their own request there.

It never shows what was stored. Opening it changes nothing, and each change is a POST that the person must confirm. The
secret in the URL replaces a cookie, so these pages work without one.
"""

import logging

from django import forms
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from intake import workflow
from intake.contact.preferred_time import SaysWhenWeAreClosed, closed_parts
from intake.contact.time_zones import TIME_ZONES
from intake.models.contact import PreferredTime
from intake.submission import device, pending, private_link
from intake.submission.forms import HonestTextField

from .views import private

logger = logging.getLogger(__name__)


class PrivateForm(device.VisitorForm):
    """A form of the self-service page. The browser is told to remember nothing typed into it."""

    must_forget = True

    def check(self, request):
        """Raise `workflow.TransitionRefused` if this can't be done, before the person is asked to confirm."""

    def warning(self, request):
        """Return a sentence that the person should read before they confirm; "" if there is none."""
        return ""


class TimeForm(SaysWhenWeAreClosed, PrivateForm):
    """The form to choose another time to be contacted."""

    preferred_time = forms.ChoiceField(
        label=gettext_lazy("When is a good time?"),
        choices=PreferredTime.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose when we may reach you.")},
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Your time zone"),
        choices=[("", gettext_lazy("As before")), *TIME_ZONES],
        required=False,
    )

    def chosen(self):
        """Return the chosen time as words, for the person to confirm."""
        answered = [name for name in self.fields if self.cleaned_data[name]]
        return [dict(self.fields[name].choices)[self.cleaned_data[name]] for name in answered]

    def check(self, request):
        workflow.check_preferred_time(request, self.cleaned_data["preferred_time"])

    def warning(self, request):
        time, zone = self.cleaned_data["preferred_time"], self.cleaned_data["time_zone"]
        zone = zone or workflow.own_preferences(request).get("time_zone")  # linking may have brought another zone
        if not zone or time not in closed_parts(zone):
            return ""
        return _(
            "We are closed %(time)s in your time zone, so we can't call you then. If you choose it anyway, we "
            "won't call at another time of day. To get a call, go back and choose a time that is safe for you."
        ) % {"time": PreferredTime(time).label.lower()}

    def carry_out(self, request_id):
        return _("Your new time is saved."), workflow.change_preferred_time(request_id=request_id, **self.cleaned_data)


class MessageForm(PrivateForm):
    """The form to add a message for staff."""

    message = HonestTextField(
        label=gettext_lazy("Anything you want to add"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Write something first, or leave this page as it is.")},
    )

    def chosen(self):
        return [self.cleaned_data["message"]]

    def carry_out(self, request_id):
        workflow.add_message(request_id=request_id, text=self.cleaned_data["message"])
        return _("We added your message."), ""


class WithdrawForm(PrivateForm):
    """The form to withdraw the request. It has no fields."""

    def chosen(self):
        return []

    def carry_out(self, request_id):
        workflow.withdraw(request_id=request_id)
        return _("Your request is withdrawn."), _(
            "No one on our team can read what you wrote anymore. We will not contact you about it."
        )


FORMS = {"time": TimeForm, "message": MessageForm, "withdraw": WithdrawForm}


@csrf_exempt  # the secret address is the proof; browsers send no origin from a page without referrer
@ensure_csrf_cookie  # by it, "Leave quickly" knows on every page that something may have been typed here
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request, secret):
    """Show the self-service page.

    A POST with `action` (a key of `FORMS`) asks the person to confirm; a POST with `confirm` carries the action out.
    Both redirect to a page with the answer (see `check`), so that Back and Forward can show it. If that page can't be
    stored, the response is the page itself.
    """
    action = request.POST.get("action") if request.method == "POST" else None
    try:
        return private(_answer(request, secret, action))
    except Exception as error:
        logger.error("The self-service page failed: %s", type(error).__name__)
        return private(
            _show(
                request,
                {action: FORMS[action](initial=request.POST.dict())} if action in FORMS else {},
                503,
                _not_now(),
            )
        )


@ensure_csrf_cookie
@never_cache
@require_safe
def check(request, secret, token):
    """Show the answer to a POST: a form to correct, a question to confirm, or what was done."""
    try:
        content = pending.find(request, token)
        if content and content.get("about") == private_link.hash_of(secret):
            if "done" in content:
                return private(_done_page(request, content))
            if private_link.find(secret):
                return private(_page_of(request, content, token))
    except Exception as error:
        logger.error("The self-service page failed: %s", type(error).__name__)
        return private(_show(request, status=503, notice=_not_now()))
    return private(_to_the_page(secret))


def _answer(request, secret, action):
    theirs = private_link.find(secret)
    if theirs is None:
        return _to_the_page(secret) if request.method == "POST" else _ended(request)
    if action not in FORMS:
        return _to_the_page(secret) if request.method == "POST" else _show(request)
    form = FORMS[action](request.POST)
    content = {
        "about": private_link.hash_of(secret),
        "action": action,
        "fields": pending.fields_of(request.POST, form.fields),
    }
    if not form.is_valid():
        return _lead_to(request, secret, content | {"status": 422, "notice": ""})
    try:
        form.check(theirs)
        if "confirm" not in request.POST:
            return _lead_to(request, secret, content | {"status": 200, "notice": form.warning(theirs)})
        done, then = form.carry_out(theirs.pk)
    except workflow.TransitionRefused as refused:
        return _lead_to(request, secret, content | {"status": 409, "notice": str(refused)})
    content = {"about": content["about"], "done": done, "then": then, "ended": action == "withdraw"}
    return device.forget(request, _lead_to(request, secret, content))


def _lead_to(request, secret, content):
    """Redirect to a page with this content. If it can't be stored, return the page itself.

    A page that says what was done holds nothing typed. It works in any browser session, as this one has just changed.
    """
    token = pending.keep(request, content["about"], content, is_bound="done" not in content)
    if token is None:
        return _done_page(request, content) if "done" in content else _page_of(request, content)
    return HttpResponseRedirect(reverse("intake:manage_check", args=[secret, token]), status=303)


def _to_the_page(secret):
    return HttpResponseRedirect(reverse("intake:manage", args=[secret]), status=303)


def _page_of(request, content, kept_under=""):
    """Return the page of a form to correct or to confirm. A form to correct has an error status."""
    action = content["action"]
    form = FORMS[action](pending.data_of(content["fields"]))
    if content["status"] != 200:
        return _show(request, {action: form}, content["status"], content["notice"], kept_under)
    form.is_valid()  # always True here; fills `cleaned_data`
    context = {
        "action": action,
        "form": form,
        "chosen": form.chosen(),
        "warning": content["notice"],
        "address": _own_address(request),
        "kept_under": kept_under,
    }
    return render(request, "intake/self_service_confirm.html", context)


def _own_address(request):
    return reverse("intake:manage", args=[request.resolver_match.kwargs["secret"]])


def _done_page(request, content):
    return render(
        request, "intake/self_service_done.html", content | {"address": _own_address(request), "kept_under": ""}
    )


def _ended(request):
    return render(request, "intake/self_service_ended.html", {"kept_under": ""}, status=404)


def _show(request, bound=None, status=200, notice="", kept_under=""):
    shown = {name: Form() for name, Form in FORMS.items()} | (bound or {})
    errors = [(field, error) for form in shown.values() for field in form for error in field.errors]
    context = {"forms": shown, "notice": notice, "errors": errors, "kept_under": kept_under}
    context["address"] = _own_address(request)
    return render(request, "intake/self_service.html", context, status=status)


def _not_now():
    return _("We can't change your request right now. Please try again soon, or call us.")
