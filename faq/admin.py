from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pages.version_admin import CitationInline, SubjectAdmin, VersionAdmin

from . import views
from .models import AnswerCitation, AnswerVersion, Question, Topic


class AnswerCitationInline(CitationInline):
    model = AnswerCitation


@admin.register(AnswerVersion)
class AnswerVersionAdmin(VersionAdmin):
    fields = ["title", "description", "checked_on", "written_by", "reviewed_by", "reviewed_on", "review_due", "body"]
    inlines = [AnswerCitationInline]
    list_display = ["title", "state_label", "publish_at", "expire_at", "created_by"]
    list_select_related = ["created_by"]

    def show(self, request, version):
        return views.render_answer(request, version, others=[], preview=True)

    def texts(self, version):
        return [(_("Answer"), version.body)]


@admin.register(Question)
class QuestionAdmin(SubjectAdmin):
    version_model = AnswerVersion
    list_display = ["title", "topic", "position", "states", "words"]
    list_select_related = ["topic"]
    fields = ["slug", "topic", "position"]

    def get_readonly_fields(self, request, obj=None):
        # A question keeps its address once readers have seen it: there is no way on from an old one.
        return ["slug"] if obj and obj.versions.filter(publish_at__lte=timezone.now()).exists() else []


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    list_display = ["title", "position", "page"]
    list_select_related = ["page"]

    def get_readonly_fields(self, request, obj=None):
        return ["key"] if obj else []  # starter files know a topic by it

    def has_delete_permission(self, request, obj=None):
        return False
