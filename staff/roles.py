"""What each member of staff may do. A role is a constant in code, held by a `RoleAssignment` (see assignments.py).

Django's groups of the same names exist because Wagtail asks them; our own code never does. Being a superuser gives no
role.
"""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from .models import Role, RoleAssignment
from .models.role_assignment import POWERFUL

ADMISSIONS, LEAD, EDITOR, PUBLISHER, REVIEWER, AUDITOR, ADMINISTRATOR = Role.values
LABELS = dict(Role.choices)
ROLES = tuple(LABELS)


def roles_of(user):
    """Return the roles of an active member of staff as a frozenset; empty for anyone else.

    They are cached on the user, so each HTTP request takes one query. If a second factor is required, `request.user`
    has no roles until it is proved. So even if the middleware failed, no assessment request could be opened.
    """
    if not user.is_active or not user.is_staff or _lacks_second_factor(user):
        return frozenset()
    if not hasattr(user, "_staff_roles"):
        live = RoleAssignment.objects.live(timezone.now()).filter(account=user)
        user._staff_roles = frozenset(live.values_list("role", flat=True).order_by())  # noqa: SLF001 (our own)
    return user._staff_roles  # noqa: SLF001 (our own)


def _lacks_second_factor(user):
    """Return whether this is the user of a request who has yet to prove a second factor. Users that were only loaded
    from the database, as for a list, have no `is_verified`."""
    return settings.STAFF_SECOND_FACTOR == "required" and hasattr(user, "is_verified") and not user.is_verified()


def holders(*roles):
    """Return the active members of staff who have one of these roles, ordered by username."""
    live = RoleAssignment.objects.live(timezone.now()).filter(role__in=roles)
    users = get_user_model().objects.filter(is_active=True, is_staff=True, pk__in=live.order_by().values("account"))
    return users.order_by("username")


def may_manage_accounts(user):
    """Return whether this user may create accounts, send set-up links, give roles and end sessions."""
    return not roles_of(user).isdisjoint({LEAD, ADMINISTRATOR})


def may_confirm_roles(user):
    """Return whether this user may confirm a role that needs a second person."""
    return not roles_of(user).isdisjoint(POWERFUL)


def needs_second_person(role, giver):
    """Return whether a role that `giver` gives must be confirmed by a second person.

    For access to requests, a lead must give the role or confirm it.
    """
    return role in POWERFUL or (role == ADMISSIONS and LEAD not in roles_of(giver))


def confirming(role):
    """Return the roles whose holders may confirm a role."""
    return (LEAD,) if role == ADMISSIONS else POWERFUL


def is_refused_superuser(user):
    """Return whether this is a superuser in production, who can't sign in: Wagtail lets superusers do everything."""
    return user.is_superuser and not settings.IN_DEVELOPMENT


def may_read_security_log(user):
    """Return whether this user may read the security log."""
    return not roles_of(user).isdisjoint({LEAD, AUDITOR})


def make_groups(**kwargs):
    """Create the groups. Runs after each migration and is safe to repeat."""
    for name in ROLES:
        Group.objects.get_or_create(name=name)
