from django.conf import settings

from staff import roles


def may_manage(user):
    """Return whether this user may open the accounts: leads, administrators and, in development, superusers."""
    return roles.may_manage_accounts(user) or (settings.IN_DEVELOPMENT and user.is_active and user.is_superuser)
