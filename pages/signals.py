"""Where the content's generation is raised: everything that changes what readers see.

Pages: Wagtail publishes, unpublishes, moves and renames by `Page.save`, which is one transaction, and its signals
`page_published` and so on come after it. So `post_save` is what is listened to: page and generation change together,
whoever calls (button, bulk action, schedule, import, shell). What passes no signal, `QuerySet.update` and
`bulk_create`, must call `raise_generation` itself.
"""

from django.apps import apps
from django.db.models.signals import m2m_changed, post_delete, post_save
from wagtail.models import Page
from wagtail.signals import page_slug_changed, post_page_move

from .content_generation import AtomicModel, raise_generation

# What Wagtail saves with a draft (autosaves included) or a lock. Readers see none of it.
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
    """Watch all page types, every `AtomicModel` (the center's facts, sources, topics and so on) and redirects."""
    redirect = apps.get_model("wagtailredirects", "Redirect")
    for model in apps.get_models():
        if issubclass(model, (Page, AtomicModel, redirect)):
            post_save.connect(_saved, sender=model)
            post_delete.connect(_deleted, sender=model)
    m2m_changed.connect(_moved, sender=apps.get_model("pages", "Notice").pages.through)
    # Redirects of a move are stored in bulk, after the page and without a signal. Wagtail's receiver has done so before
    # this one runs: its app stands above `pages` in INSTALLED_APPS.
    for signal in (page_slug_changed, post_page_move):
        signal.connect(_moved)


def _saved(sender, update_fields=None, **kwargs):
    if update_fields is None or set(update_fields) - OF_EDITORS:
        raise_generation()


def _deleted(sender, **kwargs):
    raise_generation()


def _moved(sender, **kwargs):
    raise_generation()
