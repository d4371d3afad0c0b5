"""Accounts whose password must be changed at the next sign-in, because someone else has seen it."""

from staff.models import PasswordMustChange


def require(user):
    """Ask for another password at the next sign-in of this account."""
    PasswordMustChange.objects.get_or_create(account=user)


def is_due(user):
    return PasswordMustChange.objects.filter(account=user).exists()


def is_done(user):
    """Note that the owner of an account has chosen their own password."""
    PasswordMustChange.objects.filter(account=user).delete()
