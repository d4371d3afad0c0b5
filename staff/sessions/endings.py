"""How sessions end before their owner signs out. Each ending is a security event."""

from staff import events
from staff.models import StaffSession

from . import limits

SELF, COLLEAGUE = "self", "colleague"  # details of the event, like `limits.IDLE`


def end(row, reason, request=None, by=None):
    """End a session. `reason`: the detail of the event. `by`: who ends it. Return whether it was still there.

    Two requests may end the same session at once. Only the one that deleted it records the ending.
    """
    is_deleted = bool(StaffSession.objects.filter(pk=row.pk).delete()[0])
    if is_deleted and row.user:
        kind = events.Kind.SESSION_ENDED
        events.record(kind, request=request, actor=by, account=row.user, detail=reason, session=row)
    return is_deleted


def end_all(user, by, request, keep=""):
    """End all sessions of a user, except the one whose key hash is `keep`. Return how many ended.

    `by`: who ends them, the user or a colleague. The caller has checked that `by` may do it.
    """
    reason = SELF if by == user else COLLEAGUE
    rows = StaffSession.objects.filter(user=user).exclude(pk=keep).select_related("user")
    return sum(end(row, reason, request, by) for row in rows.order_by("started_at"))


def live(now):
    """Return the sessions of people that are not over."""
    return StaffSession.objects.filter(user__isnull=False).exclude(limits.is_over(now))


def end_overdue(now):
    """End the sessions whose time is over, and return how many. The worker calls this, because some browsers never come
    back.

    Sessions of nobody are deleted in one statement, because anyone can start thousands of them.
    """
    over = StaffSession.objects.filter(limits.is_over(now))
    of_nobody, _by_model = over.filter(user=None).delete()
    return of_nobody + sum(end(row, limits.why_over(row, now)) for row in over.select_related("user"))
