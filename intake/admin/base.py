"""Base classes for the desk's admin pages: access by role, and the center's time zone."""

from functools import wraps

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from intake.contact import schedule


def for_readers(view):
    """Wrap a view: only users with view permission may open it, and it uses the center's time zone."""

    @wraps(view)
    def page(model_admin, request, *args, **kwargs):
        if not model_admin.has_view_permission(request):
            raise PermissionDenied
        with timezone.override(schedule.our_hours().zone):
            response = view(model_admin, request, *args, **kwargs)
            return response.render() if hasattr(response, "render") else response

    return page


class RoleGuardedAdmin(admin.ModelAdmin):
    """Deny adding, changing, and deleting through Django's own admin forms.

    Superusers get no extra access.
    """

    actions = None

    @for_readers
    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, extra_context)

    @for_readers
    def change_view(self, request, object_id, form_url="", extra_context=None):
        return super().change_view(request, object_id, form_url, extra_context)

    def get_object(self, request, object_id, from_field=None):
        return super().get_object(
            request, object_id, from_field or None
        )  # an empty "_to_field" in a URL counts as none

    def lookup_allowed(self, lookup, value, request):
        return False  # no filters in URLs: they would end up in logs

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
