"""Phone numbers as people type them: dial, compare and index them.

A number is valid only as it was typed: as a number of our own region, or with `+`, `011` or `00` and a country code. No
country code and no digit is ever guessed. What can't be parsed stays text.
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

    `is_dialable`: False if it was typed with `00`, which other countries dial before a country code, but the US does
    not. False too if the call would cost us by the minute: no one needs such a number to be called back.
    """

    e164: str
    extension: str = ""
    is_dialable: bool = True

    @property
    def tel(self):
        """Return the link that dials the number (RFC 3966).

        A phone that can't dial an extension calls the number alone.
        """
        return f"tel:{self.e164};ext={self.extension}" if self.extension else f"tel:{self.e164}"

    @property
    def sms(self):
        """Return the link that starts a text message; "" if there is an extension, which no text reaches."""
        return "" if self.extension else f"sms:{self.e164}"


def to_dial(typed):
    """Return the `Number` that a click may dial; None unless the typed text holds exactly one."""
    number = _Reading(typed).the_number
    return number if number and number.is_dialable else None


def identity(typed):
    """Return the normalized form of a typed phone. Equal forms mean the same phone.

    It is E.164 with the extension. If the text does not hold exactly one number, it is the letters and digits. Two
    extensions of one line are different phones.
    """
    reading = _Reading(typed)
    number = reading.the_number
    if number is None:
        return reading.letters_and_digits
    return number.e164 + (f";ext={number.extension}" if number.extension else "")


def keys(typed):
    """Return the keys under which a typed phone is indexed.

    These are its valid numbers in E.164 without the extension, and long groups of digits that can't be parsed. If there
    are neither, the key is the whole text.
    """
    return _Reading(typed).keys


def keys_to_ask(typed):
    """Return the keys to search for, for a phone that staff typed.

    The person may have typed it in another way: caller IDs show foreign numbers without the plus, and US numbers with
    or without the 1.
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
    """Return whether this is a phone number with letters for some digits, such as 1-800-FLOWERS.

    A search finds it by the digits that a caller ID shows. It is never dialed, since nobody typed these digits.
    """
    text = _plain(typed)
    return any(character.isalpha() for character in text) and any(map(str.isdecimal, text)) and bool(_parsed(text))


class _Reading:
    """A typed phone, parsed into valid numbers and groups of digits that are not numbers."""

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
        """Return the only number in the text.

        Return None if there are several numbers or none, or if other digits may belong to the number.
        """
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
    """Return the number or numbers that a piece of text consists of; none if any part is not a number."""
    for parts in ([piece], piece.split("/"), piece.split()):
        numbers = [_number(part) for part in parts]
        if all(numbers):
            return list(dict.fromkeys(numbers))
    return []


def _number(piece):
    """Return the `Number` for a piece of text if it is valid exactly as typed, otherwise None."""
    digits = _digits(piece)
    abroad = _ABROAD.match(piece if piece.lstrip().startswith("+") else digits)
    if abroad is None:
        parsed = _parsed(digits)
        is_as_typed = parsed and parsed.country_code == int(HOME_CODE) and digits in _writings(parsed, "", HOME_CODE)
        return Number(_e164(parsed), is_dialable=not _is_premium(parsed)) if is_as_typed else None
    prefix = abroad[0]
    digits = digits if prefix == "+" else digits.removeprefix(prefix)
    parsed = _parsed(f"+{digits}")
    # "+44 (0)20": the zero in brackets is not dialed from abroad.
    code = parsed and str(parsed.country_code)
    is_as_typed = parsed and digits in _writings(parsed, code, f"{code}0")
    return Number(_e164(parsed), is_dialable=prefix != "00" and not _is_premium(parsed)) if is_as_typed else None


def _is_premium(parsed):
    return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.PREMIUM_RATE


def _writings(parsed, *before):
    """Return the national digits of a parsed number with each prefix in `before`.

    If the typed digits are not among them, the library has added digits.
    """
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
    """Return the text with ASCII digits, with a hyphen for every dash, and without invisible characters."""
    if typed.isascii():
        return typed
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
    """Return the digits without `011` or zeros in front, which are dialed before a country code."""
    return re.sub(r"^(?:011|0+)(?=[0-9])", "", digits)
