"""Stop editors from changing or deleting pictures and documents that are on a live page.

Only people who may change all files can do that. Wagtail lets everyone change their own uploads forever, so an editor
could change a live page without a publisher.
"""

from copy import copy

from wagtail.documents.permissions import permission_policy as of_documents
from wagtail.images.permissions import permission_policy as of_pictures
from wagtail.models import ReferenceIndex


def install():
    """Replace the permission check that all of Wagtail's views for pictures and documents use."""
    for policy in (of_pictures, of_documents):
        policy.user_has_any_permission_for_instance = _asked_of(policy)


def _asked_of(policy):
    stock = policy.user_has_any_permission_for_instance

    def has_any_permission(user, actions, row):
        if row.uploaded_by_user_id == user.pk and _is_seen_by_readers(row):
            row = copy(row)
            row.uploaded_by_user = None
        return stock(user, actions, row)

    return has_any_permission


def _is_seen_by_readers(row):
    grouped = ReferenceIndex.get_grouped_references_to(row)
    return any(getattr(shown_in, "live", True) for shown_in, _references in grouped)
