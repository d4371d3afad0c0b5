"""Whether two forms that were sent from one page come from one person.

A browser that goes back shows the form again with its old token, and someone else may fill it in. So the token proves
nothing: the forms must share a phone, an email or a given name. If two people were taken for one, the second would get
no call. If one person is taken for two, they get a second call. So in doubt they are two.
"""

from collections.abc import Sequence

from intake import search
from intake.crypto import blind_index
from intake.models import AssessmentRequest, EncryptedText

TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "maam"}


def known_among(requests: Sequence[AssessmentRequest], answers: blind_index.Answers) -> AssessmentRequest | None:
    """Return the request that shares most of phone, email and given name with `answers`, or None if none shares any.

    All answers, amendments and corrections of a request count. What was erased or can't be decrypted does not.
    """
    shared, given = search.shared_contacts(requests, answers), given_names(answers.get("name") or "")

    def proof(request: AssessmentRequest) -> tuple[int, int]:
        contacts, has_name = len(shared.get(request.pk, ())), bool(given & given_names_of(request))
        return contacts + has_name, contacts

    best = max(requests, key=proof)
    return best if any(proof(best)) else None


def given_names(typed: str) -> frozenset[str]:
    """Return what may be the given name in a typed name; empty if nothing certainly is.

    The family name proves nothing: sisters share it. "Mr. Smith" counts as a whole only, since he may have a brother.
    """
    text = typed.rpartition(",")[2].strip() or typed  # "Smith, Ann"
    first = blind_index.name_words(text.split()[0]) if text.split() else []
    if TITLES.intersection(first):
        return frozenset({" ".join(blind_index.name_words(typed))})
    return frozenset(first)


def given_names_of(request: AssessmentRequest) -> frozenset[str]:
    """Return what may be the given names in all texts of a request; empty if nothing certainly is."""
    stored = (_answers_in(text) for text in request.texts.filter(kind__in=EncryptedText.WITH_CONTACT))
    return frozenset().union(*(given_names(content.get("name") or "") for content in stored))


def _answers_in(text: EncryptedText) -> blind_index.Answers:
    content = text.decrypt_or_none()
    return content if isinstance(content, dict) else {}
