"""The access log: who read which requests. Leads and auditors can see it."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import access, search
from intake.models import AccessRecord, ShownRequest
from staff.log_page import LogFilterForm, one_page

from .base import RoleGuardedAdmin, for_readers


class FilterForm(LogFilterForm):
    action = forms.ChoiceField(
        label=gettext_lazy("How"),
        required=False,
        choices=[("", gettext_lazy("In any way")), *AccessRecord.Action.choices],
    )
    reference = forms.CharField(label=gettext_lazy("Reference of a request"), required=False, max_length=20)
    field_order = ["person", "action", "reference"]

    def clean_reference(self):
        """Return the request with this reference, or None if the box is empty."""
        typed = self.cleaned_data["reference"]
        if not typed:
            return None
        found = search.by_reference(typed)
        if found is None:
            raise ValidationError(_("No request has this reference. Check its eight characters."))
        return found

    def rows(self):
        """Return the accesses that match, the newest first."""
        asked = self.cleaned_data
        found = AccessRecord.objects.select_related("actor").order_by("-pk")
        if asked["person"]:
            found = found.filter(actor=asked["person"])
        if asked["action"]:
            found = found.filter(action=asked["action"])
        if asked["reference"]:
            found = found.filter(pk__in=ShownRequest.objects.filter(request=asked["reference"].pk).values("record"))
        return self.within(found)


def _counts(records):
    """Return how many requests each of these accesses showed: {id of the access: number}."""
    shown = ShownRequest.objects.filter(record__in=records)
    return dict(shown.order_by().values_list("record").annotate(Count("pk")))


@admin.register(AccessRecord)
class AccessRecordAdmin(RoleGuardedAdmin):
    fields = readonly_fields = ["occurred_at", "actor", "action", "requests"]

    def has_view_permission(self, request, obj=None):
        return access.may_read_access_log(request.user)

    @for_readers
    def changelist_view(self, request, extra_context=None):
        """Show the accesses that match the form. Answers 422 and shows none if the form has an error."""
        form = FilterForm({"before": ""} | request.GET.dict())
        is_valid = form.is_valid()
        found, older = one_page(form.rows(), request.GET) if is_valid else ([], "")
        counts = _counts(found)
        context = self.admin_site.each_context(request) | {
            "title": _("Access log"),
            "form": form,
            "rows": [(record, counts.get(record.pk, 0)) for record in found],
            "is_filtered": form.has_changed(),
            "older": older,
        }
        template = "admin/intake/accessrecord/access_log.html"
        return TemplateResponse(request, template, context, status=200 if is_valid else 422)

    @admin.display(description=_("requests that were shown"))
    def requests(self, obj):
        return format_html_join("", "<div>{}</div>", ((request_id,) for request_id in obj.request_ids)) or _("none")
