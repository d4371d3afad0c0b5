"""Check whether this process can accept a request for help right now."""

from django.db import DatabaseError, InterfaceError, connection, transaction

from intake.crypto import blind_index, envelope
from intake.models import AssessmentRequest
from intake.submission import spool


def why_not_ready():
    """Return None if a request can be encrypted and stored, in the spool or the database.

    Otherwise, return a code for what is missing.
    """
    if bad_rings():
        return "keys"
    if spool.can_take_files() or takes_writes():  # the spool first: a database that is away takes seconds to fail
        return None
    return "storage"


def bad_rings():
    """Return the names of the key settings that are invalid."""
    bad = []
    for setting, check in (("ENCRYPTION_KEYS", envelope.check_keys), ("INDEX_KEYS", blind_index.check_keys)):
        try:
            check()
        except envelope.EncryptionError:
            bad.append(setting)
    return bad


def takes_writes():
    """Return whether the database accepts writes. It tries a DELETE that matches no row."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {AssessmentRequest._meta.db_table} WHERE 1 = 0")  # noqa: S608 (a constant)
    except (DatabaseError, InterfaceError):
        return False
    return True
