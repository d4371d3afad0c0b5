"""Handle a page that was deleted while someone was editing it. The editor gets their text back and can save it as a new
draft.
"""

from django.http import JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from wagtail.admin.utils import get_user_display_name
from wagtail.models import PageLogEntry

from recovery_site import cms

OF_THE_DELETED = ("csrfmiddlewaretoken", "loaded_revision_id", "loaded_revision_created_at", "overwrite_revision_id")


class DeletedPageMiddleware:
    """If the edited page was deleted, tell the editor who deleted it, and return the text that they sent."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code != 404 or getattr(request.resolver_match, "view_name", "") != "wagtailadmin_pages:edit":
            return response
        page_id = request.resolver_match.kwargs["page_id"]
        entry = PageLogEntry.objects.filter(page=page_id, action="wagtail.delete").first()
        return _answer(request, entry) if entry else response


def _answer(request, entry):
    who = get_user_display_name(entry.user) if entry.user else _("someone")
    when = date_format(timezone.localtime(entry.timestamp), "F j, g:i A")
    if not cms.is_page_load(request):
        sentence = _("%(who)s deleted this page. Press Save draft to keep your text.") % {"who": who}
        # Wagtail's script tries again only after this error code.
        answer = {"success": False, "error_code": "validation_error", "error_message": sentence}
        return JsonResponse(answer, status=404)
    model = entry.content_type.model_class()
    parent = next(page for kind in model.allowed_parent_page_models() if (page := kind.objects.first()))
    address = reverse("wagtailadmin_pages:add", args=[model._meta.app_label, model._meta.model_name, parent.pk])
    names = [name for name in request.POST if name not in OF_THE_DELETED and not name.startswith("action-")]
    fields = [(name, value) for name in names for value in request.POST.getlist(name)]
    context = {"title": entry.label, "who": who, "when": when, "parent": parent, "address": address, "fields": fields}
    response = render(request, "cms/deleted.html", context, status=404)
    response["Cache-Control"] = "no-store"
    return response
