"""Check who may read requests, and write the access log."""

from django.utils import timezone

from staff import roles

from .models import AccessRecord, ShownRequest

READERS = (roles.ADMISSIONS, roles.LEAD)
LOG_READERS = (roles.AUDITOR, roles.LEAD)


def may_read_requests(user):
    """Return whether this user may read requests. Only the role counts: being a superuser grants nothing."""
    return not roles.roles_of(user).isdisjoint(READERS)


def may_read_access_log(user):
    """Return whether this user may read the access log."""
    return not roles.roles_of(user).isdisjoint(LOG_READERS)


def may_erase(user):
    """Return whether this user may erase content."""
    return leads(user)


def readers():
    """Return the users who may read requests now, ordered by username."""
    return roles.holders(*READERS)


def leads(user):
    """Return whether this user has the role "lead"."""
    return roles.LEAD in roles.roles_of(user)


def record(actor, action, ids):
    """Log that `actor` is shown the requests `ids`. Call it before anything is shown.

    `action`: an `AccessRecord.Action`, which says how they are shown.
    """
    ids = list(ids)
    kept = AccessRecord.objects.create(
        occurred_at=timezone.now(),
        actor=actor,
        action=action,
        whole_request=ids[0] if action in AccessRecord.WHOLE else None,
    )
    ShownRequest.objects.bulk_create(ShownRequest(record=kept, request=request_id) for request_id in ids)
