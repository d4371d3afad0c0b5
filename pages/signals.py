"""Begin a new content generation whenever content that readers see changes.

Wagtail publishes, unpublishes, moves and renames through `Page.save`, in one transaction. Its own signals, such as
`page_published`, come after that transaction. So we use `post_save`, and the page and the generation change together.
This covers buttons, bulk actions, the schedule, imports and the shell. Code that sends no signal (`QuerySet.update`,
`bulk_create`) must call `content_generation.begin` itself.
"""

from django.apps import apps
from django.db.models.signals import m2m_changed, post_delete, post_save
from wagtail.models import Locale, Page, Revision, Site

from . import content_generation
from .content_generation import AtomicModel

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
    """Connect the signals of all page types, every `AtomicModel` (such as sources and pictures), languages and
    sites."""
    for model in apps.get_models():
        if issubclass(model, (Page, AtomicModel, Locale, Site)):
            post_save.connect(_saved, sender=model)
            post_delete.connect(_changed, sender=model)
    m2m_changed.connect(_changed, sender=apps.get_model("pages", "Notice").pages.through)
    post_save.connect(_scheduled, sender=Revision)
    # A page names the files of its pictures in each size. They go when the picture's file is replaced. A page that is
    # rendered makes those that it needs, so that a new one is no change.
    post_delete.connect(_changed, sender=apps.get_model("pages", "PictureRendition"))


def _saved(sender, update_fields=None, **kwargs):
    if update_fields is None or set(update_fields) - OF_EDITORS:
        content_generation.begin()


def _changed(sender, **kwargs):
    content_generation.begin()


def _scheduled(sender, instance, **kwargs):
    """A cache elsewhere may keep no page beyond the time when a revision is to be published."""
    if instance.approved_go_live_at:
        content_generation.begin()
