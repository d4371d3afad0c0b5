"""Decide what may be published. Every way to publish runs this check: the button, a bulk action, an approval, the
schedule, an import and the shell.

If a page is blocked, the live version stays and the new text stays a draft. Citations without a source and future dates
always block. Claims and doses block until someone who may publish writes a reason. The reason is an entry in Wagtail's
log, and it covers exactly the sentences that it was written for.
"""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from wagtail.log_actions import log, registry
from wagtail.models import PageLogEntry

from . import content_checks

HELD = "pages.publish.held"
EXPLAINED = "pages.publish.explained"
BY_SCHEDULE = "wagtail.publish.scheduled"  # the action that Wagtail's command logs when it publishes


class PublishRefused(Exception):
    """Raised if a text may not be published as it is. `findings` say why."""

    def __init__(self, row, findings):
        super().__init__(_("“%(row)s” was not published: %(why)s") % {"row": row, "why": findings_as_text(findings)})
        self.row, self.findings = row, findings


class CheckedPublishing(models.Model):
    """A mixin that checks a text before publishing, for models with drafts. Put it before Wagtail's classes."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        """Save the row. Raises `PublishRefused` if readers would see blocked text."""
        if self.live and kwargs.get("update_fields") is None:
            refuse_if_blocked(self)
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
        """Publish a revision in one transaction. Raises `PublishRefused` if it is blocked.

        A schedule never raises: if its revision can't be published, the schedule is canceled. So Wagtail's command
        continues with the other pages.
        """
        try:
            with transaction.atomic():
                # Publishing updates every revision of the row. Lock it, or two people who publish at once could
                # deadlock.
                list(type(self).objects.select_for_update().filter(pk=self.pk).values_list("pk"))
                if held := blocking_findings(revision.as_object()):
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


def refuse_if_blocked(row):
    """Raise `PublishRefused` if the text of a row may not be published."""
    if held := blocking_findings(row):
        raise PublishRefused(row, held)


def blocking_findings(row):
    """Return the findings that stop a row from being published."""
    found = content_checks.findings(row)
    to_explain = [finding for finding in found if finding.level == content_checks.EXPLAIN]
    if to_explain and is_explained(row, found):
        to_explain = []
    return [finding for finding in found if finding.level == content_checks.STOP] + to_explain


def is_explained(row, found):
    """Return whether someone has given a reason for the claims and doses in `found`."""
    row = getattr(row, "alias_of", None) or row  # a translation uses the reason of its original
    if row.pk is None:
        return False
    entries = registry.get_logs_for_instance(row)
    return entries.filter(action=EXPLAINED, data__digest=content_checks.digest(found)).exists()


def explain(row, found, reason, user):
    """Log the reason for the claims and doses in `found`. `user`: the person who gave it."""
    words = [finding.words for finding in found if finding.level == content_checks.EXPLAIN]
    data = {"reason": reason, "words": words, "digest": content_checks.digest(found)}
    log(instance=row, action=EXPLAINED, user=user, data=data)


def held_back():
    """Return pages whose schedule was canceled, as pairs of page and log entry, the latest first. For the front pages.

    Leaves out pages that someone has published or scheduled since.
    """
    entries = PageLogEntry.objects.filter(action=HELD).select_related("page").order_by("-timestamp")
    found = {}
    for entry in entries:
        page = entry.page
        is_over = page.last_published_at is not None and page.last_published_at > entry.timestamp
        if page.pk not in found and not is_over and page.scheduled_revision is None:
            found[page.pk] = (page, entry)
    return list(found.values())


def findings_as_text(findings):
    """Return the findings in one line of text."""
    return "; ".join(f"{finding.rule.name}: “{finding.words}”. {finding.advice}" for finding in findings)


@transaction.atomic
def _call_off(row, revision, error):
    why = (
        findings_as_text(error.findings)
        if isinstance(error, PublishRefused)
        else " ".join(getattr(error, "messages", []))
    )
    revision.approved_go_live_at = None
    revision.save(update_fields=["approved_go_live_at"])
    log(instance=row, action=HELD, revision=revision, data={"why": why})
