"""Whether two forms that came from one page were filled in by one person.

A browser that goes back shows the form again with its old token, and someone else may fill it in. So the token alone
proves nothing: the forms must share a phone, an email or a given name. To take two people for one would leave the
second without a call. To take one person for two costs a second call. In doubt they are two.
"""

import uuid

from django.utils.crypto import salted_hmac

from . import blind_index, lookup, reference
from .form_token import Draft
from .models import SealedText
from .sealed import CannotOpen

BITS_OF_A_PERSON = 20  # two people on one form are mixed up once in a million such pairs, while the database is away
TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "maam"}


def known_among(requests, answers):
    """The request that shares most with `answers` of phone, email and given name, or None where none shares any.

    Counts everything that a request was ever told: answers, amendments and corrections. What was erased, or does not
    open, is no proof.
    """
    shared, given = lookup.shared_contacts(requests, answers), given_names(answers.get("name") or "")

    def proof(request):
        contacts, has_name = len(shared.get(request.pk, ())), bool(given & given_names_of(request))
        return contacts + has_name, contacts

    best = max(requests, key=proof)
    return best if any(proof(best)) else None


def given_names(typed):
    """What may be the given name in what someone typed; empty where nothing is sure to be one.

    The family name is no proof: sisters share it. Of "Mr. Smith" only the whole is, since he may have a brother.
    """
    text = typed.rpartition(",")[2].strip() or typed  # "Smith, Ann"
    first = blind_index.name_words(text.split()[0]) if text.split() else []
    if TITLES.intersection(first):
        return frozenset({" ".join(blind_index.name_words(typed))})
    return frozenset(first)


def confirmed_as(draft, answers):
    """The id and reference under which a form is confirmed that the database could not be asked about.

    They follow from the form and from who filled it in. So the same person gets the same again, and somebody else
    never gets the reference and the private link of the first one.
    """
    told = [str(answers.get(name) or "") for name in ("phone", "email", "name")]
    try:
        contact = blind_index.contact_of(answers)
        told = [contact[blind_index.PHONE], contact[blind_index.EMAIL], " ".join(blind_index.name_words(told[2]))]
    except Exception:  # as typed, then: the request must be kept all the same
        told.append("as typed")
    # Under SECRET_KEY, like the token: the spool must work while the keys of the index do not. Cut short, since the
    # reference stays when the words are erased: then it fits too many people to tell which phone or email it came from.
    who = int.from_bytes(_hash("\0".join([draft.id.hex, *told]))[:4], "big") >> (32 - BITS_OF_A_PERSON)
    digest = _hash(f"{draft.id.hex} {who}")
    number = int.from_bytes(draft.id.bytes[:6] + digest[:10], "big")  # begins with the time of the form, as all ids
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 0x2 << 62
    drawn = reference.numbered(int.from_bytes(digest[10:18], "big") % reference.POSSIBLE)
    return Draft(uuid.UUID(int=number), drawn, draft.drawn_at, draft.came_from)


def _hash(message):
    return salted_hmac("intake.confirmed_as", message, algorithm="sha256").digest()


def given_names_of(request):
    """What may be the given names that a request was ever told; empty where nothing is sure to be one."""
    told = (_content(text) for text in request.texts.filter(kind__in=SealedText.WITH_CONTACT))
    return frozenset().union(*(given_names(content.get("name") or "") for content in told))


def _content(text):
    try:
        content = text.open()
    except CannotOpen:
        return {}
    return content if isinstance(content, dict) else {}
