"""Give, confirm, refuse and end roles. Every change is an event, and the groups follow in the same transaction.

Nobody changes their own roles. A second person, neither the giver nor the receiver, must confirm each role in
`POWERFUL`. If someone other than a lead gives `admissions`, a lead must confirm it. Until then, the role is only
requested and gives nothing.
"""

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import events, projection, roles
from .models import RoleAssignment, RoleConfirmation, RoleEnding, SecurityEvent
from .models.role_assignment import POWERFUL

Kind = SecurityEvent.Kind


class RoleRefused(Exception):
    """Nothing changed. The message says why, and what to do. `field` names the field to correct, if it is one."""

    def __init__(self, message, field=None):
        super().__init__(message)
        self.field = field


def may_change(actor, account):
    """Return whether `actor` may give roles to `account` and end them."""
    return roles.may_manage_accounts(actor) and actor != account


def may_confirm(actor, assignment):
    """Return whether `actor` is a second person who may confirm a requested role."""
    may = not roles.roles_of(actor).isdisjoint(roles.confirming(assignment.role))
    return may and actor.pk not in (assignment.account_id, assignment.assigned_by_id)


def to_confirm(actor):
    """Return the requested roles that `actor` may confirm, oldest first."""
    if not roles.may_confirm_roles(actor):
        return RoleAssignment.objects.none()
    waiting = RoleAssignment.objects.waiting(timezone.now()).select_related("account", "assigned_by")
    own = roles.roles_of(actor)
    mine = [role for role in roles.ROLES if not own.isdisjoint(roles.confirming(role))]
    return waiting.filter(role__in=mine).exclude(account=actor).exclude(assigned_by=actor)


@transaction.atomic
def give(*, account, role, reason, actor, ends_at=None, request=None):
    """Give a role, or request it if a second person must confirm it. Return the assignment.

    `ends_at`: when it ends by itself, or None. `request`: the HTTP request, for the log. Raises `RoleRefused`.
    """
    _require_other(actor, account)
    account = _lock(account)
    if not account.is_active or not account.is_staff:
        raise RoleRefused(_("This account is not active. Activate it first, then give it the role."))
    now = timezone.now()
    if ends_at is not None and ends_at <= now:
        raise RoleRefused(_("Enter a time in the future, or leave the end empty."), "ends_at")
    assignment = _create(account, role, reason, now, assigned_by=actor, ends_at=ends_at)
    kind = Kind.ROLE_REQUESTED if assignment.needs_confirmation else Kind.ROLE_GIVEN
    events.record(kind, request=request, actor=actor, account=account, detail=role)
    return assignment


@transaction.atomic
def give_from_server(account, role, reason):
    """Give a role at once, for the person who runs the server. Return the assignment.

    If the account already holds the role, return that assignment.
    """
    now = timezone.now()
    _lock(account)
    if held := RoleAssignment.objects.live(now).filter(account=account, role=role).first():
        return held
    for waiting in RoleAssignment.objects.waiting(now).filter(account=account, role=role):
        RoleEnding.objects.create(assignment=waiting, ended_at=now, reason=_("Given on the server instead"))
        events.record(Kind.ROLE_REFUSED, account=account, detail=role)
    assignment = _create(account, role, reason, now, assigned_by=None, ends_at=None)
    events.record(Kind.ROLE_GIVEN, account=account, detail=role)
    return assignment


@transaction.atomic
def confirm(assignment_id, *, actor, request=None):
    """Confirm a requested role, which is held from now on. Return the assignment. Raises `RoleRefused`."""
    assignment = _locked(assignment_id)
    now = timezone.now()
    _require_waiting(assignment, now)
    if not may_confirm(actor, assignment):
        raise RoleRefused(_("You can't confirm this. %s") % who_can_confirm(assignment))
    if not assignment.account.is_active:
        raise RoleRefused(_("This account is not active. Activate it first."))
    if not roles.holders(roles.LEAD, roles.ADMINISTRATOR).filter(pk=assignment.assigned_by_id).exists():
        raise RoleRefused(_("The requester may no longer give roles. Refuse this, then request it again."))
    RoleConfirmation.objects.create(assignment=assignment, confirmed_by=actor, occurred_at=now)
    projection.write_group(assignment.account, assignment.role, now)
    _record(Kind.ROLE_GIVEN, assignment, actor, request)
    return assignment


@transaction.atomic
def refuse(assignment_id, *, actor, reason, request=None):
    """Refuse a requested role, or withdraw the request. Return the assignment. Raises `RoleRefused`."""
    assignment = _locked(assignment_id)
    now = timezone.now()
    _require_waiting(assignment, now)
    if not may_confirm(actor, assignment) and not may_change(actor, assignment.account):
        raise RoleRefused(_("Only a lead, auditor or administrator can refuse this, but not on their own account."))
    RoleEnding.objects.create(assignment=assignment, ended_by=actor, ended_at=now, reason=_given(reason))
    _record(Kind.ROLE_REFUSED, assignment, actor, request)
    return assignment


@transaction.atomic
def end(assignment_id, *, actor, reason, request=None):
    """End a role now. Return the assignment. Raises `RoleRefused`."""
    assignment = _locked(assignment_id)
    _require_other(actor, assignment.account)
    now = timezone.now()
    if not RoleAssignment.objects.live(now).filter(pk=assignment.pk).exists():
        raise RoleRefused(_("This role had ended already."))
    RoleEnding.objects.create(assignment=assignment, ended_by=actor, ended_at=now, reason=_given(reason))
    projection.write_group(assignment.account, assignment.role, now)
    _record(Kind.ROLE_ENDED, assignment, actor, request)
    return assignment


@transaction.atomic
def refuse_waiting(account, *, actor, reason, request=None):
    """Refuse all requested roles of an account, because it has changed since they were requested."""
    _lock(account)
    now = timezone.now()
    for assignment in RoleAssignment.objects.waiting(now).filter(account=account):
        RoleEnding.objects.create(assignment=assignment, ended_by=actor, ended_at=now, reason=reason)
        _record(Kind.ROLE_REFUSED, assignment, actor, request)


@transaction.atomic
def end_all(account, *, actor, reason, request=None):
    """End all roles of a deactivated account, and refuse requested ones. Reactivating gives none of them back."""
    _lock(account)
    now = timezone.now()
    for assignment in RoleAssignment.objects.open().filter(account=account).select_related("account", "confirmation"):
        RoleEnding.objects.create(assignment=assignment, ended_by=actor, ended_at=now, reason=reason)
        projection.write_group(account, assignment.role, now)
        _record(Kind.ROLE_ENDED if _is_held(assignment) else Kind.ROLE_REFUSED, assignment, actor, request)


def end_expired(now):
    """End the assignments whose time is over. Return how many. The worker calls this."""
    expired = RoleAssignment.objects.open().filter(ends_at__lte=now).select_related("account")
    return sum(_end_expired(account, now) for account in {assignment.account for assignment in expired})


@transaction.atomic
def _end_expired(account, now):
    _lock(account)
    expired = list(RoleAssignment.objects.open().filter(account=account, ends_at__lte=now))
    for assignment in expired:
        RoleEnding.objects.create(assignment=assignment, ended_at=now, reason=_("Its time was over"))
        projection.write_group(account, assignment.role, now)
        events.record(Kind.ROLE_ENDED, account=account, detail=assignment.role)
    return len(expired)


def _create(account, role, reason, now, *, assigned_by, ends_at):
    """Write an assignment and the groups that follow from it."""
    _end_expired(account, now)
    earlier = RoleAssignment.objects.filter(account=account, role=role)
    if there := earlier.open().first():
        sentence = _("%s has this role already.") if _is_held(there) else _("This role is already requested for %s.")
        raise RoleRefused(sentence % account, "role")
    assignment = RoleAssignment.objects.create(
        account=account,
        role=role,
        number=earlier.count() + 1,
        assigned_by=assigned_by,
        starts_at=now,
        ends_at=ends_at,
        reason=_given(reason),
        needs_confirmation=assigned_by is not None and roles.needs_second_person(role, assigned_by),
    )
    projection.write_group(account, role, now)
    return assignment


def _lock(account):
    """Lock an account until the transaction ends, so that changes of its roles come one after the other.

    Return it as it is then. SQLite locks the whole database instead.
    """
    return get_user_model().objects.select_for_update(no_key=True).get(pk=account.pk)


def _locked(assignment_id):
    """Lock the account of an assignment, and return the assignment as it is then."""
    assignment = RoleAssignment.objects.select_related("account").filter(pk=assignment_id).first()
    if assignment is None:
        raise RoleRefused(_("This role was not found. Reload the page."))
    _lock(assignment.account)
    return assignment


def _require_other(actor, account):
    if actor == account:
        raise RoleRefused(_("You can't change your own roles. %s") % who_can_help(account))
    if not roles.may_manage_accounts(actor):
        raise RoleRefused(_("Only a lead or an administrator can change roles."))


def _require_waiting(assignment, now):
    if not RoleAssignment.objects.waiting(now).filter(pk=assignment.pk).exists():
        raise RoleRefused(_("Someone has decided this already, or its time is over. Reload the page."))


def who_can_help(account):
    """Return a sentence that names who can change the roles of this account."""
    others = roles.holders(roles.LEAD, roles.ADMINISTRATOR).exclude(pk=account.pk)
    names = ", ".join(other.get_username() for other in others)
    if names:
        return _("These colleagues can: %s.") % names
    return _("No colleague can yet. The person who runs the server can, with manage.py grant_role.")


def who_can_give(account, role):
    """Return the usernames of those who can give a role to an account on its page, in order.

    Empty if nobody can. A role in `POWERFUL` needs one person to give it and another to confirm it. `admissions` needs
    a lead.
    """
    if role == roles.ADMISSIONS:
        return [lead.get_username() for lead in roles.holders(roles.LEAD).exclude(pk=account.pk)]
    others = roles.holders(*POWERFUL).exclude(pk=account.pk)
    givers = [other for other in others if roles.may_manage_accounts(other)]
    if not givers or (role in POWERFUL and len(others) < 2):
        return []
    return [other.get_username() for other in (others if role in POWERFUL else givers)]


def who_can_confirm(assignment):
    """Return a sentence that names who can confirm a requested role."""
    parties = [assignment.account_id, assignment.assigned_by_id]
    others = roles.holders(*roles.confirming(assignment.role)).exclude(pk__in=[pk for pk in parties if pk])
    names = ", ".join(other.get_username() for other in others)
    if names:
        return _("These colleagues can confirm it: %s.") % names
    return _("No colleague can confirm it. The person who runs the server can, with manage.py grant_role.")


def _is_held(assignment):
    return not assignment.needs_confirmation or hasattr(assignment, "confirmation")


def _given(reason):
    """Return a typed reason without outer spaces. Raises `RoleRefused` if nothing is left."""
    if not reason.strip():
        raise RoleRefused(_("Enter a reason."), "reason")
    return reason.strip()


def _record(kind, assignment, actor, request):
    events.record(kind, request=request, actor=actor, account=assignment.account, detail=assignment.role)
