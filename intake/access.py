"""Check who may read requests, and write the access log."""

from django.contrib.auth import get_user_model
from django.utils import timezone

from .models import AccessRecord

READERS = ("admissions", "lead")
LOG_READERS = ("auditor", "lead")
ROLES = ("admissions", "lead", "auditor")


def may_read_requests(user):
    """Return whether this user may read requests. Only the role counts: being a superuser grants nothing."""
    return not _roles(user).isdisjoint(READERS)


def may_read_access_log(user):
    """Return whether this user may read the access log."""
    return not _roles(user).isdisjoint(LOG_READERS)


def may_erase(user):
    """Return whether this user may erase content."""
    return leads(user)


def readers():
    """Return the users who may read requests now, ordered by username."""
    allowed = get_user_model().objects.filter(is_active=True, is_staff=True, groups__name__in=READERS)
    return allowed.distinct().order_by("username")


def leads(user):
    """Return whether this user has the role "lead"."""
    return "lead" in _roles(user)


def record(actor, action, ids):
    """Log that `actor` is shown the requests `ids`. Call it before anything is shown.

    `action`: an `AccessRecord.Action`, which says how they are shown.
    """
    AccessRecord.objects.create(
        occurred_at=timezone.now(),
        actor=actor,
        action=action,
        requests=[str(request_id) for request_id in ids],
        whole_request=ids[0] if action in AccessRecord.WHOLE else None,
    )


def _roles(user):
    """Return the roles of an active member of staff; empty for anyone else.

    They are cached on the user, so that each HTTP request takes one query.
    """
    if not user.is_active or not user.is_staff:
        return frozenset()
    if not hasattr(user, "_roles"):
        user._roles = frozenset(user.groups.filter(name__in=ROLES).values_list("name", flat=True))  # noqa: SLF001 (our own)
    return user._roles  # noqa: SLF001 (our own)
