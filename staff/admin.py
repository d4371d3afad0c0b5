"""The staff app's pages in the list of the admin."""

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import path

from . import roles, security_log
from .accounts.admin import AccountAdmin
from .models import SecurityEvent

admin.site.unregister(Group)  # a group holds a role, and only projections of roles write it
admin.site.unregister(get_user_model())
admin.site.register(get_user_model(), AccountAdmin)


@admin.register(SecurityEvent)
class SecurityLogAdmin(admin.ModelAdmin):
    """Lists the security log on the front page for those who may read it. It has no other page."""

    def get_urls(self):
        view = self.admin_site.admin_view(security_log.page)
        return [path("", view, name="staff_securityevent_changelist")]

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None):
        return roles.may_read_security_log(request.user)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
