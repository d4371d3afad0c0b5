"""Blind indexes: keyed hashes (HMAC-SHA256) by which what is sealed can be found again.

What a copy of the database reveals without INDEX_KEYS:
- Two requests with the same phone or e-mail have the same value. Which phone or e-mail, it does not tell.
- Two requests with the same word in their names have the same value too, but so have about 50 to 100 rows that do not:
  the value is cut to as few bits as that takes. A word common enough to stand out in spite of that is known to be
  common, not which one it is. The width of a value tells how many rows there were when it was written.
- How many rows of names a request has tells about how many words its names have: words that stand side by side are
  indexed together too.

Someone with a copy and the keys can try every phone number, and any e-mail or name they think of. Phones and e-mails
are then known for sure. One word of a name fits 50 others as well, but several words of one person together fit few.
So the keys stay outside the database, and the rows of the index are erased with the text they were made from.

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
MOST_BITS = 20
MOST_WORDS = 6
MOST_JOINED = 3  # words that someone may write as one: "De La Cruz"

# The apostrophe and what is typed for it, and the stroke that stretches Arabic words.
_PART_OF_NO_WORD = re.compile("['`\u00b4\u2018\u2019\u02bb\u02bc\u02be\u02bf\u2032\uff07\u0640]")

# Letters that Unicode does not take apart: "đ" is LATIN SMALL LETTER D WITH STROKE
_WITH_STROKE = re.compile("LATIN SMALL LETTER ([A-Z]{1,2}) WITH ")
_LETTERS = {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "ŋ": "n", "ə": "e", "ǝ": "e", "ɛ": "e", "ɔ": "o"}


# What a person told us, by the names above. Where someone gave none, it is missing, empty or None.
Answers = Mapping[str, str | None]


@dataclass(frozen=True)
class Entry:
    """One row of the index."""

    kind: str
    value: str
    key_id: str


def normalized_phone(typed: str) -> str:
    """One writing for what stands in the phone box: two forms with the same are of the same phone."""
    return normalized_email(typed) if email_addresses.is_in(typed) else phone_numbers.identity(typed)


def normalized_email(typed: str) -> str:
    """One writing for one e-mail address (`email_addresses.identity`)."""
    return email_addresses.identity(typed)


def name_words(typed: str) -> list[str]:
    """The words of a name without case and marks, each once, at most 6: "José O'Neil" gives jose and oneil.

    Initials are left out where there is a longer word. A single character of a script without case is a word.
    """
    words = list(dict.fromkeys(_all_words(typed)))
    longer = [word for word in words if len(word) > 1 or unicodedata.category(word) == "Lo"]
    return (longer or words)[:MOST_WORDS]


def name_forms(typed: str) -> list[str]:
    """What a name is indexed under: its words, and each two or three that stand side by side as one word, since others
    write "Maryann" and "Delacruz" for "Mary Ann" and "De La Cruz"."""
    words = _all_words(typed)
    joined = (form for start in range(len(words)) for form in _joined_from(words, start) if form not in words)
    return list(dict.fromkeys([*name_words(typed), *joined]))


def is_name_in(asked: str, stored: str) -> bool:
    """Whether a name that was told has all words of the one that is asked for, written apart or together."""
    words, counted, forms = _all_words(asked), set(name_words(asked)), set(name_forms(stored))
    found_to = {0}  # how many of the words are found
    for start, word in enumerate(words):
        if start not in found_to:
            continue
        written = enumerate([word, *_joined_from(words, start)], start + 1)
        found_to |= {end for end, form in written if form in forms}
        if word not in counted:  # an initial
            found_to.add(start + 1)
    return bool(words) and len(words) in found_to


def _all_words(typed: str) -> list[str]:
    decomposed = _folded(_PART_OF_NO_WORD.sub("", typed))
    letters = "".join(_base_letter(character) for character in decomposed if not _is_mark(character))
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", letters))
    return words[: 2 * MOST_WORDS]


def _joined_from(words: list[str], start: int) -> list[str]:
    """The words from `start` on as one word: two of them, three of them."""
    return ["".join(words[start : start + size]) for size in range(2, MOST_JOINED + 1) if start + size <= len(words)]


def _base_letter(character: str) -> str:
    """The plain letters for one that no normal form takes apart, such as "đ" or "æ"."""
    if character.isascii():
        return character
    with_stroke = _WITH_STROKE.match(unicodedata.name(character, ""))
    return with_stroke[1].lower() if with_stroke else _LETTERS.get(character, character)


def _folded(text: str) -> str:
    """Without case, in normal form KD; normalized once more because folding may leave it."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _is_mark(character: str) -> bool:
    """Marks, and invisible characters, some of which stand inside words (the joiners of Persian)."""
    category = unicodedata.category(character)
    return category.startswith("M") or category == "Cf"


def contact_of(answers: Answers) -> dict[str, str]:
    """The phone and the e-mail of `answers`, each in its one writing; empty where there is none."""
    return {
        PHONE: normalized_phone(answers.get(PHONE) or ""),
        EMAIL: normalized_email(answers.get(EMAIL) or ""),
    }


def entries_for(answers: Answers, rows: int) -> list[Entry]:
    """The rows of the index for what a person told us, under the newest key.

    `answers` may have "phone", "email" and "name". `rows` is about how many rows of name words there are now.
    """
    contact = _contact_keys(answers, phone_numbers.keys)
    entries = [(kind, _whole_values(kind, key)[0]) for kind, found in contact.items() for key in found]
    for form in name_forms(answers.get(NAME) or ""):
        entries.append((NAME, _word_values(form, [_width(rows)])[0]))
    newest = newest_key_id()
    return [Entry(kind, value, newest) for kind, value in dict.fromkeys(entries)]  # two words may share a value


def contact_values(answers: Answers) -> dict[str, list[str]]:
    """Every value, by kind, under which exactly this phone and e-mail stand in the index: under each key of the ring.
    Two requests that share one share a contact."""
    return _values_of(_contact_keys(answers, phone_numbers.keys))


def contact_values_to_ask(answers: Answers) -> dict[str, list[str]]:
    """The same for a phone and an e-mail that someone looks for: also as the person may have typed them."""
    return _values_of(_contact_keys(answers, phone_numbers.keys_to_ask))


def values_to_ask(kind: str, typed: str) -> list[str]:
    """Every value under which `typed` may stand in the index: under each key of the ring, and names in each width.

    Of several words of a name, the values of all are given: to find those with every word, see `name_values_to_ask`.
    What is found by a name may be someone else, so it must be opened to be sure: each width that the rows were written
    in adds about 50 others.
    """
    if kind == NAME:
        return list(dict.fromkeys(value for values in name_values_to_ask(typed).values() for value in values))
    return contact_values_to_ask({kind: typed})[kind]


def name_values_to_ask(typed: str) -> dict[str, list[str]]:
    """For each word of a name, the values of which one stands in the index of whoever has that word: by itself, or
    written together with the words beside it."""
    words = _all_words(typed)
    asked = {}
    for word in name_words(typed):
        at = words.index(word)
        together = (
            form
            for start in range(max(at - MOST_JOINED + 1, 0), at + 1)
            for size, form in enumerate(_joined_from(words, start), 2)
            if start + size > at
        )
        values = (value for form in (word, *together) for value in _word_values(form, range(MOST_BITS + 1)))
        asked[word] = list(dict.fromkeys(values))  # the narrow ones are often the same
    return asked


def keyed_hash(purpose: str, *parts: str) -> str:
    """A keyed hash of texts in hexadecimal, under the newest key: what must be recognized and never read again."""
    return keyed_hashes(purpose, *parts)[0]


def keyed_hashes(purpose: str, *parts: str) -> list[str]:
    """The same under every key of the ring, newest first."""
    encoded = [part.encode() for part in parts]
    # With their lengths, so that no two lists of parts are one message: ("a", "bc") and ("ab", "c").
    message = b"".join(len(part).to_bytes(8, "big") + part for part in encoded)
    return [hashed.hex() for hashed in _hashes(f"intake.keyed_hash.{purpose}", message)]


def newest_key_id() -> str:
    """The id of the key that indexes from now on."""
    return next(iter(_ring()))


def check_keys() -> None:
    """Raises `InvalidKeyring` unless what is indexed with the keys in force would be found again."""
    known = {PHONE: "480-555-0100", EMAIL: "known@example.org", NAME: "known"}
    for entry in entries_for(known, rows=0):
        if entry.value not in values_to_ask(entry.kind, known[entry.kind]):
            raise keyring.InvalidKeyring(f"with INDEX_KEYS, a known {entry.kind} was not found again")


def _contact_keys(answers: Answers, phone_keys: Callable[[str], Iterable[str]]) -> dict[str, list[str]]:
    """What the phone and the e-mail of `answers` are indexed under, each as what it is, whichever box it stands in."""
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
    """The values of a phone or an e-mail, under every key, newest first."""
    hashed = _hashes(f"intake.blind_index.{kind}", key.encode())
    return [base64.urlsafe_b64encode(one).decode()[:VALUE_LENGTH] for one in hashed]


def _word_values(word: str, widths: Iterable[int]) -> list[str]:
    """The values of a word of a name: `width:its first bits in hexadecimal`, under every key, newest first."""
    hashed = _hashes(f"intake.blind_index.{NAME}", word.encode())
    first_bits = [int.from_bytes(one[:4], "big") for one in hashed]
    return [f"{width}:{bits >> (32 - width):x}" for bits in first_bits for width in widths]


def _width(rows: int) -> int:
    """How many bits of a word's hash to keep, so that 50 to 100 of so many rows share a value."""
    return min(max((rows // ROWS_SHARING_A_WORD).bit_length() - 1, 0), MOST_BITS)


def _hashes(purpose: str, message: bytes) -> list[bytes]:
    """HMAC-SHA256 under every key, newest first, with a key of its own for each purpose."""
    return [hmac.digest(_derived(secret, purpose), message, "sha256") for secret in _ring().values()]


def _ring() -> dict[str, bytes]:
    return keyring.ring(settings.INDEX_KEYS, "INDEX_KEYS")


@functools.lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str) -> bytes:
    return keyring.derive(secret, purpose.encode())
