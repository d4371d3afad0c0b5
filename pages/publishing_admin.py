"""Show editors why a text can't be published yet, and let publishers write a reason."""

from django import forms
from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.admin.ui.components import Component
from wagtail.admin.userbar import ContentCheckerItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.log_actions import LogFormatter
from wagtail.models import Page

from . import content_checks
from .publishing import EXPLAINED, HELD, CheckedPublishing, PublishRefused, blocking_findings, explain, held_back


def show_blocking_findings(request, row, held):
    """Show the editor what blocks a text. Each finding links to its place in the form. `held`: the findings."""
    if row.pk is None:  # a copy that would have been live at once
        messages.error(request, str(PublishRefused(row, held)))
        return
    url = edit_url(request, row)
    places = format_html_join(
        "",
        '<li><a href="{}">{}</a> {}</li>',
        ((f"{url}#{place_of(finding)}", _line(finding), finding.advice) for finding in held),
    )
    text = ngettext(
        "“%(row)s” was not published. Your draft is saved. Fix %(count)d thing first:",
        "“%(row)s” was not published. Your draft is saved. Fix %(count)d things first:",
        len(held),
    ) % {"row": row, "count": len(held)}
    may_be_explained = all(finding.level == content_checks.EXPLAIN for finding in held)
    buttons = []
    if may_be_explained and _may_publish(request.user, row):
        buttons = [messages.button(explain_url(row), _("Give a reason"))]
    messages.error(request, format_html('{}<ul class="held-places">{}</ul>', text, places), buttons=buttons)


def place_of(finding):
    """Return the HTML id of the form element that contains a finding."""
    if finding.block_id:
        return f"block-{finding.block_id}-section"
    return f"id_{finding.field}"


def _line(finding):
    where = _("In “%s”") % finding.heading if finding.heading else ""
    return ": ".join(part for part in (where, str(finding.rule.name), f"“{finding.words}”") if part)


def _may_publish(user, row):
    if isinstance(row, Page):
        return row.permissions_for_user(user).can_publish()
    return user.has_perm(f"{row._meta.app_label}.{get_permission_codename('publish', row._meta)}")


def explain_url(row):
    return reverse("explain_claims", args=[row._meta.app_label, row._meta.model_name, row.pk])


def edit_url(request, row):
    found = AdminURLFinder(request.user).get_edit_url(row) if row.pk else None
    return found or reverse("wagtailadmin_home")


class _ReasonForm(forms.Form):
    digest = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason to publish this"),
        min_length=10,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Your reason stays in the history with your name. It covers only these sentences."),
    )


class ExplainClaimsView(WagtailAdminTemplateMixin, FormView):
    """The page where a publisher gives a reason for claims and doses. Sending the reason also publishes the text."""

    form_class = _ReasonForm
    template_name = "pages/cms/explain_claims.html"
    page_title = _("Give a reason to publish this")
    header_icon = "warning"

    def dispatch(self, request, *args, **kwargs):
        models = {(model._meta.app_label, model._meta.model_name): model for model in apps.get_models()}
        model = models.get((kwargs["app_label"], kwargs["model_name"]))
        if model is None or not issubclass(model, CheckedPublishing):
            raise Http404
        self.row = get_object_or_404(model, pk=kwargs["pk"]).get_latest_revision_as_object()
        if not _may_publish(request.user, self.row):
            raise PermissionDenied
        self.found = content_checks.findings(self.row)
        return super().dispatch(request, *args, **kwargs)

    def get_page_subtitle(self):
        return self.row.get_admin_display_title() if isinstance(self.row, Page) else str(self.row)

    def get_breadcrumbs_items(self):
        return []  # the heading says where this is

    def get_initial(self):
        return {"digest": content_checks.digest(self.found)}

    def get_context_data(self, **kwargs):
        to_explain = [finding for finding in self.found if finding.level == content_checks.EXPLAIN]
        return super().get_context_data(**kwargs) | {
            "to_explain": to_explain,
            "edit_url": edit_url(self.request, self.row),
        }

    def form_valid(self, form):
        if form.cleaned_data["digest"] != content_checks.digest(self.found):
            form.data = form.data | {"digest": content_checks.digest(self.found)}
            form.add_error(None, _("The sentences changed in the meantime. Please read them again."))
            return self.form_invalid(form)
        explain(self.row, self.found, form.cleaned_data["reason"], self.request.user)
        self.row.get_latest_revision().publish(user=self.request.user)
        messages.success(self.request, _("“%(row)s” was published. Your reason is in the history.") % {"row": self.row})
        return redirect(edit_url(self.request, self.row))


urls = [
    path("say-why/<slug:app_label>/<slug:model_name>/<int:pk>/", ExplainClaimsView.as_view(), name="explain_claims")
]


class HeldBackPanel(Component):
    """A panel for the front page of /cms/: pages that were blocked at their scheduled time."""

    name = "held_back"
    template_name = "pages/cms/held_back.html"
    order = 50

    def get_context_data(self, parent_context):
        user = parent_context["request"].user
        rows = [(page, entry) for page, entry in held_back() if page.permissions_for_user(user).can_edit()]
        return super().get_context_data(parent_context) | {"held_back": rows}


def hold_before_publish(request, page):
    """Wagtail hook: stop a page form from publishing a page with blocking findings. The draft is already saved."""
    if held := blocking_findings(page):
        show_blocking_findings(request, page, held)
        return redirect(edit_url(request, page))
    return None


def hold_before_bulk_publish(request, action_type, objects, action_class_instance):
    """Wagtail hook: publish none of the selected pages if one is blocked. Shows what blocks each."""
    if action_type != "publish":
        return None
    held = [(row, found) for row in objects if (found := blocking_findings(row.get_latest_revision_as_object()))]
    for row, found in held:
        show_blocking_findings(request, row, found)
    return redirect(action_class_instance.next_url) if held else None


class PublishRefusedMiddleware:
    """Show a `PublishRefused` as a message in the editor. An approval or a snippet raises it. The draft is already
    saved."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, PublishRefused):
            return None
        show_blocking_findings(request, exception.row, exception.findings)
        url = edit_url(request, exception.row)
        if request.headers.get("x-requested-with") == "XMLHttpRequest":  # the dialog of a workflow
            return JsonResponse({"step": "success", "redirect": url})
        return redirect(url)


def register_log_actions(actions):
    """Wagtail hook: define how the history describes our log entries."""

    @actions.register_action(EXPLAINED)
    class Explained(LogFormatter):
        label = _("Give a reason for a claim")

        def format_message(self, entry):
            return _("Gave a reason for “%(words)s”: %(reason)s") % {
                "words": "”, “".join(entry.data["words"]),
                "reason": entry.data["reason"],
            }

    @actions.register_action(HELD)
    class Held(LogFormatter):
        label = _("Block a scheduled text")

        def format_message(self, entry):
            return _("Was not published at its scheduled time and stays a draft. %(why)s") % entry.data


class ContentFindings(ContentCheckerItem):
    """Show our findings in Wagtail's checks panel, from the marks in the preview.

    Each kind of finding is a rule of axe, the checker in the panel. Every place with a matching `data-finding` breaks
    the rule.
    """

    _FAILS = {
        "id": "is-finding",
        "evaluate": "attr-non-space-content-evaluate",
        "options": {"attribute": "data-no-finding"},
    }

    def get_axe_run_only(self, request):
        # Our own check also reports a missing description.
        stock = [rule for rule in super().get_axe_run_only(request) if rule != "empty-meta-description"]
        return [*stock, *content_checks.RULES]

    def get_axe_custom_rules(self, request):
        rules = [
            {
                "id": kind,
                "impact": "minor" if rule.level == content_checks.WARN else "serious",
                "selector": f'[data-finding~="{kind}"]',
                "tags": ["content"],
                "any": ["is-finding"],
                "enabled": True,
            }
            for kind, rule in content_checks.RULES.items()
        ]
        return [*super().get_axe_custom_rules(request), *rules]

    def get_axe_custom_checks(self, request):
        return [*super().get_axe_custom_checks(request), self._FAILS]

    def get_axe_messages(self, request):
        ours = {
            kind: {"error_name": rule.name, "help_text": rule.advice} for kind, rule in content_checks.RULES.items()
        }
        return super().get_axe_messages(request) | ours


def hand_over_findings(request, items, page):
    """Wagtail hook: replace Wagtail's item for the checks panel with `ContentFindings`, which adds our checks."""
    items[:] = [
        ContentFindings(in_editor=item.in_editor) if isinstance(item, ContentCheckerItem) else item for item in items
    ]
