"""The access log: who read which requests. The lead and the auditor can see it."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from intake import access
from intake.models import AccessRecord

from .base import RoleGuardedAdmin


@admin.register(AccessRecord)
class AccessRecordAdmin(RoleGuardedAdmin):
    list_display = ["occurred_at", "actor", "action", "how_many"]
    list_display_links = ["occurred_at"]
    list_select_related = ["actor"]
    list_per_page = 50
    show_full_result_count = False

    def has_view_permission(self, request, obj=None):
        return access.may_read_access_log(request.user)

    @admin.display(description=_("requests"))
    def how_many(self, obj):
        return len(obj.requests)
