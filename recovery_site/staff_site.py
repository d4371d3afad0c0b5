"""The admin site that staff sign in to: the stock admin under its own name."""

from functools import wraps

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from . import unsent


class StaffSite(admin.AdminSite):
    site_title = _("Renaissance Recovery Center")
    site_header = _("Renaissance Recovery Center: staff")
    index_title = _("Desk and pages")
    enable_nav_sidebar = False

    def admin_view(self, view, cacheable=False):
        """As in the stock admin. Who is signed out by now gets back what they typed instead of the sign-in page."""
        stock_view = super().admin_view(view, cacheable)

        @wraps(stock_view)
        def checked(request, *args, **kwargs):
            if not self.has_permission(request) and unsent.is_worth_keeping(request):
                return unsent.page(request)
            return stock_view(request, *args, **kwargs)

        return checked
