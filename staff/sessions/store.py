"""Where sessions are stored: in the database, under a keyed hash of the key in the cookie.

A copy of the table opens no session, because the key can't be computed from its hash.
"""

from django.contrib.auth import SESSION_KEY as USER_ID
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from staff.keyed_hash import keyed_hash

from . import limits


class SessionStore(DatabaseStore):
    """Django's database store with hashed keys. A session whose time is over is empty, wherever it is used.

    `row`: the `StaffSession` that was loaded or made, if any. `ended`: why that session is over, as a code of
    `limits`, or "" while it lasts. The next new row gets `network`, the keyed hash of the network, and `started_at`,
    the time of the sign-in (None means now). A session that only gets another key keeps both.
    """

    row, ended, network, started_at = None, "", "", None

    # Django's own asynchronous methods would store the key as it is. These run the methods below in a thread.
    aload, aexists, asave, adelete = SessionBase.aload, SessionBase.aexists, SessionBase.asave, SessionBase.adelete
    acreate = SessionBase.acreate

    @classmethod
    def get_model_class(cls):
        from staff.models import StaffSession  # imported late, because Django loads the store before the models

        return StaffSession

    def load(self):
        now = timezone.now()
        rows = self.model.objects.filter(pk=keyed_hash("session", self.session_key), expire_date__gt=now)
        self.row = rows.first()
        self.ended = limits.why_over(self.row, now) if self.row else ""
        if self.row is None or self.ended:
            self._session_key = None
            return {}
        self.network, self.started_at = self.row.network, self.row.started_at
        return self.decode(self.row.session_data)

    def begin(self, network):
        """Give the session a new beginning and a new key: someone signed in from a network (its keyed hash)."""
        self.network, self.started_at = network, None
        self.cycle_key()

    def flush(self):
        super().flush()
        self.network, self.started_at = "", None

    def exists(self, session_key):
        return super().exists(keyed_hash("session", session_key))

    def delete(self, session_key=None):
        if key := session_key or self.session_key:
            self.model.objects.filter(pk=keyed_hash("session", key)).delete()

    def create_model_instance(self, data):
        row = super().create_model_instance(data)
        row.session_key = keyed_hash("session", row.session_key)
        row.user_id = data.get(USER_ID)
        row.last_used_at = timezone.now()
        row.started_at = self.started_at or row.last_used_at
        row.network = self.network
        self.row = self.row or row
        return row
