"""Editing versions in the admin: draft, preview, publish, schedule, take off-line. Serves pages and answers alike."""

import datetime as dt

import js_asset
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten, unquote
from django.contrib.auth import get_permission_codename
from django.db import IntegrityError, transaction
from django.db.models import Prefetch
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from . import plain_language, rich_text

STATES = {
    "draft": _("Draft"),
    "scheduled": _("Scheduled"),
    "live": _("Live"),
    "expired": _("Off-line"),
    "replaced": _("Replaced"),
}
FARTHEST = dt.timedelta(days=100 * 366)
HIGHEST_GRADE = 8  # U.S. school grade; the house style is grade 6 to 8


class VersionForm(forms.ModelForm):
    publish_from = forms.DateTimeField(
        label=_("Publish from"),
        required=False,
        help_text=_("Arizona time. Leave this empty to publish at once. Only “Publish” uses it."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "publish_from" in self.fields and self.instance.publish_at and not self.instance.has_begun():
            self.initial["publish_from"] = self.instance.publish_at  # else "Publish" would bring it on at once

    def clean_publish_from(self):
        moment = self.cleaned_data["publish_from"]
        if moment and moment > timezone.now() + FARTHEST:
            raise forms.ValidationError(_("That is more than a hundred years ahead. Please check the year."))
        return moment


class VersionAdmin(admin.ModelAdmin):
    """Edits the versions of a subject without touching what readers see until someone publishes.

    A subclass says how its public page is shown (`show`) and which texts it holds (`texts`).
    """

    form = VersionForm
    change_form_template = "admin/version_change_form.html"
    actions = None
    ordering = ["-publish_at", "-pk"]

    def show(self, request, version):
        """The public page of a version as an HttpResponse, rendered."""
        raise NotImplementedError

    def texts(self, version):
        """Pairs (heading, HTML) of every rich text of a version."""
        raise NotImplementedError

    # Who may do what

    def get_model_perms(self, request):
        return {}  # reached from its page or question, not from the index

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or obj.publish_at is None)

    def may_publish(self, request):
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename('publish', self.opts)}")

    # The list

    def get_queryset(self, request):
        return super().get_queryset(request).with_states().select_related(self.model.subject_field)

    @admin.display(description=_("state"))
    def state_label(self, version):
        return STATES[version.state()]

    # The form

    def get_fieldsets(self, request, obj=None):
        fieldsets = [(None, {"fields": [self.model.subject_field, *self.fields]})]
        if self.may_publish(request):
            fieldsets.append((_("Publishing"), {"fields": ["publish_from"]}))
        return fieldsets

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        subject = self.model.subject_field
        if subject in form.base_fields and (obj or subject in request.GET):  # a version stays with its subject
            form.base_fields[subject].widget = forms.HiddenInput()
        if not self.may_publish(request):
            del form.base_fields["publish_from"]
        return form

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["media"] = js_asset.Media.from_media(context["media"], nonce=request.csp_nonce)
        context["may_publish"] = self.may_publish(request)
        context["state"] = obj.state() if obj else ""
        if obj:
            context["is_fixed"] = self._is_fixed(request, obj)
            context["state_label"] = STATES[obj.state()]
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        with transaction.atomic():
            request.edited = self._locked(request, object_id) if request.method == "POST" and object_id else None
            if request.edited and "_offline" in request.POST and self.may_publish(request):
                return self._take_offline(request, request.edited)
            if request.edited and self._is_fixed(request, request.edited):
                request.POST = request.POST.copy()
                request.POST["_saveasnew"] = "1"
            request.undo = False
            response = super().changeform_view(request, object_id, form_url, extra_context)
            if request.undo:
                transaction.set_rollback(True)
        return response

    def _locked(self, request, object_id):
        """The version that is edited, while nobody else can save or publish a version of its subject."""
        version = self.get_object(request, unquote(object_id))
        if version is None:
            return None
        type(version.subject).objects.select_for_update().get(pk=version.subject.pk)
        return self.get_object(request, unquote(object_id))  # as it is now that we hold the lock

    def _is_fixed(self, request, version):
        """Whether an edit becomes a new draft: what readers have seen never changes, and what will begin by itself
        changes only at the hands of someone who may publish."""
        return version.has_begun() or (version.publish_at is not None and not self.may_publish(request))

    def save_model(self, request, obj, form, change):
        if not change:
            obj.created_by = request.user
        obj.publish_at = None  # a scheduled text that was edited must be published again
        obj.starter_digest = ""  # from here on it is an editor's text, which no starter file may replace
        request.publish_from = form.cleaned_data.get("publish_from")
        super().save_model(request, obj, form, change)

    def response_add(self, request, obj, post_url_continue=None):
        return self._respond(request, obj)

    def response_change(self, request, obj):
        return self._respond(request, obj)

    def _respond(self, request, version):
        if "_preview" in request.POST:
            request.undo = True  # saved, rendered, undone
            return self.show(request, self.model.objects.select_related(self.model.subject_field).get(pk=version.pk))
        if "_publish" in request.POST and not request.publish_from and self._is_live_already(request.edited, version):
            request.undo = True  # a second click must not make a second version
            self.message_user(request, _("Nothing was changed: readers see exactly this."))
            return self._back_to(request.edited)
        self._advise(request, version)
        if "_publish" in request.POST and self.may_publish(request):
            self._publish(request, version)
        else:
            self.message_user(request, _("Saved as a draft. Readers still see what they saw before."))
        return self._back_to(version)

    def _is_live_already(self, edited, version):
        """Whether readers see just what `version` says: the edit of a live version that changed no word."""
        if edited is None or edited.pk == version.pk or edited.state() != "live":
            return False

        def words(one):
            parts = [
                list(inline.model.objects.filter(version=one).values_list(*flatten(inline.fields)))
                for inline in self.inlines
            ]
            return [getattr(one, field) for field in self.fields], parts

        return words(edited) == words(version)

    def _publish(self, request, version):
        reason = self._why_not_publishable(version)
        if reason:
            self.message_user(request, reason, messages.ERROR)
            return
        try:
            with transaction.atomic():
                version.publish(request.publish_from)
        except IntegrityError:
            reason = _("Not published, but kept as a draft: another version begins at that moment.")
            self.message_user(request, reason, messages.ERROR)
            return
        self.log_change(request, version, [{"changed": {"fields": ["begins"]}}])
        if version.has_begun():
            self.message_user(request, _("Published. Readers see it now."), messages.SUCCESS)
        else:
            begins = timezone.localtime(version.publish_at)
            message = _("Scheduled. Readers will see it from %(begins)s.") % {"begins": f"{begins:%B %-d, %Y, %H:%M}"}
            self.message_user(request, message, messages.SUCCESS)

    def _why_not_publishable(self, version):
        """A sentence, or None: every source mark must have its source."""
        sources = version.citations.count()
        for heading, markup in self.texts(version):
            for number in rich_text.marks(markup):
                if not 1 <= number <= sources:
                    return _(
                        "Not published, but kept as a draft: “%(heading)s” has the mark [%(number)s], and there are "
                        "%(count)s sources."
                    ) % {"heading": heading, "number": number, "count": sources}
        return None

    def _advise(self, request, version):
        """Warns of words to avoid and of hard sentences; the editor decides."""
        texts = [(heading, plain_language.as_text(markup)) for heading, markup in self.texts(version)]
        for heading, text in [(_("Title"), version.title), (_("Description"), version.description), *texts]:
            for found, instead in plain_language.words_to_avoid(f"{heading}: {text}"):
                self._warn(request, heading, _("“%(found)s”. Better: %(instead)s"), found=found, instead=instead)
        for heading, text in texts:
            grade = plain_language.grade(text)
            if grade > HIGHEST_GRADE:
                self._warn(request, heading, _("reads at grade %(grade).0f. Shorter sentences help."), grade=grade)

    def _warn(self, request, heading, advice, **values):
        self.message_user(request, f"{heading}: {advice % values}", messages.WARNING)

    def _take_offline(self, request, version):
        if version.take_offline():
            self.log_change(request, version, [{"changed": {"fields": ["ends"]}}])
            self.message_user(request, _("Taken off-line. Its address now answers “not found”."), messages.SUCCESS)
        else:
            self.message_user(request, _("Nothing was changed: readers do not see this version."), messages.WARNING)
        return self._back_to(version)

    def _back_to(self, version):
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[version.pk])
        )


class RowsInline(admin.StackedInline):
    """Rows on their parent's page, no empty one offered. A made-up count of rows is cut to `max_num`: with Django's own
    limit, one post can keep a process busy for many seconds."""

    extra = 0
    max_num = 200

    def get_formset(self, request, obj=None, **kwargs):
        return super().get_formset(request, obj, absolute_max=self.max_num, **kwargs)


class CitationInline(RowsInline):
    """The sources of a version, in the order of the marks in its text."""

    fields = [("position", "source")]
    autocomplete_fields = ["source"]


class SubjectAdmin(admin.ModelAdmin):
    """Lists pages or questions with the state of their words, and leads to them. Nothing here is ever deleted:
    its address may be linked from anywhere, so a page is taken off-line instead."""

    version_model = None
    actions = None

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        newest_first = self.version_model.objects.with_states().order_by("-pk")
        return (
            super().get_queryset(request).prefetch_related(Prefetch("versions", newest_first, to_attr="newest_first"))
        )

    @admin.display(description=_("title"))
    def title(self, subject):
        return subject.newest_first[0].title if subject.newest_first else "-"

    @admin.display(description=_("state"))
    def states(self, subject):
        shown = {version.state() for version in subject.newest_first}
        return ", ".join(str(label) for state, label in STATES.items() if state in shown and state != "replaced") or "-"

    @admin.display(description=_("words"))
    def words(self, subject):
        opts = self.version_model._meta
        name = f"admin:{opts.app_label}_{opts.model_name}"
        if not subject.newest_first:
            url = reverse(f"{name}_add") + f"?{self.version_model.subject_field}={subject.pk}"
            return format_html('<a href="{}">{}</a>', url, _("Write the first draft"))
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a>',
            reverse(f"{name}_change", args=[subject.newest_first[0].pk]),
            _("Edit"),
            reverse(f"{name}_changelist") + f"?{self.version_model.subject_field}__id__exact={subject.pk}",
            _("All versions"),
        )
