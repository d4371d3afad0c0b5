"""Increase the content generation whenever content that readers see changes.

Wagtail publishes, unpublishes, moves and renames through `Page.save`, in one transaction. Its own signals, such as
`page_published`, come after that transaction. So we use `post_save`, and the page and the generation change together.
This covers buttons, bulk actions, the schedule, imports and the shell. Code that sends no signal (`QuerySet.update`,
`bulk_create`) must call `raise_generation` itself.
"""

from django.apps import apps
from django.db.models.signals import m2m_changed, post_delete, post_save
from wagtail.models import Page
from wagtail.signals import page_slug_changed, post_page_move

from .content_generation import AtomicModel, raise_generation

# The fields that Wagtail saves with a draft (autosave too) or a lock. Readers see none of them.
OF_EDITORS = {
    "draft_title",
    "has_unpublished_changes",
    "latest_revision",
    "latest_revision_created_at",
    "locked",
    "locked_at",
    "locked_by",
}


def connect():
    """Connect the signals of all page types, every `AtomicModel` (such as sources and topics) and redirects."""
    redirect = apps.get_model("wagtailredirects", "Redirect")
    for model in apps.get_models():
        if issubclass(model, (Page, AtomicModel, redirect)):
            post_save.connect(_saved, sender=model)
            post_delete.connect(_deleted, sender=model)
    m2m_changed.connect(_moved, sender=apps.get_model("pages", "Notice").pages.through)
    # When a page moves, Wagtail's receiver stores redirects in bulk, without a signal. It runs before this one, because
    # its app comes before `pages` in INSTALLED_APPS.
    for signal in (page_slug_changed, post_page_move):
        signal.connect(_moved)


def _saved(sender, update_fields=None, **kwargs):
    if update_fields is None or set(update_fields) - OF_EDITORS:
        raise_generation()


def _deleted(sender, **kwargs):
    raise_generation()


def _moved(sender, **kwargs):
    raise_generation()
