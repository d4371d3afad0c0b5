"""Whether two forms that came from one page were filled in by one person.

A browser that goes back shows the form again with its old token, and someone else may fill it in. So the token alone
proves nothing: the forms must share a phone, an email or a given name. To take two people for one would leave the
second without a call. To take one person for two costs a second call. In doubt they are two.
"""

from collections.abc import Sequence

from intake import search
from intake.crypto import blind_index
from intake.models import AssessmentRequest, EncryptedText

TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "maam"}


def known_among(requests: Sequence[AssessmentRequest], answers: blind_index.Answers) -> AssessmentRequest | None:
    """The request that shares most with `answers` of phone, email and given name, or None where none shares any.

    Counts everything that a request was ever told: answers, amendments and corrections. What was erased, or does not
    open, is no proof.
    """
    shared, given = search.shared_contacts(requests, answers), given_names(answers.get("name") or "")

    def proof(request: AssessmentRequest) -> tuple[int, int]:
        contacts, has_name = len(shared.get(request.pk, ())), bool(given & given_names_of(request))
        return contacts + has_name, contacts

    best = max(requests, key=proof)
    return best if any(proof(best)) else None


def given_names(typed: str) -> frozenset[str]:
    """What may be the given name in what someone typed; empty where nothing is sure to be one.

    The family name is no proof: sisters share it. Of "Mr. Smith" only the whole is, since he may have a brother.
    """
    text = typed.rpartition(",")[2].strip() or typed  # "Smith, Ann"
    first = blind_index.name_words(text.split()[0]) if text.split() else []
    if TITLES.intersection(first):
        return frozenset({" ".join(blind_index.name_words(typed))})
    return frozenset(first)


def given_names_of(request: AssessmentRequest) -> frozenset[str]:
    """What may be the given names that a request was ever told; empty where nothing is sure to be one."""
    stored = (_answers_in(text) for text in request.texts.filter(kind__in=EncryptedText.WITH_CONTACT))
    return frozenset().union(*(given_names(content.get("name") or "") for content in stored))


def _answers_in(text: EncryptedText) -> blind_index.Answers:
    content = text.decrypt_or_none()
    return content if isinstance(content, dict) else {}
