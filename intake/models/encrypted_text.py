"""Encrypted texts from and about a person, and the blind indexes that find them."""

import json
import logging

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from intake.crypto import envelope
from intake.db.uuid7 import uuid7

logger = logging.getLogger(__name__)


class TextKind(models.TextChoices):
    ANSWERS = "answers", _("What the person wrote")
    AMENDMENT = "amendment", _("Sent again with changes")
    ADDITION = "addition", _("Added by the person")
    NOTE = "note", _("Note")
    CORRECTION = "correction", _("Corrected by staff")
    REFERRAL = "referral", _("Referred to")
    WAITING_FOR = "waiting", _("What we are waiting for")


class EncryptedText(models.Model):
    """One encrypted text, from a person or by staff about a person. It can be erased alone."""

    Kind = TextKind
    FROM_THE_PERSON = (Kind.ANSWERS, Kind.AMENDMENT, Kind.ADDITION)
    WITH_CONTACT = (Kind.ANSWERS, Kind.AMENDMENT, Kind.CORRECTION)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey("intake.AssessmentRequest", models.CASCADE, related_name="texts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    envelope = models.BinaryField()
    key_id = models.CharField(max_length=32, help_text="Which of ENCRYPTION_KEYS encrypted it")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    # The single-use token that was sent instead of a cookie. It is stored so that it works only once.
    spent_token = models.CharField(max_length=32, null=True)  # noqa: DJ001

    class Meta:
        default_permissions = ()
        ordering = ["recorded_at", "pk"]
        constraints = [
            # Not `unique=True`, see `AssessmentRequest`.
            models.UniqueConstraint(fields=["spent_token"], name="encryptedtext_token_spent_once"),
            models.CheckConstraint(name="encryptedtext_kind_is_known", condition=Q(kind__in=TextKind.values)),
            models.UniqueConstraint(fields=["request"], condition=Q(kind="answers"), name="one_set_of_answers"),
            models.CheckConstraint(
                name="encryptedtext_names_its_author_where_staff_wrote",
                condition=Q(kind__in=["answers", "amendment", "addition"], author=None)
                | Q(kind__in=["note", "correction", "referral", "waiting"], author__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["key_id", "id"], name="texts_by_key")]

    def __str__(self):
        return f"{self.kind} {self.pk}"

    @property
    def _place(self):
        return envelope.Place(table=self._meta.db_table, column="envelope", row=str(self.pk))

    def encrypt(self, content):
        """Encrypt `content` (any JSON value) into `envelope`. Return self, not saved yet."""
        self.envelope = envelope.encrypt(json.dumps(content, ensure_ascii=False, sort_keys=True), self._place)
        self.key_id = envelope.key_id_of(self.envelope)
        return self

    def decrypt(self):
        """Return the decrypted content. Raises `envelope.DecryptionError` if it can't be decrypted."""
        return json.loads(envelope.decrypt(self.envelope, self._place))

    def decrypt_or_none(self):
        """Return the decrypted content, or None if it can't be decrypted, so that a page can show the rest."""
        try:
            return self.decrypt()
        except envelope.DecryptionError as error:
            logger.warning("Text %s can't be decrypted: %s", self.pk, error)
            return None

    def holds(self, content):
        """Return whether the decrypted content equals `content`. False if it can't be decrypted."""
        return self.decrypt_or_none() == content


class BlindIndex(models.Model):
    """A keyed hash that finds an encrypted phone, email or name (`intake.crypto.blind_index`).

    Erased with the content.
    """

    request = models.ForeignKey("intake.AssessmentRequest", models.CASCADE, related_name="blind_indexes")
    kind = models.CharField(max_length=10)
    value = models.CharField(max_length=40)
    key_id = models.CharField(max_length=32, help_text="Which of INDEX_KEYS made it")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["kind", "value", "request"], name="indexed_once")]
        indexes = [models.Index(fields=["key_id", "id"], name="indexes_by_key")]

    def __str__(self):
        return f"{self.kind} {self.pk}"
