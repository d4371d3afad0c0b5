"""The second factors of accounts. A copy of these tables is useless without SECRET_KEY."""

from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_totp.models import TOTPDevice

from staff.keyed_hash import keyed_hashes, secret_keys


class TotpDevice(TOTPDevice):
    """An authenticator app. Its row holds a random seed, and the app's key is derived from it and SECRET_KEY.

    Always use this class, never `TOTPDevice`, which would use the seed as the key.
    """

    factor = "totp"
    secret_key = None  # from which the app's key is derived; None is SECRET_KEY

    class Meta:
        proxy = True

    @property
    def bin_key(self):
        """The key in the app: 20 bytes, as RFC 4226 recommends."""
        return salted_hmac("staff.totp", self.key, secret=self.secret_key, algorithm="sha256").digest()[:20]

    def verify_token(self, token):
        """Return whether a code is right and later than the last one. Saves the device if so.

        The app may have been set up under an older SECRET_KEY. Call it in a transaction that has locked the row.
        """
        for secret_key in secret_keys():
            self.secret_key = secret_key
            if super().verify_token(token):
                return True
        return False

    def throttle_increment(self, commit=True):
        """Do nothing, because staff/throttle.py counts wrong codes."""


class RecoveryCodeSet(Device):
    """The recovery codes of one account. It stays the same when new codes replace the old ones."""

    factor = "recovery_code"
    made_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user"], name="one_set_of_recovery_codes")]

    def __str__(self):
        return f"recovery codes {self.made_at:%Y-%m-%d}"

    def verify_token(self, token):
        """Use a code. Return whether it was still unused. If two sign-ins send one code at once, only one succeeds."""
        hashes = keyed_hashes("recovery_code", f"{self.user_id}:{token}")
        return bool(self.codes.filter(hashed__in=hashes, used_at=None).update(used_at=timezone.now()))


class RecoveryCode(models.Model):
    """One recovery code. Holds a keyed hash of it."""

    code_set = models.ForeignKey(RecoveryCodeSet, models.CASCADE, related_name="codes")
    hashed = models.CharField(max_length=64, unique=True, help_text="Keyed hash of the account and the code")
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return "used" if self.used_at else "unused"


def factor_of(device):
    """Return the code of a device for the security log; "password" for None, which stands for no second factor."""
    return "password" if device is None else getattr(device, "factor", "passkey")
