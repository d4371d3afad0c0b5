"""Who may read requests, and the record of every reading."""

from django.contrib.auth import get_user_model
from django.utils import timezone

from .models import AccessRecord

READERS = ("admissions", "lead")
LOG_READERS = ("auditor", "lead")
ROLES = ("admissions", "lead", "auditor")


def may_read_requests(user):
    """Whether this person may read what people told us: by role alone. Being a superuser opens nothing."""
    return not _roles(user).isdisjoint(READERS)


def may_read_access_log(user):
    """Whether this person may see who read which requests."""
    return not _roles(user).isdisjoint(LOG_READERS)


def may_erase(user):
    """Whether this person may erase what someone told us."""
    return leads(user)


def readers():
    """Everyone who may read requests now, by name."""
    allowed = get_user_model().objects.filter(is_active=True, is_staff=True, groups__name__in=READERS)
    return allowed.distinct().order_by("username")


def leads(user):
    """Whether this person leads the desk."""
    return "lead" in _roles(user)


def record(actor, action, ids):
    """Writes that `actor` was shown the requests `ids` by an `AccessRecord.Action`. Called before anything is shown."""
    AccessRecord.objects.create(
        occurred_at=timezone.now(),
        actor=actor,
        action=action,
        requests=[str(request_id) for request_id in ids],
        whole_request=ids[0] if action in AccessRecord.WHOLE else None,
    )


def _roles(user):
    """The roles of an active member of staff, read once a request of the browser; no roles for anyone else."""
    if not user.is_active or not user.is_staff:
        return frozenset()
    if not hasattr(user, "_roles"):
        user._roles = frozenset(user.groups.filter(name__in=ROLES).values_list("name", flat=True))  # noqa: SLF001 (our own)
    return user._roles  # noqa: SLF001 (our own)
