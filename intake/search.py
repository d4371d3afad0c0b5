"""Find requests, by reference and by the blind index."""

import functools
import time

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q

from . import phone_numbers, reference
from .crypto import blind_index
from .crypto.blind_index import EMAIL, NAME, PHONE
from .models import Alias, AssessmentRequest, BlindIndex, EncryptedText

NEWEST = ("-received_at", "-id")
MAX_SHARING = 20
FEW = 1000  # index rows of one word of a name: the word is rare below this


def indexes_of(request_id, answers):
    """Return new index rows for the phone, email and name in `answers`."""
    entries = blind_index.entries_for(answers, rows_of_names(time.monotonic() // 60))
    return [BlindIndex(request_id=request_id, kind=e.kind, value=e.value, key_id=e.key_id) for e in entries]


@functools.lru_cache(maxsize=1)
def rows_of_names(minute):
    """Return an estimate of how many name rows the index has: half of the newest row id.

    `minute`: the cache key. The estimate is cached for a minute, since the width of name values changes only when it
    doubles.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM intake_blindindex")
        [newest] = cursor.fetchone()
    return (newest or 0) // 2


def kind_of(typed):
    """Return the kind of the text in the search box: `PHONE`, `EMAIL`, or otherwise `NAME`."""
    if "@" in blind_index.normalized_email(typed):
        return EMAIL
    digits = sum(character.isdecimal() for character in typed)
    has_letters = any(character.isalpha() for character in typed)
    is_number = digits >= phone_numbers.MIN_DIGITS or (digits and not has_letters)
    return PHONE if is_number or phone_numbers.is_on_the_keypad(typed) else NAME


def by_reference(typed):
    """Return the request with this reference, or with an `Alias` of this reference; None if there is none."""
    normalized = reference.normalize(typed)
    if normalized is None:
        return None
    known = AssessmentRequest.objects.real()
    # Two queries: for one with OR, PostgreSQL reads every row.
    alias = Alias.objects.filter(reference=normalized).values("request")
    return known.filter(reference=normalized).first() or known.filter(pk__in=alias).first()


def by_contact(kind, typed):
    """Return the requests with exactly this phone or email (`kind`), however it was written."""
    return _shown().filter(pk__in=_indexed(blind_index.contact_values_to_ask({kind: typed})).values("request"))


def by_name(typed):
    """Return the requests whose name may contain all of these words, with their texts prefetched.

    An index value stands for many words, so decrypt each name to be sure (`stored_names`).
    """
    rows = {word: _indexed({NAME: values}) for word, values in blind_index.name_values_to_ask(typed).items()}
    if not rows:
        return AssessmentRequest.objects.none()
    counts = {word: rows[word][:FEW].count() for word in rows}
    rarest, *others = sorted(rows, key=counts.get)
    found = _shown().filter(pk__in=rows[rarest].values("request"))
    for word in others:
        # EXISTS is faster for a few candidates, a hash join for many.
        if counts[rarest] < FEW:
            found = found.filter(Exists(rows[word].filter(request=OuterRef("pk"))))
        else:
            found = found.filter(pk__in=rows[word].values("request"))
    return found.prefetch_related(Prefetch("texts", EncryptedText.objects.filter(kind__in=EncryptedText.WITH_CONTACT)))


def stored_names(request):
    """Return the decrypted names of a request from `by_name`, the newest first, each once."""
    stored = [_answers_in(text) for text in request.texts.all()]
    return list(dict.fromkeys(content["name"] for content in reversed(stored) if content.get("name")))


def same_contact(request):
    """Return the other real requests that share a phone or email with this one, newest first, at most 20.

    Each has an attribute `shared`: the set of the kinds ("phone", "email") that it shares.
    """
    if request.hidden_at:  # hidden content must not lead staff to other requests
        return []
    return _sharing(_contact_values(request), besides=request.pk)


def naming_contact_of(requests):
    """Return a subquery for the ids of all requests that share a phone or email with one of `requests`.

    The `requests` themselves are included. Decrypts nothing.
    """
    named = BlindIndex.objects.filter(kind__in=(PHONE, EMAIL))
    return named.filter(value__in=named.filter(request__in=requests).values("value")).values("request")


def contact_values_of(ids):
    """Map the ids of requests to the sets of the blind index values of their phones and emails. Decrypts nothing."""
    values = {}
    named = BlindIndex.objects.filter(kind__in=(PHONE, EMAIL), request__in=ids)
    for request_id, value in named.values_list("request", "value"):
        values.setdefault(request_id, set()).add(value)
    return values


def known_contact(typed, besides=None):
    """Return the requests that have this phone or email, in the same form as `same_contact`.

    `typed`: a "phone" and an "email" as staff typed them. The person may have written them in another way. `besides`:
    the id of a request to leave out.
    """
    return _sharing(blind_index.contact_values_to_ask(typed), besides)


def _sharing(values, besides):
    if not any(values.values()):
        return []
    sharing = _indexed(values)
    found = _shown().exclude(pk=besides).filter(pk__in=sharing.values("request")).order_by(*NEWEST)[:MAX_SHARING]
    found = list(found.prefetch_related(Prefetch("blind_indexes", sharing, to_attr="sharing")))
    for request in found:
        request.shared = {row.kind for row in request.sharing}
    return found


def naming_another_contact(requests, besides):
    """Return the ids of those `requests` that have a phone or email that the request `besides` lacks."""
    own = {value for values in _contact_values(besides).values() for value in values}
    named = BlindIndex.objects.filter(kind__in=(PHONE, EMAIL), request__in=requests)
    return {pk for pk, value in named.values_list("request", "value") if value not in own}


def contact_in_common(request, other):
    """Return the kinds of contact ("phone", "email") that two requests share."""
    return set(_indexed(_contact_values(request)).filter(request=other).values_list("kind", flat=True))


def names_any_contact(request):
    """Return whether at least one phone or email of this request can be decrypted."""
    return any(_contact_values(request).values())


def from_same_device(request):
    """Return the other requests that were sent from the same form, oldest first.

    Most likely, someone else sent them.
    """
    first_id = request.same_device_as_id or request.pk
    from_device = Q(pk=first_id) | Q(same_device_as=first_id)
    return AssessmentRequest.objects.filter(from_device).exclude(pk=request.pk).order_by("received_at", "pk")


def shared_contacts(requests, answers):
    """Return the kinds of contact ("phone", "email") that each request shares with `answers`, by request id."""
    shared, named = {}, _indexed(blind_index.contact_values(answers))
    for request_id, kind in named.filter(request__in=requests).values_list("request", "kind"):
        shared.setdefault(request_id, set()).add(kind)
    return shared


def _contact_values(request):
    """Return all index values of this request's phones and emails by kind, for each key of the ring."""
    texts = request.texts.filter(kind__in=EncryptedText.WITH_CONTACT)
    stored = [blind_index.contact_values(_answers_in(text)) for text in texts]
    return {kind: [value for values in stored for value in values[kind]] for kind in (PHONE, EMAIL)}


def _shown():
    """Return the requests that a search may find: all real ones, except those hidden under legal hold."""
    return AssessmentRequest.objects.real().filter(hidden_at=None).select_related("owner")


def _indexed(values):
    """Return the index rows with these values. `values`: lists of values by kind."""
    condition = Q(pk__in=[])
    for kind, wanted in values.items():
        condition |= Q(kind=kind, value__in=wanted)
    return BlindIndex.objects.filter(condition)


def _answers_in(text):
    """Return the decrypted answers in a text; {} if it can't be decrypted, so that a search can continue."""
    return text.decrypt_or_none() or {}
