"""Whether this process can accept a request for help right now."""

from django.db import DatabaseError, InterfaceError, connection, transaction

from intake.crypto import blind_index, envelope
from intake.models import AssessmentRequest
from intake.submission import spool


def why_not_ready():
    """None when a request can be sealed and kept, in the spool or in the database; else a code: what is missing."""
    if bad_rings():
        return "keys"
    if spool.state().is_writable or takes_writes():  # the spool first: asking a dead database takes seconds
        return None
    return "storage"


def bad_rings():
    """The settings of keys that can't be used, by name."""
    bad = []
    for setting, check in (("ENCRYPTION_KEYS", envelope.check_keys), ("INDEX_KEYS", blind_index.check_keys)):
        try:
            check()
        except envelope.EncryptionError:
            bad.append(setting)
    return bad


def takes_writes():
    """Takes the path of a write without changing a row: a read-only or locked database refuses it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {AssessmentRequest._meta.db_table} WHERE 1 = 0")  # noqa: S608 (a constant)
    except (DatabaseError, InterfaceError):
        return False
    return True
