"""The page of the security log, for leads and auditors. Reading it is recorded too."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from . import events, roles
from .log_page import LogFilterForm, one_page
from .models import SecurityEvent
from .security_log_words import detail_of, who_did

NETWORK_SHOWN = 6  # characters of the keyed hash: enough to tell the networks of a page apart


class FilterForm(LogFilterForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        required=False,
        choices=[("", gettext_lazy("Everything")), *SecurityEvent.Kind.choices],
    )
    field_order = ["person", "kind"]

    def rows(self):
        """Return the events that match, the newest first. A person's events are those they did or that concern them."""
        asked = self.cleaned_data
        found = SecurityEvent.objects.select_related("actor", "account").order_by("-pk")
        if person := asked["person"]:
            found = found.filter(Q(actor=person) | Q(account=person))
        if asked["kind"]:
            found = found.filter(kind=asked["kind"])
        return self.within(found)


@never_cache
def page(request):
    """Show the events that match the form. Answers 422 and shows none if the form has an error."""
    if not roles.may_read_security_log(request.user):
        raise PermissionDenied
    form = FilterForm({"before": ""} | request.GET.dict())
    is_valid = form.is_valid()
    found, older = [], ""
    if is_valid:
        events.record(SecurityEvent.Kind.LOG_READ, request=request, account=form.cleaned_data["person"])
        found, older = one_page(form.rows(), request.GET)
    context = admin.site.each_context(request) | {
        "title": _("Security log"),
        "form": form,
        "rows": [(event, detail_of(event), who_did(event), event.network[:NETWORK_SHOWN]) for event in found],
        "is_filtered": form.has_changed(),
        "older": older,
    }
    return TemplateResponse(request, "staff/security_log.html", context, status=200 if is_valid else 422)
