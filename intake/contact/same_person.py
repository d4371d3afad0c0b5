"""Decide whether two forms that were sent from one page come from one person.

A browser that goes back shows the form again with its old token, and someone else may fill it in. So the token proves
nothing: the forms must share a phone, an email or a given name. If we took two people for one, the second would get no
call. If we take one person for two, they get a second call. So if in doubt, they count as two.
"""

from collections.abc import Sequence

from intake import search
from intake.crypto import blind_index
from intake.models import AssessmentRequest, EncryptedText

TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "maam"}


def known_among(requests: Sequence[AssessmentRequest], answers: blind_index.Answers) -> AssessmentRequest | None:
    """Return the request that matches `answers` best, or None if none matches.

    A match shares a phone, an email or a given name; the more of them, the better. All answers, amendments and
    corrections of a request count, unless they were erased or can't be decrypted.
    """
    shared, given = search.shared_contacts(requests, answers), given_names(answers.get("name") or "")

    def proof(request: AssessmentRequest) -> tuple[int, int]:
        contacts, has_name = len(shared.get(request.pk, ())), bool(given & given_names_of(request))
        return contacts + has_name, contacts

    best = max(requests, key=proof)
    return best if any(proof(best)) else None


def has_another_name(request: AssessmentRequest, answers: blind_index.Answers) -> bool:
    """Return whether both give a name and the names differ. Two people may share a browser and a landline."""
    given = given_names(answers.get("name") or "")
    return bool(given) and bool(known := given_names_of(request)) and not given & known


def given_names(typed: str) -> frozenset[str]:
    """Return the words that may be the given name in a typed name; empty if there are none.

    The family name proves nothing: sisters share it. "Mr. Smith" counts as a whole only, since he may have a brother.
    """
    text = typed.rpartition(",")[2].strip() or typed  # "Smith, Ann"
    first = blind_index.name_words(text.split()[0]) if text.split() else []
    if TITLES.intersection(first):
        return frozenset({" ".join(blind_index.name_words(typed))})
    return frozenset(first)


def given_names_of(request: AssessmentRequest) -> frozenset[str]:
    """Return the possible given names in all texts of a request; empty if there are none."""
    stored = (_answers_in(text) for text in request.texts.filter(kind__in=EncryptedText.WITH_CONTACT))
    return frozenset().union(*(given_names(content.get("name") or "") for content in stored))


def _answers_in(text: EncryptedText) -> blind_index.Answers:
    content = text.decrypt_or_none()
    return content if isinstance(content, dict) else {}
