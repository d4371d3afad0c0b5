"""What every page of the desk keeps to."""

from functools import wraps

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from intake.contact import schedule


def for_readers(view):
    """A page for those who may see what its admin is about, with every time on it, typed or shown, in the center's own
    zone."""

    @wraps(view)
    def page(model_admin, request, *args, **kwargs):
        if not model_admin.has_view_permission(request):
            raise PermissionDenied
        with timezone.override(schedule.our_hours().zone):
            response = view(model_admin, request, *args, **kwargs)
            return response.render() if hasattr(response, "render") else response

    return page


class RoleGuardedAdmin(admin.ModelAdmin):
    """Nothing is added, changed or deleted through the stock forms, and being a superuser opens nothing."""

    actions = None

    @for_readers
    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, extra_context)

    @for_readers
    def change_view(self, request, object_id, form_url="", extra_context=None):
        return super().change_view(request, object_id, form_url, extra_context)

    def get_object(self, request, object_id, from_field=None):
        return super().get_object(request, object_id, from_field or None)  # an empty "_to_field" in an address is none

    def lookup_allowed(self, lookup, value, request):
        return False  # nothing about requests is asked through an address

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
