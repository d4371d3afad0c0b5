"""The center's facts and the notices in /cms/."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin.ui.components import Component
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.permissions import ModelPermissionPolicy
from wagtail.snippets.views.snippets import IndexView, SnippetViewSet

from .holiday_notices import draft_for, without_a_notice
from .models import Center, Holiday, Notice


class OneRowPolicy(ModelPermissionPolicy):
    """Refuses to add or delete the single row, whatever permissions the user has."""

    def user_has_permission(self, user, action):
        return action not in ("add", "delete") and super().user_has_permission(user, action)


class RedirectToCenter(IndexView):
    """Opens the center's form instead of the list, because a list of one row is an extra click."""

    def get(self, request, *args, **kwargs):
        center = Center.objects.first()
        if center is None:
            return super().get(request, *args, **kwargs)
        return redirect(self.get_edit_url(center) or reverse("wagtailadmin_home"))


class NoUnpublishing(SnippetViewSet.unpublish_view_class):
    """Refuses to unpublish the center, because every page needs it."""

    def dispatch(self, request, *args, **kwargs):
        raise PermissionDenied


class CenterViewSet(SnippetViewSet):
    model = Center
    icon = "home"
    menu_label = gettext_lazy("Center and hours")
    menu_order = 250
    add_to_admin_menu = True
    copy_view_enabled = False
    index_view_class = RedirectToCenter
    unpublish_view_class = NoUnpublishing

    @property
    def permission_policy(self):
        return OneRowPolicy(self.model)


class NoticeViewSet(SnippetViewSet):
    model = Notice
    icon = "info-circle"
    menu_label = gettext_lazy("Notices")
    menu_order = 260
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = [
        "__str__",
        Column("kind", label=gettext_lazy("Kind"), accessor="get_kind_display"),
        Column("shows_from", label=gettext_lazy("From")),
        Column("shows_until", label=gettext_lazy("Until")),
        BooleanColumn("live", label=gettext_lazy("Published")),
    ]

    def get_urlpatterns(self):
        return [*super().get_urlpatterns(), path("for-holiday/<int:pk>/", write_for_holiday, name="for_holiday")]


@require_POST
@transaction.atomic
def write_for_holiday(request, pk):
    """Create a draft notice for a holiday and open it. A second click opens the same notice."""
    if not request.user.has_perm("pages.add_notice"):
        raise PermissionDenied
    holiday = get_object_or_404(Holiday, pk=pk)
    notice = Notice.objects.filter(holiday=holiday.day).first() or draft_for(holiday, request.user)
    return redirect(reverse(notice.snippet_viewset.get_url_name("edit"), args=[notice.pk]))


class HolidaysWithoutNotice(Component):
    """A panel for the front page of /cms/: upcoming holidays without a notice."""

    name = "holidays_without_notice"
    template_name = "pages/cms/holidays_without_notice.html"
    order = 150

    def __init__(self, request):
        self.request = request

    def get_context_data(self, parent_context):
        may_write = self.request.user.has_perm("pages.add_notice")
        offers = [
            {
                "holiday": holiday,
                "address": reverse(Notice.snippet_viewset.get_url_name("for_holiday"), args=[holiday.pk]),
            }
            for holiday in (without_a_notice() if may_write else [])
        ]
        return {
            "request": self.request,
            "csrf_token": parent_context["csrf_token"],
            "offers": offers,
            "title": _("Holidays without a notice"),
        }
