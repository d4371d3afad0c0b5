"""What each member of staff may do. A role is a constant in code; a Django group of the same name holds it.

The groups exist because Wagtail asks them. Being a superuser gives no role.
"""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

ADMISSIONS, LEAD, EDITOR, PUBLISHER = "admissions", "lead", "editor", "publisher"
REVIEWER, AUDITOR, ADMINISTRATOR = "reviewer", "auditor", "administrator"

LABELS = {
    ADMISSIONS: _("Admissions: answers requests"),
    LEAD: _("Lead: admissions, erasing, figures, accounts"),
    EDITOR: _("Editor: writes drafts"),
    PUBLISHER: _("Publisher: writes and publishes"),
    REVIEWER: _("Clinical reviewer: reviews pages"),
    AUDITOR: _("Auditor: reads the logs"),
    ADMINISTRATOR: _("Administrator: accounts, but no requests"),
}
ROLES = tuple(LABELS)


def roles_of(user):
    """Return the roles of an active member of staff as a frozenset; empty for anyone else.

    They are cached on the user, so each HTTP request takes one query.
    """
    if not user.is_active or not user.is_staff:
        return frozenset()
    if not hasattr(user, "_staff_roles"):
        names = user.groups.filter(name__in=ROLES).values_list("name", flat=True)
        user._staff_roles = frozenset(names)  # noqa: SLF001 (our own)
    return user._staff_roles  # noqa: SLF001 (our own)


def holders(*roles):
    """Return the active members of staff who have one of these roles, ordered by username."""
    users = get_user_model().objects.filter(is_active=True, is_staff=True, groups__name__in=roles)
    return users.distinct().order_by("username")


def may_manage_accounts(user):
    """Return whether this user may create accounts, send set-up links, give roles and end sessions."""
    return not roles_of(user).isdisjoint({LEAD, ADMINISTRATOR})


def may_read_security_log(user):
    """Return whether this user may read the security log."""
    return not roles_of(user).isdisjoint({LEAD, AUDITOR})


def make_groups(**kwargs):
    """Create the groups. Runs after each migration and is safe to repeat."""
    for name in ROLES:
        Group.objects.get_or_create(name=name)
