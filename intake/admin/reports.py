"""The report page and its CSV download."""

from django.http import StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from intake.reports import export, figures, period, sections, small_numbers
from staff import events
from staff.sessions import fresh


def page(model_admin, request):
    """Show figures and charts for a range of days. If the range is invalid, show the form with the error."""
    form, asked = period.asked_for(request.GET)
    context = model_admin.admin_site.each_context(request) | {
        "opts": model_admin.opts,
        "title": _("Response times"),
        "form": form,
        "presets": period.PRESETS.items(),
        "chosen_days": request.GET.get("days", ""),
        "asked": asked,
    }
    if asked:
        found = figures.figures_for(asked)
        context |= {
            "summary": sections.summary(found.everyone),
            "sections": sections.sections_for(found) if found.everyone.count >= small_numbers.LEAST else [],
        }
    return TemplateResponse(request, "admin/intake/reports.html", context, status=200 if asked else 422)


def download(model_admin, request):
    """Download the requests of a range of days as CSV."""
    _form, asked = period.asked_for(request.GET)
    if asked is None:
        return page(model_admin, request)
    reports = reverse("admin:intake_assessmentrequest_reports")
    if ask := fresh.ask(request, back=f"{reports}?{request.GET.urlencode()}"):
        return ask
    events.record(events.Kind.EXPORTED, request=request, detail="requests")
    response = StreamingHttpResponse(export.lines(asked, request.user), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="requests-{asked.first}-to-{asked.last}.csv"'
    return response
