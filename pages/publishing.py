"""What may reach readers. Every way to publish passes `refuse_or_go_on`: the button, a bulk action, an approval, the
schedule, an import, the shell.

A page that is held stays as it is, and what was written stays its draft. Marks without a source and days to come hold
it always, claims and amounts until someone who may publish writes why they may be said. That reason is an entry of
Wagtail's log and counts for exactly the sentences that it was written for.
"""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from wagtail.log_actions import log, registry
from wagtail.models import PageLogEntry

from . import content_checks

HELD = "pages.publish.held"
EXPLAINED = "pages.publish.explained"
BY_SCHEDULE = "wagtail.publish.scheduled"  # what Wagtail's command logs when it publishes


class PublishRefused(Exception):
    """A text may not reach readers as it stands; `findings` say why."""

    def __init__(self, row, findings):
        super().__init__(_("“%(row)s” was not published: %(why)s") % {"row": row, "why": in_words(findings)})
        self.row, self.findings = row, findings


class CheckedPublishing(models.Model):
    """Mixin, before Wagtail's classes, for whatever has drafts and is shown to readers."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        """As in Wagtail. Raises `PublishRefused` before words that are held are written where readers see them."""
        if self.live and kwargs.get("update_fields") is None:
            refuse_or_go_on(self)
        return super().save(*args, **kwargs)

    def publish(
        self,
        revision,
        user=None,
        changed=True,
        log_action=True,
        previous_revision=None,
        skip_permission_checks=False,
    ):
        """As in Wagtail, in one transaction. Raises `PublishRefused`. A schedule that comes due and can't be kept is
        called off instead, so that Wagtail's command goes on with the other pages."""
        try:
            with transaction.atomic():
                # Publishing writes to every revision of the row. Two at once would wait for each other.
                list(type(self).objects.select_for_update().filter(pk=self.pk).values_list("pk"))
                if held := holds(revision.as_object()):
                    raise PublishRefused(self, held)
                return super().publish(
                    revision,
                    user=user,
                    changed=changed,
                    log_action=log_action,
                    previous_revision=previous_revision,
                    skip_permission_checks=skip_permission_checks,
                )
        except (PublishRefused, ValidationError, IntegrityError) as error:
            if log_action != BY_SCHEDULE:
                raise
            _call_off(self, revision, error)


def refuse_or_go_on(row):
    """Raises `PublishRefused` if the words of a row may not reach readers."""
    if held := holds(row):
        raise PublishRefused(row, held)


def holds(row):
    """The findings that keep the words of a row from readers."""
    found = content_checks.findings(row)
    to_explain = [finding for finding in found if finding.level == content_checks.EXPLAIN]
    if to_explain and is_explained(row, found):
        to_explain = []
    return [finding for finding in found if finding.level == content_checks.STOP] + to_explain


def is_explained(row, found):
    """Whether someone has written why the claims and amounts among `found` may be said."""
    row = getattr(row, "alias_of", None) or row  # which says what its original says
    if row.pk is None:
        return False
    entries = registry.get_logs_for_instance(row)
    return entries.filter(action=EXPLAINED, data__digest=content_checks.digest(found)).exists()


def explain(row, found, reason, user):
    """Keeps in the log why the claims and amounts among `found` may be said, and who said so."""
    words = [finding.words for finding in found if finding.level == content_checks.EXPLAIN]
    data = {"reason": reason, "words": words, "digest": content_checks.digest(found)}
    log(instance=row, action=EXPLAINED, user=user, data=data)


def held_back():
    """Pages whose schedule came due and was called off, and that nobody has published or scheduled since: pairs of
    page and log entry, the newest first. For the front pages."""
    entries = PageLogEntry.objects.filter(action=HELD).select_related("page").order_by("-timestamp")
    found = {}
    for entry in entries:
        page = entry.page
        is_over = page.last_published_at is not None and page.last_published_at > entry.timestamp
        if page.pk not in found and not is_over and page.scheduled_revision is None:
            found[page.pk] = (page, entry)
    return list(found.values())


def in_words(findings):
    """The findings as one line of text."""
    return "; ".join(f"{finding.rule.name}: “{finding.words}”. {finding.advice}" for finding in findings)


@transaction.atomic
def _call_off(row, revision, error):
    why = in_words(error.findings) if isinstance(error, PublishRefused) else " ".join(getattr(error, "messages", []))
    revision.approved_go_live_at = None
    revision.save(update_fields=["approved_go_live_at"])
    log(instance=row, action=HELD, revision=revision, data={"why": why})
