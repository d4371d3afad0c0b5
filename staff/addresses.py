"""When an account's email address was changed, according to the security log."""

from django.utils import timezone

from .models import SecurityEvent


def changed_at(account):
    """Return the moment of the newest change of an account's email address; None if it was never changed."""
    changed = SecurityEvent.objects.filter(
        account=account,
        kind=SecurityEvent.Kind.ACCOUNT_CHANGED,
        detail__contains="email",
        occurred_at__lte=timezone.now(),
    ).order_by("-occurred_at")
    return changed.values_list("occurred_at", flat=True).first()
