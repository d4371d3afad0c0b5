"""The admin of assessment requests: its URLs, and who may open them."""

from functools import partial

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import path

from intake import access
from intake.models import AssessmentRequest

from . import phone_request, reports
from .base import RoleGuardedAdmin, for_readers
from .find import page as find
from .queue import actions as queue_actions
from .queue import page as queue_page
from .queue import polling
from .request import page as request_page
from .request import updates as request_updates


@admin.register(AssessmentRequest)
class AssessmentRequestAdmin(RoleGuardedAdmin):
    list_per_page = 25  # a longer page would be out of date before its last row is reached

    def has_view_permission(self, request, obj=None):
        return access.may_read_requests(request.user)

    def has_add_permission(self, request):
        return access.may_read_requests(request.user)

    @for_readers
    def add_view(self, request, form_url="", extra_context=None):
        return phone_request.page(self, request)

    def get_queryset(self, request):
        return super().get_queryset(request).real()

    def get_urls(self):
        views = {
            "find/": (find.page, "find"),
            "take/": (queue_actions.take_next, "take_next"),
            "bulk/": (queue_actions.change_many, "bulk"),
            "undo/": (queue_actions.undo, "undo"),
            "updates/": (polling.updates, "queue_updates"),
            "reports/": (reports.page, "reports"),
            "reports/csv/": (reports.download, "reports_csv"),
            "<uuid:object_id>/updates/": (request_updates.updates, "updates"),
            "<uuid:object_id>/print/": (request_page.printed_sheet, "print"),
        }
        own = [
            path(
                address,
                self.admin_site.admin_view(partial(for_readers(view), self)),
                name=f"intake_assessmentrequest_{name}",
            )
            for address, (view, name) in views.items()
        ]
        return [*own, *super().get_urls()]

    @for_readers
    def changelist_view(self, request, extra_context=None):
        return queue_page.page(self, request)

    @for_readers
    def change_view(self, request, object_id, form_url="", extra_context=None):
        return request_page.page(self, request, object_id)

    def history_view(self, request, object_id, extra_context=None):
        return HttpResponseRedirect("../change/")  # the timeline on the request's page is its history
