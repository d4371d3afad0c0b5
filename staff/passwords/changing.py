from django.db import transaction

from staff import events
from staff.sessions import endings

from . import must_change


@transaction.atomic
def change(save, user, request, keep=""):
    """Store a password that its owner has chosen, record it, and end their sessions, except the one in `keep`.

    `save`: sets the password and saves the account. `keep`: the hash of a session's key.
    """
    save()
    must_change.is_done(user)
    events.record(events.Kind.PASSWORD_CHANGED, request=request, actor=user)
    endings.end_all(user, user, request, keep=keep)
