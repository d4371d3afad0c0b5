"""The pages of the reports, and their download."""

from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from intake import access
from intake.reports import export, figures, period, sections, small_numbers


def page(model_admin, request):
    """Figures and charts over a range of days. A range that can't be: the form again, with the reason."""
    _require_reader(request)
    form, asked = period.asked_for(request.GET)
    context = model_admin.admin_site.each_context(request) | {
        "opts": model_admin.opts,
        "title": _("How fast people were answered"),
        "form": form,
        "presets": period.PRESETS.items(),
        "asked": asked,
    }
    if asked:
        found = figures.of(asked)
        context |= {
            "everyone": _in_words(found.everyone),
            "sections": sections.of(found) if found.everyone.count >= small_numbers.LEAST else [],
        }
    return TemplateResponse(request, "admin/intake/reports.html", context, status=200 if asked else 422)


def download(model_admin, request):
    """The requests of the same days as CSV."""
    _require_reader(request)
    _form, asked = period.asked_for(request.GET)
    if asked is None:
        return page(model_admin, request)
    response = StreamingHttpResponse(export.lines(asked, request.user), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="requests-{asked.first}-to-{asked.last}.csv"'
    return response


def _require_reader(request):
    if not access.may_read_requests(request.user):
        raise PermissionDenied


def _in_words(waits):
    if waits.count < small_numbers.LEAST:
        return {"count": small_numbers.FEW}
    return {
        "count": waits.count,
        "median_to_attempt": sections.in_words(waits.median_to_attempt),
        "ninetieth_to_attempt": sections.in_words(waits.ninetieth_to_attempt),
        "median_to_talk": sections.in_words(waits.median_to_talk),
        "ninetieth_to_talk": sections.in_words(waits.ninetieth_to_talk),
        "share_in_time": waits.share_in_time,
    }
