"""Changes to the pages of Wagtail's admin."""

from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks


@hooks.register("insert_global_admin_js")
def script():
    return format_html('<script src="{}"></script>', static("recovery_site/cms.js"))


@hooks.register("insert_global_admin_css")
def style():
    return format_html('<link rel="stylesheet" href="{}">', static("recovery_site/cms.css"))


@hooks.register("construct_settings_menu")
def hide_settings_managed_elsewhere(request, items):
    """Remove the menu items for accounts and roles, which are at /admin/, and for the site's address, see
    PUBLIC_ORIGIN."""
    items[:] = [item for item in items if item.name not in ("users", "groups", "sites")]


@hooks.register("construct_help_menu")
def empty_help_menu(request, items):
    """Remove everything from the help menu: it links to news and a guide on another site."""
    items.clear()
