"""Whether this process can accept a request for help right now."""

from django.db import DatabaseError, InterfaceError, connection, transaction

from . import sealed
from .models import AssessmentRequest


def why_not_ready():
    """None when a request can be sealed and stored, else a code that says what is missing."""
    try:
        sealed.check_keys()
    except sealed.SealError:
        return "keys"
    try:
        _try_to_write()
    except (DatabaseError, InterfaceError):
        return "database"
    return None


def _try_to_write():
    """Takes the path of a write without changing a row: a read-only or locked database refuses it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {AssessmentRequest._meta.db_table} WHERE 1 = 0")  # noqa: S608 (a constant)
