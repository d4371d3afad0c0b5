"""Warn editors when two people edit the same text.

Wagtail's editor notices a newer version only at its next request, some seconds later. Someone may save or publish
before that.

Nothing is lost, because both versions stay in the history. But publishing one version takes the other person's changes
off the site, even much later. So the first press of Publish says what is missing, and the second press publishes.
"""

import datetime as dt

from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.utils import get_user_display_name
from wagtail.log_actions import LogFormatter, log, registry
from wagtail.models import Page, RevisionMixin

from .publishing_admin import edit_url

SAVED_OVER = "pages.saved_over"
TOLD = "pages.saved_over.told"


def look_for_newer_version(request, row):
    """Wagtail hook, before a form is processed: set `request.saved_over` to a newer version by someone else, or None.

    Newer means that it was saved after this form was opened.
    """
    if request.method == "POST" and isinstance(row, RevisionMixin):
        request.saved_over = _newer_version(request, row)


def _newer_version(request, row):
    try:
        seen = dt.datetime.fromisoformat(request.POST.get("loaded_revision_created_at", ""))
    except ValueError:
        return None
    # Autosave updates the time of a version. Compare with the user's own latest version.
    return row.revisions.exclude(user=request.user).filter(created_at__gt=seen).order_by("-created_at").first()


class RefusedFormMiddleware:
    """If a form has errors, also warn the editor of the newer version.

    When the editor sends the form again, the form counts as based on that version.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_template_response(self, request, response):
        if over := getattr(request, "saved_over", None):
            text = _(
                "%(who)s saved another version on %(when)s, while you were editing. Your version lacks their changes."
            )
            messages.warning(request, text % _who_and_when(over))
        return response


def tell_after_save(request, row):
    """Wagtail hook, after a draft was saved: warn the editor if someone else had saved a newer version."""
    if _note(request, row):
        text = _(
            "%(who)s saved another version on %(when)s, while you were editing. Your version is now the latest, but "
            "it lacks their changes."
        )
        messages.warning(request, text % _last_note(row).data, buttons=[_comparison(row)])


def ask_before_publish(request, row):
    """Wagtail hook: at the first press of Publish, stop and warn if the version lacks someone's changes. The draft is
    saved."""
    _note(request, row)
    return redirect(edit_url(request, row)) if _ask(request, row) else None


def ask_before_bulk_publish(request, action_type, objects, action_class_instance):
    """Wagtail hook: publish none of the selected pages if one of them needs the warning of `ask_before_publish`."""
    if action_type != "publish":
        return None
    asked = [_ask(request, row) for row in objects]
    return redirect(action_class_instance.next_url) if any(asked) else None


def _ask(request, row):
    """Show the warning if this row lacks someone's changes and the editor has not seen it yet. Return whether it was
    shown."""
    note = _last_note(row)
    if note is None or note.action == TOLD or _was_published_since(row, note):
        return False
    log(instance=row, action=TOLD, user=request.user, data=note.data)
    text = _(
        "“%(row)s” was not published yet. Your draft is saved. It lacks the changes that %(who)s saved on %(when)s. "
        "Check the difference, then press Publish again."
    )
    messages.warning(request, text % (note.data | {"row": row}), buttons=[_comparison(row)])
    return True


def _note(request, row):
    """Return whether this form was saved over a newer version. Adds one log entry for each form."""
    over = getattr(request, "saved_over", None)
    if over is None:
        return False
    request.saved_over = None
    log(instance=row, action=SAVED_OVER, user=request.user, data={"version": over.pk} | _who_and_when(over))
    return True


def _who_and_when(version):
    who = get_user_display_name(version.user) if version.user else _("someone")
    return {"who": who, "when": date_format(timezone.localtime(version.created_at), "F j, g:i A")}


def _last_note(row):
    notes = registry.get_logs_for_instance(row).filter(action__in=[SAVED_OVER, TOLD])
    return notes.order_by("-timestamp", "-pk").first()


def _was_published_since(row, note):
    return row.last_published_at is not None and row.last_published_at > note.timestamp


def _comparison(row):
    """Return a button that compares the latest version with the version that it replaced."""
    name = "wagtailadmin_pages:revisions_compare"
    if not isinstance(row, Page):
        name = row.snippet_viewset.get_url_name("revisions_compare")
    url = reverse(name, args=[row.pk, _last_note(row).data["version"], row.latest_revision_id])
    return messages.button(url, _("See the difference"))


def register_log_actions(actions):
    """Wagtail hook: define how the history describes our log entries."""

    @actions.register_action(SAVED_OVER)
    class SavedOver(LogFormatter):
        label = gettext_lazy("Save over someone else's version")

        def format_message(self, entry):
            return _("Saved without the changes that %(who)s made on %(when)s") % entry.data

    @actions.register_action(TOLD)
    class Told(LogFormatter):
        label = gettext_lazy("Warn before publishing over someone else's version")

        def format_message(self, entry):
            return _("Warned before publishing without the changes that %(who)s made on %(when)s") % entry.data
