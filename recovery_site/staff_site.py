"""The admin site that staff sign in to: the stock admin under its own name."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class StaffSite(admin.AdminSite):
    site_title = _("Renaissance Recovery Center")
    site_header = _("Renaissance Recovery Center: staff")
    index_title = _("Desk and pages")
    enable_nav_sidebar = False
