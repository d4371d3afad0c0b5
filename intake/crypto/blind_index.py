"""Blind indexes: keyed hashes (HMAC-SHA256) that find encrypted values.

A copy of the database without INDEX_KEYS reveals:

- Two requests with the same phone or email have the same value. The phone or email itself stays unknown.
- Two requests with the same word in their names have the same value. 50 to 100 rows with other words have that value
  too, because it is cut to a few bits. The copy shows that a word is very common, but not which word it is. The width
  of a value shows how many rows there were when it was written.
- The number of name rows of a request shows about how many words its names have. Neighboring words are also indexed as
  one.

Someone with a copy and the keys can try every phone number, and any email or name they think of. A match by phone or
email is then certain. One word of a name matches 50 others as well, but several words of one person together match few.
So the keys stay outside of the database, and index rows are erased with the text they were made from.

A row of the index holds kind, value and key id. The key id is not part of the value.
"""

import base64
import functools
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings

from intake import email_addresses, phone_numbers

from . import keyring

PHONE, EMAIL, NAME = "phone", "email", "name"

VALUE_LENGTH = 32  # characters of base64url: 192 bits
ROWS_SHARING_A_WORD = 50
MAX_BITS = 20
MAX_WORDS = 6
MAX_JOINED = 3  # words that someone may write as one: "De La Cruz"

# Apostrophes and what people type for them, and the stroke that stretches Arabic words.
_PART_OF_NO_WORD = re.compile("['`\u00b4\u2018\u2019\u02bb\u02bc\u02be\u02bf\u2032\uff07\u0640]")

# Letters that Unicode does not decompose: "đ" is LATIN SMALL LETTER D WITH STROKE
_WITH_STROKE = re.compile("LATIN SMALL LETTER ([A-Z]{1,2}) WITH ")
_LETTERS = {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "ŋ": "n", "ə": "e", "ǝ": "e", "ɛ": "e", "ɔ": "o"}


# A person's answers by the names above. One that was not given is missing, "" or None.
Answers = Mapping[str, str | None]


@dataclass(frozen=True)
class Entry:
    """One row of the index."""

    kind: str
    value: str
    key_id: str


def normalized_phone(typed: str) -> str:
    """Return the normalized form of what was typed as a phone. Equal forms mean the same phone."""
    return normalized_email(typed) if email_addresses.is_in(typed) else phone_numbers.identity(typed)


def normalized_email(typed: str) -> str:
    """Return the normalized form of an email address (`email_addresses.identity`)."""
    return email_addresses.identity(typed)


def name_words(typed: str) -> list[str]:
    """Return up to 6 different words of a name, without case and accents: "José O'Neil" gives jose and oneil.

    Initials are left out if there is a longer word. A single character of a script without case is a word.
    """
    words = list(dict.fromkeys(_all_words(typed)))
    longer = [word for word in words if len(word) > 1 or unicodedata.category(word) == "Lo"]
    return (longer or words)[:MAX_WORDS]


def name_forms(typed: str) -> list[str]:
    """Return the forms under which a name is indexed: each word, and two or three neighboring words joined.

    Some people write "Maryann" and "Delacruz" for "Mary Ann" and "De La Cruz".
    """
    words = _all_words(typed)
    joined = (form for start in range(len(words)) for form in _joined_from(words, start) if form not in words)
    return list(dict.fromkeys([*name_words(typed), *joined]))


def is_name_in(asked: str, stored: str) -> bool:
    """Return whether the `stored` name contains every word of the `asked` name, written apart or joined."""
    words, counted, forms = _all_words(asked), set(name_words(asked)), set(name_forms(stored))
    found_to = {0}  # each n for which the first n words can be found
    for start, word in enumerate(words):
        if start not in found_to:
            continue
        written = enumerate([word, *_joined_from(words, start)], start + 1)
        found_to |= {end for end, form in written if form in forms}
        if word not in counted:  # an initial
            found_to.add(start + 1)
    return bool(words) and len(words) in found_to


def _all_words(typed: str) -> list[str]:
    letters = _folded(_PART_OF_NO_WORD.sub("", typed))
    if not letters.isascii():
        letters = "".join(_base_letter(character) for character in letters if not _is_mark(character))
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", letters))
    return words[: 2 * MAX_WORDS]


def _joined_from(words: list[str], start: int) -> list[str]:
    """Return the two words from `start` on joined, then the three words joined, as far as there are enough."""
    return ["".join(words[start : start + size]) for size in range(2, MAX_JOINED + 1) if start + size <= len(words)]


def _base_letter(character: str) -> str:
    """Return the plain letters for a letter that Unicode does not decompose, such as "đ" or "æ"."""
    if character.isascii():
        return character
    with_stroke = _WITH_STROKE.match(unicodedata.name(character, ""))
    return with_stroke[1].lower() if with_stroke else _LETTERS.get(character, character)


def _folded(text: str) -> str:
    """Return the text case-folded, in Unicode normal form KD.

    It is normalized twice because case folding may undo that form.
    """
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _is_mark(character: str) -> bool:
    """Return whether the character is a combining mark, or invisible, such as the joiners inside Persian words."""
    category = unicodedata.category(character)
    return category.startswith("M") or category == "Cf"


def contact_of(answers: Answers) -> dict[str, str]:
    """Return the normalized phone and email in `answers`, by kind; "" for one that is missing."""
    return {
        PHONE: normalized_phone(answers.get(PHONE) or ""),
        EMAIL: normalized_email(answers.get(EMAIL) or ""),
    }


def entries_for(answers: Answers, rows: int) -> list[Entry]:
    """Return the index entries for these answers, under the newest key.

    `answers`: may have "phone", "email" and "name". `rows`: about how many name rows the index has; this sets the width
    of name values.
    """
    contact = _contact_keys(answers, phone_numbers.keys)
    entries = [(kind, _whole_values(kind, key)[0]) for kind, found in contact.items() for key in found]
    for form in name_forms(answers.get(NAME) or ""):
        entries.append((NAME, _word_values(form, [_width(rows)])[0]))
    newest = newest_key_id()
    return [Entry(kind, value, newest) for kind, value in dict.fromkeys(entries)]  # two words may share a value


def contact_values(answers: Answers) -> dict[str, list[str]]:
    """Return all index values of this phone and email by kind, one for each key of the ring.

    Two requests that share a value share a contact.
    """
    return _values_of(_contact_keys(answers, phone_numbers.keys))


def contact_values_to_ask(answers: Answers) -> dict[str, list[str]]:
    """Return all index values to search for by kind, for a phone and an email that someone typed.

    They include values for other ways in which the person may have typed the phone.
    """
    return _values_of(_contact_keys(answers, phone_numbers.keys_to_ask))


def values_to_ask(kind: str, typed: str) -> list[str]:
    """Return all index values to search for, for a phone, an email or a name that someone typed.

    They cover each key of the ring and, for a name, each of its words in each width. To require every word, use
    `name_values_to_ask`. A match by name may be someone else: each width in use adds about 50 others. Decrypt the name
    to be sure.
    """
    if kind == NAME:
        return list(dict.fromkeys(value for values in name_values_to_ask(typed).values() for value in values))
    return contact_values_to_ask({kind: typed})[kind]


def name_values_to_ask(typed: str) -> dict[str, list[str]]:
    """Return the index values to search for, by word of a typed name.

    A request with the word in its name has at least one of the word's values. The word may be indexed alone, or joined
    with its neighbors.
    """
    words = _all_words(typed)
    asked = {}
    for word in name_words(typed):
        at = words.index(word)
        together = (
            form
            for start in range(max(at - MAX_JOINED + 1, 0), at + 1)
            for size, form in enumerate(_joined_from(words, start), 2)
            if start + size > at
        )
        values = (value for form in (word, *together) for value in _word_values(form, range(MAX_BITS + 1)))
        asked[word] = list(dict.fromkeys(values))  # narrow values are often equal
    return asked


def keyed_hash(purpose: str, *parts: str) -> str:
    """Return a keyed hash of `parts` in hexadecimal, under the newest key.

    It is for values that must be recognized but never read again. Each `purpose` gives other hashes.
    """
    return keyed_hashes(purpose, *parts)[0]


def keyed_hashes(purpose: str, *parts: str) -> list[str]:
    """Return the keyed hashes of `parts` in hexadecimal under every key of the ring, newest key first."""
    encoded = [part.encode() for part in parts]
    # With lengths, so that ("a", "bc") and ("ab", "c") are different messages.
    message = b"".join(len(part).to_bytes(8, "big") + part for part in encoded)
    return [hashed.hex() for hashed in _hashes(f"intake.keyed_hash.{purpose}", message)]


def newest_key_id() -> str:
    """Return the id of the newest key, which new index rows use."""
    return next(iter(_ring()))


def check_keys() -> None:
    """Index sample values with these keys and look them up. Raise `InvalidKeyring` if one is not found."""
    known = {PHONE: "480-555-0100", EMAIL: "known@example.org", NAME: "known"}
    for entry in entries_for(known, rows=0):
        if entry.value not in values_to_ask(entry.kind, known[entry.kind]):
            raise keyring.InvalidKeyring(f"with INDEX_KEYS, a known {entry.kind} is not found again")


def _contact_keys(answers: Answers, phone_keys: Callable[[str], Iterable[str]]) -> dict[str, list[str]]:
    """Return the normalized phones and emails in `answers` by kind, whichever field they were typed in.

    `phone_keys`: the function that normalizes a phone.
    """
    typed = {kind: answers.get(kind) or "" for kind in (PHONE, EMAIL)}
    found: dict[str, list[str]] = {PHONE: [], EMAIL: []}
    for box, text in typed.items():
        is_email = email_addresses.is_in(text) or (box == EMAIL and not phone_numbers.to_dial(text))
        found[EMAIL if is_email else PHONE] += email_addresses.keys(text) if is_email else phone_keys(text)
    return found


def _values_of(contact: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        kind: list(dict.fromkeys(value for key in found for value in _whole_values(kind, key)))
        for kind, found in contact.items()
    }


def _whole_values(kind: str, key: str) -> list[str]:
    """Return the index values of a normalized phone or email under every key, newest key first."""
    hashed = _hashes(f"intake.blind_index.{kind}", key.encode())
    return [base64.urlsafe_b64encode(one).decode()[:VALUE_LENGTH] for one in hashed]


def _word_values(word: str, widths: Iterable[int]) -> list[str]:
    """Return the index values of a word of a name under every key, newest key first.

    A width is a number of bits. For each of the `widths` there is a value `width:bits`, with that many first bits of
    the hash, in hexadecimal.
    """
    hashed = _hashes(f"intake.blind_index.{NAME}", word.encode())
    first_bits = [int.from_bytes(one[:4], "big") for one in hashed]
    return [f"{width}:{bits >> (32 - width):x}" for bits in first_bits for width in widths]


def _width(rows: int) -> int:
    """Return how many bits of a word's hash to keep, so that 50 to 100 rows share a value."""
    return min(max((rows // ROWS_SHARING_A_WORD).bit_length() - 1, 0), MAX_BITS)


def _hashes(purpose: str, message: bytes) -> list[bytes]:
    """Return the HMAC-SHA256 of `message` under every key, newest key first.

    The keys are derived: each purpose has its own.
    """
    return [hmac.digest(_derived(secret, purpose), message, "sha256") for secret in _ring().values()]


def _ring() -> dict[str, bytes]:
    return keyring.ring(settings.INDEX_KEYS, "INDEX_KEYS")


@functools.lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str) -> bytes:
    return keyring.derive(secret, purpose.encode())
