from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class StaffSession(AbstractBaseSession):
    """A session of a signed-in browser.

    `session_key` holds a keyed hash of the key in the cookie, so a copy of the table opens no session.
    """

    session_key = models.CharField(max_length=64, primary_key=True, help_text="Keyed hash of the key in the cookie")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="staff_sessions")
    started_at = models.DateTimeField(help_text="When someone signed in")
    last_used_at = models.DateTimeField(help_text="When a person last did something")
    network = models.CharField(max_length=64, blank=True, help_text="Keyed hash of the network")

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["user", "-last_used_at"], name="sessions_of_user")]

    def save(self, *args, force_insert=False, **kwargs):
        """Save a new row, or the content of an existing one. The time of last use is saved separately, see
        `sessions/use.py`.
        """
        if not force_insert:
            kwargs["update_fields"] = ["session_data", "expire_date", "user"]
        super().save(*args, force_insert=force_insert, **kwargs)

    @classmethod
    def get_session_store_class(cls):
        from staff.sessions.store import SessionStore  # imported late, because the store uses this model

        return SessionStore

    def __str__(self):
        return f"{self.started_at:%Y-%m-%d %H:%M}"
