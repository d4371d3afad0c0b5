"""The page of the security log, for leads and auditors. Reading it is recorded too."""

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from . import events, roles
from .models import SecurityEvent
from .security_log_words import detail_of, who_did

ON_A_PAGE = 50
NETWORK_SHOWN = 6  # characters of the keyed hash: enough to tell the networks of a page apart


class DayInput(forms.DateInput):
    input_type = "date"


class FilterForm(forms.Form):
    """What to show. Without an answer, everything."""

    person = forms.ModelChoiceField(
        get_user_model().objects.order_by("username"),
        label=gettext_lazy("Person"),
        required=False,
        empty_label=gettext_lazy("Everyone"),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        required=False,
        choices=[("", gettext_lazy("Everything")), *SecurityEvent.Kind.choices],
    )
    first = forms.DateField(label=gettext_lazy("First day"), required=False, widget=DayInput)
    last = forms.DateField(label=gettext_lazy("Last day"), required=False, widget=DayInput)
    before = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)

    def rows(self):
        """Return the events that match, the newest first. A person's events are those they did or that concern them."""
        asked = self.cleaned_data
        found = SecurityEvent.objects.select_related("actor", "account").order_by("-pk")
        if person := asked["person"]:
            found = found.filter(Q(actor=person) | Q(account=person))
        if asked["kind"]:
            found = found.filter(kind=asked["kind"])
        if asked["first"]:
            found = found.filter(occurred_at__date__gte=asked["first"])
        if asked["last"]:
            found = found.filter(occurred_at__date__lte=asked["last"])
        if asked["before"]:
            found = found.filter(pk__lt=asked["before"])
        return found


@never_cache
def page(request):
    """Show the events that match the form. Answers 422 and shows none if the form has an error."""
    if not roles.may_read_security_log(request.user):
        raise PermissionDenied
    form = FilterForm({"before": ""} | request.GET.dict())
    is_valid = form.is_valid()
    found = []
    if is_valid:
        events.record(SecurityEvent.Kind.LOG_READ, request=request, account=form.cleaned_data["person"])
        found = list(form.rows()[: ON_A_PAGE + 1])
    older = request.GET.copy()
    older["before"] = found[ON_A_PAGE - 1].pk if len(found) > ON_A_PAGE else ""
    context = admin.site.each_context(request) | {
        "title": _("Security log"),
        "form": form,
        "rows": [
            (event, detail_of(event), who_did(event), event.network[:NETWORK_SHOWN]) for event in found[:ON_A_PAGE]
        ],
        "is_filtered": form.has_changed(),
        "older": older.urlencode() if older["before"] else "",
    }
    return TemplateResponse(request, "staff/security_log.html", context, status=200 if is_valid else 422)
