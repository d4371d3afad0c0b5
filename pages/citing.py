"""Find the texts that cite a source: live ones, drafts and scheduled ones."""

import json

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import ProtectedError, Q
from django.db.models.signals import pre_delete
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from wagtail.models import DraftStateMixin, Page, ReferenceIndex, Revision

from .citations import marks
from .models import Source


def texts_citing(source):
    """Return the pages and other rows that cite the source, each once. Counts live, scheduled and draft text."""
    rows = [row for row, _references in ReferenceIndex.get_grouped_references_to(source)]
    rows += [revision.base_content_object for revision in _revisions_to_come() if source.pk in _marks_of(revision)]
    return list(dict.fromkeys(rows))


def cited():
    """Return the primary keys of all cited sources."""
    rows = ReferenceIndex.objects.filter(to_content_type=ContentType.objects.get_for_model(Source))
    in_rows = {int(pk) for pk in rows.values_list("to_object_id", flat=True)}
    return in_rows.union(*(_marks_of(revision) for revision in _revisions_to_come()))


def names_of(rows):
    """Return the names of the rows as one phrase: “Contact” and “Paying for care”."""
    return get_text_list(sorted(f"“{row}”" for row in rows), _("and"))


def cited_message(source, rows):
    """Return the sentence that says why a source can't be deleted while `rows` cite it."""
    return _("“%(key)s” was not deleted, because these texts cite it: %(names)s. Remove the citations first.") % {
        "key": source.key,
        "names": names_of(rows),
    }


def _revisions_to_come():
    """Return the latest revision of each row with unpublished changes, and every scheduled revision."""
    others = [
        model for model in apps.get_models() if issubclass(model, DraftStateMixin) and not issubclass(model, Page)
    ]
    newest = Q(approved_go_live_at__isnull=False)
    for model in [Page, *others]:
        drafts = model._base_manager.exclude(latest_revision=None).exclude(live=True, has_unpublished_changes=False)
        newest |= Q(pk__in=drafts.values("latest_revision"))
    return Revision.objects.filter(newest).order_by("pk")


def _marks_of(revision):
    """Return the primary keys of the sources that a revision cites.

    Blocks are stored as JSON inside the revision's JSON. So the quotation marks in their rich text are escaped twice.
    """
    return set(marks(json.dumps(revision.content).replace("\\", "")))


def connect():
    """Connect the signal handler that stops anyone from deleting a cited source."""
    pre_delete.connect(_keep_what_is_cited, sender=Source)


def _keep_what_is_cited(instance, **kwargs):
    rows = texts_citing(instance)
    if rows:
        raise ProtectedError(cited_message(instance, rows), set(rows))
