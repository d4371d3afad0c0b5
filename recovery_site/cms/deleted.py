"""A page that was deleted while someone had it open: what they typed comes back, and one press makes a new draft of
it."""

from django.http import JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from wagtail.admin.utils import get_user_display_name
from wagtail.models import Page, PageLogEntry

from recovery_site import cms

OF_THE_DELETED = ("csrfmiddlewaretoken", "loaded_revision_id", "loaded_revision_created_at", "overwrite_revision_id")


class DeletedPageMiddleware:
    """Answers what is sent from the editor of a page that is gone by now."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.method != "POST" or request.resolver_match.view_name != "wagtailadmin_pages:edit":
            return None
        if Page.objects.filter(pk=kwargs["page_id"]).exists():
            return None
        entry = PageLogEntry.objects.filter(page=kwargs["page_id"], action="wagtail.delete").first()
        return entry and _answer(request, entry)


def _answer(request, entry):
    who = get_user_display_name(entry.user) if entry.user else _("someone")
    when = date_format(timezone.localtime(entry.timestamp), "F j, g:i A")
    if not cms.is_page_load(request):
        sentence = _("This page was deleted by %(who)s. Press Save draft: your words are kept.") % {"who": who}
        # Of the codes that Wagtail's script knows, the one after which it goes on to try.
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
