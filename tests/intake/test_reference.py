import re

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from intake.reference import ALPHABET, draw, normalize

BODIES = ["0000000", "ZZZZZZZ", "0Z0Z0Z0", "0123456", "789ABCD", "EFGHJKM", "NPQRSTV", "WXYZ012", "ZYXWVTS", "1110Z1K"]


def with_check_character(body):
    """The reference that starts with these seven characters, found without knowing the rule."""
    (reference,) = filter(None, (normalize(body + check) for check in ALPHABET))
    return reference.replace("-", "")


def test_a_drawn_reference_has_the_form_that_is_promised():
    drawn = [draw() for _ in range(200)]
    assert [one for one in drawn if not re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", one)] == []
    assert [normalize(one) for one in drawn] == drawn
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize("body", BODIES)
def test_one_wrong_character_is_always_seen(body):
    reference = with_check_character(body)
    slips = [
        reference[:place] + wrong + reference[place + 1 :]
        for place in range(8)
        for wrong in ALPHABET
        if wrong != reference[place]
    ]
    assert len(slips) == 8 * 31
    assert [slip for slip in slips if normalize(slip)] == []


@given(st.text(ALPHABET, min_size=7, max_size=7))
@hypothesis_settings(deadline=None, database=None)
def test_two_swapped_neighbours_are_always_seen(body):
    reference = with_check_character(body)
    swaps = [
        reference[:place] + reference[place + 1] + reference[place] + reference[place + 2 :]
        for place in range(7)
        if reference[place] != reference[place + 1]
    ]
    assert [swap for swap in swaps if normalize(swap)] == []


def test_the_first_and_the_last_of_the_alphabet_are_not_confused_when_swapped():
    reference = with_check_character("0Z0Z0Z0")
    assert [
        normalize(reference[:place] + reference[place : place + 2][::-1] + reference[place + 2 :]) for place in range(6)
    ] == [None] * 6


@pytest.mark.parametrize(("digit", "letters"), [("0", "Oo"), ("1", "IiLl")])
def test_letters_that_look_like_digits_are_heard_as_digits(digit, letters):
    reference = with_check_character("0123401")
    heard = [normalize(reference.replace(digit, letter)) for letter in letters]
    assert heard == [normalize(reference)] * len(letters)


@pytest.mark.parametrize("typed", ["{0}{1}", "{0}-{1}", "{0} {1}", " {0} - {1} ", "{0}--{1}"])
def test_a_reference_is_known_however_it_is_typed(typed):
    reference = with_check_character("ABCDEFG")
    known = f"{reference[:4]}-{reference[4:]}"
    assert normalize(typed.format(reference[:4], reference[4:])) == known
    assert normalize(typed.format(reference[:4], reference[4:]).lower()) == known


@pytest.mark.parametrize("typed", ["", "-", "ABCD", "ABCD-EFG", "UUUU-UUUU", "ABCD_EFGH", "ABCD-EFGÉ", "١٢٣٤-٥٦٧٨"])
def test_what_has_another_form_is_no_reference(typed):
    assert normalize(typed) is None


def test_a_reference_with_one_character_too_many_is_none():
    assert normalize(with_check_character("ABCDEFG") + "0") is None
