"""What people type as a phone: whether it is asked about, what a click dials and texts, and by what staff find it."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from intake import phone_numbers, search
from intake.crypto import blind_index
from tests.intake.support.factories import bound_form, make_request_with_odd_contact
from tests.intake.support.helpers import PERSON, rows


def _with_characters(text):
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)


PHONES = [row | {"typed": _with_characters(row["typed"])} for row in rows("phones.csv")]
EVERY = pytest.mark.parametrize("row", PHONES, ids=[row["typed"] for row in PHONES])


def test_the_table_has_sixty_phones_and_more():
    assert len({row["typed"] for row in PHONES}) == len(PHONES) >= 60


@EVERY
def test_a_phone_that_is_not_valid_as_typed_is_asked_about_once(row):
    fields = PERSON | {"email": "", "phone": row["typed"]}
    form = bound_form(**fields)
    assert ("phone" in form.errors) == (row["asked"] == "yes")
    if form.errors:
        form = bound_form(**fields, asked_about=form["asked_about"].value())
    assert form.errors == {}
    assert row["typed"].strip() in (form.answers()["phone"], form.answers()["email"])


@EVERY
def test_a_click_dials_what_was_typed_or_there_is_none(row):
    number = phone_numbers.to_dial(row["typed"])
    assert (number.tel if number else "") == (row["dialed"] and f"tel:{row['dialed']}")
    assert (number.sms if number else "") == (row["texted"] and f"sms:{row['texted']}")


@pytest.mark.django_db
@EVERY
def test_staff_find_a_person_by_the_phone_as_they_see_it(row):
    request = kept_with(row["typed"])
    kept_with("+1 928 555 0123")
    for words in filter(None, row["found_by"].split("|")):
        assert (words, list(search.by_contact(search.kind_of(words), words))) == (words, [request])
    for words in filter(None, row["not_found_by"].split("|")):
        assert (words, list(search.by_contact(search.kind_of(words), words))) == (words, [])


def kept_with(phone):
    return make_request_with_odd_contact(phone=phone, email="")


ANYTHING = st.text(max_size=60) | st.text(alphabet="0123456789+-() x.#/,eEtT٤۴４", max_size=40)
NUMBERS = st.from_regex(r"\A(\+|011 |00|1 )?[1-9][0-9 ().-]{6,20}( x[0-9]{1,4})?\Z")


@given(ANYTHING | NUMBERS)
@example("+54 0 11 15 1234 5678")
@example("1-800-CALL-NOW")
@example("52, 55 1234 5678")
@hypothesis_settings(deadline=None, database=None, max_examples=500)
def test_what_is_dialed_holds_only_digits_that_were_typed_and_our_own_code(typed):
    number = phone_numbers.to_dial(typed)
    if number is None:
        return
    typed_digits = "".join(str(int(character)) for character in typed if character.isdecimal())
    own = number.e164.startswith("+1")
    dialed = number.e164[2:] if own else number.e164[1:]
    rest = iter(typed_digits)
    assert all(digit in rest for digit in dialed)  # in their order
    assert own or re.search(r"\+|011", unicodedata.normalize("NFKC", typed))
    assert number.extension in typed_digits
    assert number.tel == f"tel:{number.e164}" + (f";ext={number.extension}" if number.extension else "")


@given(ANYTHING | NUMBERS)
@hypothesis_settings(deadline=None, database=None)
def test_what_is_indexed_is_found_as_it_was_typed(typed):
    keys = phone_numbers.keys(typed)
    assert set(keys) <= set(phone_numbers.keys_to_ask(typed))
    assert len(phone_numbers.keys_to_ask(typed)) <= 5 * len(keys)
    assert {key[:1] == "+" or key.isalnum() for key in keys} <= {True}


STRANGERS = [
    ("480-555-010", "+48 055 501 0000"),
    ("52 55 1234 5678", "+52 55 1234 5678"),
    ("480-555-0142 x5", "480-555-0142 x6"),
    ("480-555-0142 x5", "480-555-0142"),
    ("555-0142", "+1 555 0142 000"),
    ("room 12, ask for Bob", "room 12, ask for Ann"),
    ("1-800-CALL-NOW", "1-800-GET-HELP"),
    ("602-555-0142 or 480-555-0199", "602-555-0142"),
]


@pytest.mark.parametrize(("one", "other"), STRANGERS)
def test_two_phones_that_may_be_two_peoples_are_not_the_same_contact(one, other):
    assert blind_index.normalized_phone(one) != blind_index.normalized_phone(other)


@pytest.mark.django_db
@pytest.mark.parametrize(("one", "other"), [STRANGERS[0], STRANGERS[1], STRANGERS[4], STRANGERS[5], STRANGERS[6]])
def test_two_requests_with_such_phones_do_not_share_a_contact(one, other):
    first, second = kept_with(one), kept_with(other)
    assert (search.same_contact(first), search.same_contact(second)) == ([], [])
    assert not search.contact_in_common(first, second)
    assert search.shared_contacts([first], {"phone": other, "email": ""}) == {}
    assert search.shared_contacts([first], {"phone": one, "email": ""}).keys() <= {first.pk}


@pytest.mark.django_db
def test_two_requests_with_one_phone_in_two_writings_share_it():
    first, second = kept_with("480-555-0142 x5"), kept_with("+1 (480) 555-0142")
    assert [one.shared for one in search.same_contact(first)] == [{"phone"}]
    assert search.contact_in_common(second, first)
