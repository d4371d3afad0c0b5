"""Re-encrypt and re-index everything under the newest keys, while the site runs.

Each batch is a transaction that locks its requests, as every change of a request does. The rows themselves show what is
left to do, so the rotation can be stopped at any moment and started again.
"""

import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from .crypto import blind_index, envelope, keyring
from .models import AssessmentRequest, BlindIndex, EncryptedText
from .submission import spool

BATCH = 100  # requests
PAUSE = 0.1  # seconds between two batches, so that others get SQLite's only write lock


@dataclass(frozen=True)
class ToDo:
    """Counts of what is not under the newest keys yet.

    `texts` counts texts; the other fields count requests. `requests` are those with anything left to do. Some requests
    in `never_indexed` may hold nothing to index.
    """

    requests: int
    texts: int
    indexed_with_old_key: int
    never_indexed: int


@dataclass
class Progress:
    """How far a rotation has come."""

    requests: int = 0
    texts: int = 0  # re-encrypted
    indexed: int = 0  # requests that were re-indexed
    unreadable: int = 0  # texts that can't be decrypted: they are not changed


@dataclass(frozen=True)
class OldKeys:
    """The ids of the old keys of one setting. `unused`: nothing stored needs them. `used`: something does."""

    setting: str
    unused: list[str]
    used: list[str]


def to_do():
    """Count what this database still has to rotate, and return a `ToDo`."""
    return ToDo(
        requests=_waiting().count(),
        texts=EncryptedText.objects.exclude(key_id=envelope.newest_key_id()).count(),
        indexed_with_old_key=AssessmentRequest.objects.filter(_has_old_index()).count(),
        never_indexed=AssessmentRequest.objects.filter(_was_never_indexed()).count(),
    )


def rotate(batch_size=BATCH):
    """Re-encrypt and re-index everything not yet under the newest keys. Yield the `Progress` after each batch."""
    progress = Progress()
    rows = BlindIndex.objects.filter(kind=blind_index.NAME).count()
    rows += AssessmentRequest.objects.filter(_was_never_indexed()).count()
    last = uuid.UUID(int=0)
    while last := _rotate_batch(last, batch_size, rows, progress):
        yield progress
        time.sleep(PAUSE)


def old_keys():
    """Return which old keys can be removed from the environment, as an `OldKeys` for each of the two settings."""
    seals = set(EncryptedText.objects.order_by("key_id").values_list("key_id", flat=True).distinct()) | spool.key_ids()
    indexes = set(BlindIndex.objects.order_by("key_id").values_list("key_id", flat=True).distinct())
    return [_old_keys_of("ENCRYPTION_KEYS", seals), _old_keys_of("INDEX_KEYS", indexes)]


def _old_keys_of(setting, in_use):
    _newest, *old = keyring.ring(getattr(settings, setting), setting)
    return OldKeys(setting, [one for one in old if one not in in_use], [one for one in old if one in in_use])


def _waiting():
    has_old_text = Exists(_texts().exclude(key_id=envelope.newest_key_id()))
    return AssessmentRequest.objects.filter(has_old_text | _has_old_index() | _was_never_indexed())


def _has_old_index():
    return Exists(_indexes().exclude(key_id=blind_index.newest_key_id()))


def _was_never_indexed():
    return Exists(_texts().filter(kind__in=EncryptedText.WITH_CONTACT)) & ~Exists(_indexes())


def _texts():
    return EncryptedText.objects.filter(request=OuterRef("pk")).order_by()


def _indexes():
    return BlindIndex.objects.filter(request=OuterRef("pk")).order_by()


@transaction.atomic
def _rotate_batch(last, size, rows, progress):
    """Rotate the next requests after the id `last`. Return the id of the last one rotated, or None.

    `rows`: about how many name rows the index has. `progress`: is updated.
    """
    # The lock prevents that someone erases or adds content meanwhile. So the texts are read after it is taken.
    batch = _waiting().filter(pk__gt=last).order_by("pk").select_for_update(of=("self",), no_key=True)
    requests = list(batch.prefetch_related("texts", "blind_indexes")[:size])
    done = Progress()
    for request in requests:
        _rotate(request, rows, done)
    # Counted at the end, when only the commit can still fail.
    progress.requests += len(requests)
    progress.texts += done.texts
    progress.indexed += done.indexed
    progress.unreadable += done.unreadable
    return requests[-1].pk if requests else None


def _rotate(request, rows, done):
    texts, indexes = list(request.texts.all()), list(request.blind_indexes.all())
    stored, can_read_all = [], True
    for text in texts:
        try:
            content = text.decrypt()
        except envelope.DecryptionError:
            done.unreadable += 1
            can_read_all = can_read_all and text.kind not in EncryptedText.WITH_CONTACT
            continue
        if text.key_id != envelope.newest_key_id():
            text.encrypt(content).save(update_fields=["envelope", "key_id"])
            done.texts += 1
        if text.kind in EncryptedText.WITH_CONTACT:
            stored.append(content)
    is_indexed = indexes and all(index.key_id == blind_index.newest_key_id() for index in indexes)
    if can_read_all and not is_indexed:
        done.indexed += _index_again(request, indexes, stored, rows)


def _index_again(request, indexes, stored, rows):
    """Re-index a request and reuse its old index rows. Return whether there was anything to write.

    `stored`: the decrypted answers. Rows are reused because the newest row id stands for the number of rows, which sets
    the width of name values.
    """
    wanted = {(e.kind, e.value): e for answers in stored for e in blind_index.entries_for(answers, rows)}
    spare, has_entries = [], bool(wanted)
    for index in indexes:
        entry = wanted.pop((index.kind, index.value), None)  # a short name value may be unchanged
        if entry is None:
            spare.append(index)
        else:
            _write(index, entry)
    for entry in wanted.values():
        _write(spare.pop() if spare else BlindIndex(request=request), entry)
    for index in spare:
        index.delete()
    return bool(indexes or has_entries)


def _write(index, entry):
    index.kind, index.value, index.key_id = entry.kind, entry.value, entry.key_id
    index.save()
