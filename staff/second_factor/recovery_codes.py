"""Recovery codes: ten that are shown once, each good for one sign-in. The database holds keyed hashes of them.

Each has 80 random bits, so a fast hash is enough: nobody can try them all.
"""

import secrets

from django.db import transaction
from django.utils import timezone

from staff import events
from staff.keyed_hash import keyed_hash
from staff.models import RecoveryCode, RecoveryCodeSet, SecurityEvent

HOW_MANY = 10
FEW = 3  # from here on we ask to make new ones
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U, which are read as others
LENGTH = 16
_AS_MEANT = str.maketrans("ILO", "110", " -\u2010\u2011\u2013")  # a hyphen may come back as another dash


def make(user):
    """Replace the recovery codes of an account. Return the new ones, such as "7KQM-0RXA-93TD-B2HE"."""
    codes = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(HOW_MANY)]
    with transaction.atomic():
        code_set, _created = RecoveryCodeSet.objects.update_or_create(
            user=user, defaults={"made_at": timezone.now(), "name": "recovery codes"}
        )
        code_set.codes.all().delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(code_set=code_set, hashed=_hash(user, code)) for code in codes)
    return ["-".join(code[start : start + 4] for start in range(0, LENGTH, 4)) for code in codes]


def accept(request, user, typed):
    """Use up a recovery code, however it was typed. Return the set that it belongs to; None if it is wrong or used."""
    code = typed.upper().translate(_AS_MEANT)
    code_set = RecoveryCodeSet.objects.filter(user=user).first()
    if code_set is None or not code_set.verify_token(code):
        return None
    events.record(SecurityEvent.Kind.RECOVERY_CODE_USED, request=request, actor=user, detail=f"{left(user)} left")
    return code_set


def left(user):
    """Return how many recovery codes of an account are unused."""
    return RecoveryCode.objects.filter(code_set__user=user, used_at=None).count()


def _hash(user, code):
    return keyed_hash("recovery_code", f"{user.pk}:{code}")
