"""Blind indexes: keyed hashes (HMAC-SHA256) by which what is sealed can be found again.

What a copy of the database reveals without INDEX_KEYS:
- Two requests with the same phone or e-mail have the same value. Which phone or e-mail, it does not tell.
- Two requests with the same word in their names have the same value too, but so have about 50 to 100 rows that do not:
  the value is cut to as few bits as that takes. A word common enough to stand out in spite of that is known to be
  common, not which one it is. The width of a value tells how many rows there were when it was written.

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
from dataclasses import dataclass

import phonenumbers
from django.conf import settings

from . import keys

PHONE, EMAIL, NAME = "phone", "email", "name"

VALUE_LENGTH = 32  # characters of base64url: 192 bits
ROWS_SHARING_A_WORD = 50
MOST_BITS = 20
MOST_WORDS = 6
HOME_REGION = "US"

# The apostrophe and what is typed for it, and the stroke that stretches Arabic words.
_PART_OF_NO_WORD = re.compile("['`\u00b4\u2018\u2019\u02bb\u02bc\u02be\u02bf\u2032\uff07\u0640]")


@dataclass(frozen=True)
class Entry:
    """One row of the index."""

    kind: str
    value: str
    key_id: str


def normalized_phone(typed):
    """E.164 without the extension, read as a US number where no country is given, even among other words.
    What is no possible number: its digits. Without digits: empty."""
    number, normalized = _read_phone(typed)
    while number and not phonenumbers.is_valid_number(number):  # "+82 0 0…" loses one zero at each reading
        number, again = _read_phone(normalized)
        if again == normalized:
            break
        normalized = again
    return normalized


def _read_phone(typed):
    """The number in what was typed, or None, and how it is written from now on."""
    digits = ""
    number = _possible_number(typed) or _number_in(typed)
    if number is None:
        digits = "".join(str(unicodedata.decimal(character)) for character in typed if character.isdecimal())
        # Without zeros: some phones show callers from abroad without the plus.
        number = _possible_number(digits) or _possible_number("+" + digits.lstrip("0"))
    return number, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else digits


def _possible_number(text):
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _number_in(text):
    """The first number in a text such as "480-555-0100 (cell)"."""
    possible = phonenumbers.Leniency.POSSIBLE
    matches = phonenumbers.PhoneNumberMatcher(text, HOME_REGION, leniency=possible)
    return next((match.number for match in matches), None)


def normalized_email(typed):
    """One writing for what any mail server takes as one address; what only some take so stays different."""
    return _folded("NFKC", typed).strip()


def name_words(typed):
    """The words of a name without case and marks, each once, at most 6: "José O'Neil" gives jose and oneil.

    Initials are left out where there is a longer word. A single character of a script without case is a word.
    """
    decomposed = _folded("NFKD", _PART_OF_NO_WORD.sub("", typed))
    letters = "".join(character for character in decomposed if not _is_mark(character))
    words = list(dict.fromkeys(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", letters))))
    longer = [word for word in words if len(word) > 1 or unicodedata.category(word) == "Lo"]
    return (longer or words)[:MOST_WORDS]


def _folded(form, text):
    """Without case, in a normal form; normalized once more because folding may leave it."""
    return unicodedata.normalize(form, unicodedata.normalize(form, text).casefold())


def _is_mark(character):
    """Marks, and invisible characters, some of which stand inside words (the joiners of Persian)."""
    category = unicodedata.category(character)
    return category.startswith("M") or category == "Cf"


def contact_of(answers):
    """The phone and the e-mail of `answers`, normalized; empty where there is none."""
    return {kind: normalize(answers.get(kind) or "") for kind, normalize in _WHOLE.items()}


def entries_for(answers, rows, contact=None):
    """The rows of the index for what a person told us, under the newest key.

    `answers` may have "phone", "email" and "name". `rows` is about how many rows of name words there are now. `contact`
    is what `contact_of` made of the answers, where that was asked before.
    """
    contact = contact or contact_of(answers)
    entries = [(kind, _whole_values(kind, normalized)[0]) for kind, normalized in contact.items() if normalized]
    for word in name_words(answers.get(NAME) or ""):
        entries.append((NAME, _word_values(word, [_width(rows)])[0]))
    newest = newest_key_id()
    return [Entry(kind, value, newest) for kind, value in dict.fromkeys(entries)]  # two words may share a value


def values_to_ask(kind, typed):
    """Every value under which `typed` may stand in the index: under each key of the ring, and names in each width.

    Of several words of a name, the values of all are given: to find those with every word, ask word by word. What is
    found by a name may be someone else, so it must be opened to be sure: each width that the rows were written in adds
    about 50 others.
    """
    if kind == NAME:
        widths = range(MOST_BITS + 1)
        values = (value for word in name_words(typed) for value in _word_values(word, widths))
        return list(dict.fromkeys(values))  # the narrow ones are often the same
    normalized = _WHOLE[kind](typed)
    return _whole_values(kind, normalized) if normalized else []


def keyed_hash(purpose, *parts):
    """A keyed hash of texts in hexadecimal, under the newest key: what must be recognized and never read again."""
    return keyed_hashes(purpose, *parts)[0]


def keyed_hashes(purpose, *parts):
    """The same under every key of the ring, newest first."""
    encoded = [part.encode() for part in parts]
    # With their lengths, so that no two lists of parts are one message: ("a", "bc") and ("ab", "c").
    message = b"".join(len(part).to_bytes(8, "big") + part for part in encoded)
    return [hashed.hex() for hashed in _hashes(f"intake.keyed_hash.{purpose}", message)]


def newest_key_id():
    """The id of the key that indexes from now on."""
    return next(iter(_ring()))


def check_keys():
    """Raises `BadKeys` unless what is indexed with the keys in force would be found again."""
    known = {PHONE: "480-555-0100", EMAIL: "known@example.org", NAME: "known"}
    for entry in entries_for(known, rows=0):
        if entry.value not in values_to_ask(entry.kind, known[entry.kind]):
            raise keys.BadKeys(f"with INDEX_KEYS, a known {entry.kind} was not found again")


_WHOLE = {PHONE: normalized_phone, EMAIL: normalized_email}


def _whole_values(kind, normalized):
    """The values of a phone or an e-mail, under every key, newest first."""
    hashed = _hashes(f"intake.blind_index.{kind}", normalized.encode())
    return [base64.urlsafe_b64encode(one).decode()[:VALUE_LENGTH] for one in hashed]


def _word_values(word, widths):
    """The values of a word of a name: `width:its first bits in hexadecimal`, under every key, newest first."""
    hashed = _hashes(f"intake.blind_index.{NAME}", word.encode())
    first_bits = [int.from_bytes(one[:4], "big") for one in hashed]
    return [f"{width}:{bits >> (32 - width):x}" for bits in first_bits for width in widths]


def _width(rows):
    """How many bits of a word's hash to keep, so that 50 to 100 of so many rows share a value."""
    return min(max((rows // ROWS_SHARING_A_WORD).bit_length() - 1, 0), MOST_BITS)


def _hashes(purpose, message):
    """HMAC-SHA256 under every key, newest first, with a key of its own for each purpose."""
    return [hmac.digest(_derived(secret, purpose), message, "sha256") for secret in _ring().values()]


def _ring():
    return keys.ring(settings.INDEX_KEYS, "INDEX_KEYS")


@functools.lru_cache(maxsize=64)
def _derived(secret, purpose):
    return keys.derive(secret, purpose.encode())
