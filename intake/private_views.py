"""The page behind the private link: a person changes or withdraws their own request.

It never shows what was stored. Reading changes nothing; each change is a POST that is asked back once. The secret in
the address stands in for a cookie, so these pages work without one.
"""

import logging

from django import forms
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from . import device, private_link, workflow
from .forms import TIME_ZONES, HonestTextField
from .models.told import BestTime
from .views import private

logger = logging.getLogger(__name__)


class PrivateForm(device.VisitorForm):
    """A form of the private page, which shows nothing again that was typed."""

    must_forget = True


class WindowForm(PrivateForm):
    """Another time to be reached."""

    best_time = forms.ChoiceField(
        label=gettext_lazy("When is a good time?"),
        choices=BestTime.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose when we may reach you.")},
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Your time zone"),
        choices=[("", gettext_lazy("As before")), *TIME_ZONES],
        required=False,
    )

    def chosen(self):
        """What the person is asked back about, in words."""
        answered = [name for name in self.fields if self.cleaned_data[name]]
        return [dict(self.fields[name].choices)[self.cleaned_data[name]] for name in answered]

    def carry_out(self, request_id):
        return _("The new time is set."), workflow.change_window(request_id=request_id, **self.cleaned_data)


class WordsForm(PrivateForm):
    """More that the person wants us to know."""

    words = HonestTextField(
        label=gettext_lazy("Anything you want to add"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Write something first, or leave this page as it is.")},
    )

    def chosen(self):
        return [self.cleaned_data["words"]]

    def carry_out(self, request_id):
        workflow.add_words(request_id=request_id, text=self.cleaned_data["words"])
        return _("Your words are added."), ""


class WithdrawForm(PrivateForm):
    """The request is taken back; there is nothing to fill in."""

    def chosen(self):
        return []

    def carry_out(self, request_id):
        workflow.withdraw(request_id=request_id)
        return _("Your request is withdrawn."), _(
            "Nobody can read what you wrote any more. We will not contact you about it."
        )


FORMS = {"window": WindowForm, "words": WordsForm, "withdraw": WithdrawForm}


@csrf_exempt  # who knows the address may act; a browser sends no origin from a page without referrer
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def yours(request, secret):
    """The private page. POST `do` is one of `FORMS`: asked back first, carried out with `sure`."""
    do = request.POST.get("do") if request.method == "POST" else None
    try:
        return private(_answer(request, secret, do))
    except Exception as error:
        logger.error("The private page failed: %s", type(error).__name__)
        notice = _("We can't change your request right now. Please try again soon, or call us.")
        return private(_show(request, {do: FORMS[do](initial=request.POST.dict())} if do in FORMS else {}, 503, notice))


def _answer(request, secret, do):
    theirs = private_link.find(secret)
    if theirs is None:
        return render(request, "intake/yours_ended.html", status=404)
    if do not in FORMS:
        return _show(request)
    form = FORMS[do](request.POST)
    if not form.is_valid():
        return _show(request, {do: form}, 422)
    if "sure" not in request.POST:
        return render(request, "intake/yours_sure.html", {"do": do, "form": form, "chosen": form.chosen()})
    try:
        done, then = form.carry_out(theirs.pk)
    except workflow.Refused as refused:
        return _show(request, {do: form}, 409, str(refused))
    context = {"done": done, "then": then, "ended": do == "withdraw"}
    return device.forget(render(request, "intake/yours_done.html", context))


def _show(request, bound=None, status=200, notice=""):
    shown = {name: Form() for name, Form in FORMS.items()} | (bound or {})
    errors = [(field, error) for form in shown.values() for field in form for error in field.errors]
    context = {"forms": shown, "notice": notice, "errors": errors}
    return render(request, "intake/yours.html", context, status=status)
