"""What every page of the desk keeps to."""

from django.contrib import admin


class ReadByRole(admin.ModelAdmin):
    """Nothing is added, changed or deleted through the stock forms, and being a superuser opens nothing."""

    actions = None

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
