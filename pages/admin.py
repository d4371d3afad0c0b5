from django.contrib import admin
from django.db import models
from django.utils.translation import gettext_lazy as _

from . import views
from .models import Center, Holiday, OpeningHours, Page, PageCitation, PageVersion, Section, Source
from .version_admin import CitationInline, RowsInline, SubjectAdmin, VersionAdmin


class SectionInline(RowsInline):
    model = Section
    fields = ["position", "kind", "heading", "body", "figure"]


class PageCitationInline(CitationInline):
    model = PageCitation


@admin.register(PageVersion)
class PageVersionAdmin(VersionAdmin):
    fields = ["title", "description", "summary", "checked_on", "written_by", "reviewed_by", "reviewed_on", "review_due"]
    inlines = [SectionInline, PageCitationInline]
    list_display = ["title", "state_label", "publish_at", "expire_at", "created_by"]
    list_select_related = ["created_by"]

    def show(self, request, version):
        return views.render_version(request, version, preview=True)

    def texts(self, version):
        return [(_("Summary"), version.summary), *((s.heading, s.body) for s in version.sections.all())]


@admin.register(Page)
class PageAdmin(SubjectAdmin):
    version_model = PageVersion
    list_display = ["path_label", "title", "states", "words", "menu_position"]
    fields = ["path", "menu_label", "menu_position", "quick_exit"]

    @admin.display(description=_("address"), ordering="path")
    def path_label(self, page):
        return page.get_absolute_url()


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    list_display = ["publisher", "title", "year"]
    search_fields = ["key", "publisher", "title", "year"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def get_readonly_fields(self, request, obj=None):
        return ["key"] if obj else []  # starter files know a source by it

    def has_delete_permission(self, request, obj=None):
        return False


class OpeningHoursInline(RowsInline):
    model = OpeningHours
    fields = [("weekday", "opens", "closes")]


class HolidayInline(RowsInline):
    model = Holiday
    fields = [("day", "name")]


@admin.register(Center)
class CenterAdmin(admin.ModelAdmin):
    inlines = [OpeningHoursInline, HolidayInline]
    readonly_fields = ["not_told_yet"]

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not Center.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("not told yet, so hidden"))
    def not_told_yet(self, center):
        return ", ".join(str(name) for name in center.untold_facts()) or _("Nothing: all is told.")
