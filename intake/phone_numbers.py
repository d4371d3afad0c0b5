"""Phone numbers as people type them: which may be dialed, which are the same, and how they are found.

A number is valid only as it was typed: in the numbering of our own region, or after `+`, `011` or `00` and a country.
No country and no digit is ever guessed. What can't be parsed stays text.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property

import phonenumbers

HOME_REGION, HOME_CODE = "US", "1"
MIN_DIGITS = 7  # of a local number

# Digits with what people write between them, and a plus or a bracket before them
_PIECE = re.compile(r"\+?[\s(\[]*[0-9](?:[\s0-9().\[\]/_-]*[0-9])?")
_EXTENSION = re.compile(r"[\s,;.(]*(?:extension|extn|ext|x|#)[\s.:=#]*([0-9]{1,7})(?![0-9])", re.IGNORECASE)
_ABROAD = re.compile(r"\+|011|00")


@dataclass(frozen=True)
class Number:
    """A valid number in E.164, with its extension or "".

    `is_dialable` is False after `00`: other countries dial it before a country code, the US does not.
    """

    e164: str
    extension: str = ""
    is_dialable: bool = True

    @property
    def tel(self):
        """Return the link for a click to call (RFC 3966).

        A phone that can't dial an extension calls the number alone.
        """
        return f"tel:{self.e164};ext={self.extension}" if self.extension else f"tel:{self.e164}"

    @property
    def sms(self):
        """Return the link for a click to text; "" for an extension, which no text reaches."""
        return "" if self.extension else f"sms:{self.e164}"


def to_dial(typed):
    """Return the one `Number` in what was typed that a click may dial; None if there is none, or more than one."""
    number = _Reading(typed).the_number
    return number if number and number.is_dialable else None


def identity(typed):
    """Return one form for one phone: E.164 with its extension, or the letters and digits that were typed.

    Two people who share a line and have different extensions stay two.
    """
    reading = _Reading(typed)
    number = reading.the_number
    if number is None:
        return reading.letters_and_digits
    return number.e164 + (f";ext={number.extension}" if number.extension else "")


def keys(typed):
    """Return what a phone is indexed under: each number in E.164 without its extension, or the digits of what can't be
    parsed."""
    return _Reading(typed).keys


def keys_to_ask(typed):
    """Return what a phone that staff type may be indexed under: as they typed it, and as the person may have.

    Caller IDs show foreign numbers without the plus, and US numbers with or without the 1.
    """
    asked = []
    for key in keys(typed):
        digits = key.removeprefix("+")
        asked += [key, digits]
        if digits.startswith(HOME_CODE):
            asked.append(digits[1:])
        if key.isdecimal():
            asked += [f"+{digits}", f"{HOME_CODE}{digits}"]
    return list(dict.fromkeys(asked))


def is_on_the_keypad(typed):
    """Return whether some digits of this number are written as letters: 1-800-FLOWERS.

    It is found by the digits that a caller ID shows, and never dialed: nobody typed them.
    """
    text = _plain(typed)
    return any(character.isalpha() for character in text) and any(map(str.isdecimal, text)) and bool(_parsed(text))


class _Reading:
    """What was typed, parsed: the numbers in it, and the digits that make none."""

    def __init__(self, typed):
        self.text = _plain(typed)
        self.numbers, self.unread, self.is_clear = [], [], True
        end = None
        while piece := _PIECE.search(self.text, end or 0):
            # Digits before or after a number, without a word between, may belong to it: "52, 55 1234 5678".
            self.is_clear &= end is None or any(map(str.isalpha, self.text[end : piece.start()]))
            numbers, end = _numbers_in(piece[0]), piece.end()
            if len(numbers) == 1 and (extension := _EXTENSION.match(self.text, end)):
                numbers, end = [replace(numbers[0], extension=extension[1])], extension.end()
            self.numbers += [number for number in numbers if number not in self.numbers]
            if not numbers:
                self.unread.append(_digits(piece[0]))

    @property
    def the_number(self):
        """Return the number if there is one, and nothing beside it that may be another or a part of it."""
        is_alone = len(self.numbers) == 1 and self.is_clear and not self._long_unread
        return self.numbers[0] if is_alone else None

    @cached_property
    def letters_and_digits(self):
        return "".join(character for character in self.text.casefold() if character.isalnum())

    @property
    def keys(self):
        found = [number.e164 for number in self.numbers] + [
            _without_trunk_prefix(digits) for digits in self._long_unread
        ]
        return list(dict.fromkeys(found)) or self._keys_of_the_whole

    @property
    def _long_unread(self):
        return [digits for digits in self.unread if len(digits) >= MIN_DIGITS]

    @property
    def _keys_of_the_whole(self):
        if not self.unread:
            return []
        if self.letters_and_digits.isdecimal():
            return [_without_trunk_prefix(self.letters_and_digits)]
        on_the_keypad = _parsed(self.text)  # 1-800-FLOWERS: a caller ID shows its digits
        return [_e164(on_the_keypad)] if on_the_keypad else [self.letters_and_digits]


def _numbers_in(piece):
    """Return the number that a piece is, or the numbers that it is made of; none if any part is not a number."""
    for parts in ([piece], piece.split("/"), piece.split()):
        numbers = [_number(part) for part in parts]
        if all(numbers):
            return list(dict.fromkeys(numbers))
    return []


def _number(piece):
    """Return the valid `Number` that a piece is as it was typed, or None."""
    digits = _digits(piece)
    abroad = _ABROAD.match(piece if piece.lstrip().startswith("+") else digits)
    if abroad is None:
        parsed = _parsed(digits)
        is_as_typed = parsed and parsed.country_code == int(HOME_CODE) and digits in _writings(parsed, "", HOME_CODE)
        return Number(_e164(parsed)) if is_as_typed else None
    prefix = abroad[0]
    digits = digits if prefix == "+" else digits.removeprefix(prefix)
    parsed = _parsed(f"+{digits}")
    # "+44 (0)20": the zero in brackets is not dialed from abroad.
    code = parsed and str(parsed.country_code)
    is_as_typed = parsed and digits in _writings(parsed, code, f"{code}0")
    return Number(_e164(parsed), is_dialable=prefix != "00") if is_as_typed else None


def _writings(parsed, *before):
    """Return a number without its country, after each of these prefixes. The library may add digits."""
    national = _e164(parsed).removeprefix(f"+{parsed.country_code}")
    return [prefix + national for prefix in before]


def _parsed(text):
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _e164(parsed):
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _plain(typed):
    """Return the text with ASCII digits, hyphens for every dash, and without invisible characters."""
    return "".join(_plain_character(character) for character in unicodedata.normalize("NFKC", typed))


def _plain_character(character):
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    match unicodedata.category(character):
        case "Pd":
            return "-"
        case "Cf":
            return ""
    return character


def _digits(text):
    return re.sub(r"[^0-9]", "", text)


def _without_trunk_prefix(digits):
    """Return digits without what is dialed before a country."""
    return re.sub(r"^(?:011|0+)(?=[0-9])", "", digits)
