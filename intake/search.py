"""The blind index of the requests: its rows, and what they find."""

import functools
import time

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q

from . import phone_numbers, reference
from .crypto import blind_index
from .crypto.blind_index import EMAIL, NAME, PHONE
from .models import Alias, AssessmentRequest, BlindIndex, EncryptedText

NEWEST = ("-received_at", "-id")
SHARING_AT_MOST = 20
FEW = 1000  # of people who share a word of their name


def indexes_of(request_id, answers):
    """The new rows under which a request will be found by the phone, e-mail and name in `answers`."""
    entries = blind_index.entries_for(answers, rows_of_names(time.monotonic() // 60))
    return [BlindIndex(request_id=request_id, kind=e.kind, value=e.value, key_id=e.key_id) for e in entries]


@functools.lru_cache(maxsize=1)
def rows_of_names(minute):
    """About how many rows of name words there are: half of all rows or a little more. Asked once a minute, since the
    width of names changes only where that doubles."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM intake_blindindex")
        [newest] = cursor.fetchone()
    return (newest or 0) // 2


def kind_of(typed):
    """What somebody typed into the one box: a phone, an e-mail or, where it is neither, a name."""
    if "@" in blind_index.normalized_email(typed):
        return EMAIL
    digits = sum(character.isdecimal() for character in typed)
    has_letters = any(character.isalpha() for character in typed)
    is_number = digits >= phone_numbers.FEWEST_DIGITS or (digits and not has_letters)
    return PHONE if is_number or phone_numbers.is_on_the_keypad(typed) else NAME


def by_reference(typed):
    """The request of which somebody typed the reference, or another one that it was confirmed under; or None."""
    normalized = reference.normalize(typed)
    if normalized is None:
        return None
    known = AssessmentRequest.objects.real()
    # One after the other: asked for both at once, PostgreSQL reads every row.
    alias = Alias.objects.filter(reference=normalized).values("request")
    return known.filter(reference=normalized).first() or known.filter(pk__in=alias).first()


def by_contact(kind, typed):
    """The requests with exactly this phone or e-mail, however it is written."""
    return _shown().filter(pk__in=_indexed(blind_index.contact_values_to_ask({kind: typed})).values("request"))


def by_name(typed):
    """The requests that may have a name with all these words: a value of the index stands for many words, so each
    must be opened to be sure (`names_told`). Its texts with a name are fetched along."""
    rows = {word: _indexed({NAME: values}) for word, values in blind_index.name_values_to_ask(typed).items()}
    if not rows:
        return AssessmentRequest.objects.none()
    counts = {word: rows[word][:FEW].count() for word in rows}
    rarest, *others = sorted(rows, key=counts.get)
    found = _shown().filter(pk__in=rows[rarest].values("request"))
    for word in others:
        # Looking each of a few up is far cheaper than fetching all who have a common name; of many, it costs far more.
        if counts[rarest] < FEW:
            found = found.filter(Exists(rows[word].filter(request=OuterRef("pk"))))
        else:
            found = found.filter(pk__in=rows[word].values("request"))
    return found.prefetch_related(Prefetch("texts", EncryptedText.objects.filter(kind__in=EncryptedText.WITH_CONTACT)))


def stored_names(request):
    """The names that a request from `by_name` was given, the newest first, each once. Opens its texts."""
    stored = [_answers_in(text) for text in request.texts.all()]
    return list(dict.fromkeys(content["name"] for content in reversed(stored) if content.get("name")))


def same_contact(request):
    """The other real requests that share a phone or an e-mail with this one, newest first, at most 20. Each has
    `shared`: the set of what it shares, "phone" or "email"."""
    if request.hidden_at:  # its words are shown to nobody, and neither is what they lead to
        return []
    return _sharing(_contact_values(request), besides=request.pk)


def naming_contact_of(requests):
    """The ids, as a subquery, of all requests that name a phone or an email of one of `requests`, which are among them.
    Opens no text."""
    named = BlindIndex.objects.filter(kind__in=(PHONE, EMAIL))
    return named.filter(value__in=named.filter(request__in=requests).values("value")).values("request")


def known_contact(typed, besides=None):
    """The same for a "phone" and an "email" that staff look for, however the person wrote them."""
    return _sharing(blind_index.contact_values_to_ask(typed), besides)


def _sharing(values, besides):
    if not any(values.values()):
        return []
    sharing = _indexed(values)
    found = _shown().exclude(pk=besides).filter(pk__in=sharing.values("request")).order_by(*NEWEST)[:SHARING_AT_MOST]
    found = list(found.prefetch_related(Prefetch("blind_indexes", sharing, to_attr="sharing")))
    for request in found:
        request.shared = {row.kind for row in request.sharing}
    return found


def naming_another_contact(requests, besides):
    """The ids of those requests that name a phone or an e-mail which `besides` does not."""
    own = {value for values in _contact_values(besides).values() for value in values}
    named = BlindIndex.objects.filter(kind__in=(PHONE, EMAIL), request__in=requests)
    return {pk for pk, value in named.values_list("request", "value") if value not in own}


def contact_in_common(request, other):
    """The kinds of contact ("phone", "email") of which the other request names one that this one was ever given."""
    return set(_indexed(_contact_values(request)).filter(request=other).values_list("kind", flat=True))


def names_any_contact(request):
    """Whether a phone or an e-mail of this request can be read."""
    return any(_contact_values(request).values())


def from_same_device(request):
    """The other requests that were sent from the same form, by someone else as far as we can tell, oldest first."""
    first_id = request.same_device_as_id or request.pk
    from_device = Q(pk=first_id) | Q(same_device_as=first_id)
    return AssessmentRequest.objects.filter(from_device).exclude(pk=request.pk).order_by("received_at", "pk")


def shared_contacts(requests, answers):
    """From the id of a request to the kinds of contact ("phone", "email") in `answers` that it was ever given."""
    shared, named = {}, _indexed(blind_index.contact_values(answers))
    for request_id, kind in named.filter(request__in=requests).values_list("request", "kind"):
        shared.setdefault(request_id, set()).add(kind)
    return shared


def _contact_values(request):
    """Every value, by kind, under which what this request was given may stand in the index, under each key."""
    texts = request.texts.filter(kind__in=EncryptedText.WITH_CONTACT)
    stored = [blind_index.contact_values(_answers_in(text)) for text in texts]
    return {kind: [value for values in stored for value in values[kind]] for kind in (PHONE, EMAIL)}


def _shown():
    """What a search may find: a person who took back their words is not found by them, even while a hold keeps
    them."""
    return AssessmentRequest.objects.real().filter(hidden_at=None).select_related("owner")


def _indexed(values):
    """The rows of the index with these values, given by kind."""
    condition = Q(pk__in=[])
    for kind, wanted in values.items():
        condition |= Q(kind=kind, value__in=wanted)
    return BlindIndex.objects.filter(condition)


def _answers_in(text):
    """Return the answers in a text, or {} where it can't be decrypted: a search goes on with what it can read."""
    return text.decrypt_or_none() or {}
