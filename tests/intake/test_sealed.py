import base64
import dataclasses

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from intake.checks import keys_open_what_they_seal
from intake.sealed import BadKeys, CannotOpen, Place, check_keys, open_envelope, seal

PLACE = Place(table="intake_sealedtext", column="envelope", row="7d9f")
TEXT = "I drink kratom tea every morning. שלום 🌱"


def key(letter):
    """32 bytes of one letter as a key, so that every test knows what must not be shown."""
    return base64.urlsafe_b64encode(letter.encode() * 32).decode()


def opens(envelope, place=PLACE):
    try:
        return open_envelope(envelope, place) == TEXT
    except CannotOpen:
        return False


@given(st.text())
@hypothesis_settings(deadline=None, database=None)
def test_any_text_comes_back_as_it_was(text):
    assert open_envelope(seal(text, PLACE), PLACE) == text


def test_half_a_character_is_refused_and_not_altered():
    with pytest.raises(UnicodeEncodeError):
        seal("\ud83d", PLACE)


def test_two_seals_of_one_text_differ():
    first, second = seal(TEXT, PLACE), seal(TEXT, PLACE)
    assert first != second
    assert first[-len(TEXT) :] != second[-len(TEXT) :]


def test_an_envelope_holds_no_word_of_the_text():
    envelope = seal(TEXT, PLACE)
    assert [word for word in TEXT.encode().split() if len(word) > 4 and word in envelope] == []


@pytest.mark.parametrize("moved", [{"table": "intake_event"}, {"column": "other"}, {"row": "7d9e"}])
def test_an_envelope_that_was_moved_does_not_open(moved):
    envelope = seal(TEXT, PLACE)
    assert opens(envelope)
    with pytest.raises(CannotOpen):
        open_envelope(envelope, dataclasses.replace(PLACE, **moved))


def test_an_envelope_with_any_flipped_bit_does_not_open():
    envelope = seal(TEXT, PLACE)
    flipped = []
    for position in range(len(envelope)):
        for bit in range(8):
            altered = bytearray(envelope)
            altered[position] ^= 1 << bit
            flipped.append(bytes(altered))
    assert len(flipped) == len(envelope) * 8
    assert [altered for altered in flipped if opens(altered)] == []


def test_an_envelope_that_was_cut_anywhere_does_not_open():
    envelope = seal(TEXT, PLACE)
    assert [end for end in range(len(envelope)) if opens(envelope[:end])] == []


def test_an_envelope_with_something_behind_it_does_not_open():
    assert not opens(seal(TEXT, PLACE) + b"\0")


def test_an_envelope_under_an_unknown_key_does_not_open(settings):
    settings.SEAL_KEYS = f"a:{key('A')}"
    envelope = seal(TEXT, PLACE)
    settings.SEAL_KEYS = f"b:{key('B')}"
    with pytest.raises(CannotOpen, match="not in SEAL_KEYS"):
        open_envelope(envelope, PLACE)


def test_an_envelope_under_another_key_of_the_same_id_does_not_open(settings):
    settings.SEAL_KEYS = f"a:{key('A')}"
    envelope = seal(TEXT, PLACE)
    settings.SEAL_KEYS = f"a:{key('B')}"
    with pytest.raises(CannotOpen, match="altered"):
        open_envelope(envelope, PLACE)


def test_after_a_rotation_old_texts_open_and_new_ones_use_the_newest_key(settings):
    settings.SEAL_KEYS = f"old:{key('A')}"
    before = seal(TEXT, PLACE)
    settings.SEAL_KEYS = f"new:{key('B')},old:{key('A')}"
    after = seal(TEXT, PLACE)
    assert [opens(before), opens(after)] == [True, True]
    settings.SEAL_KEYS = f"new:{key('B')}"
    assert [opens(before), opens(after)] == [False, True]


def test_keys_may_have_padding_or_none_and_blanks_around_them(settings):
    settings.SEAL_KEYS = f"a:{key('A')}"
    envelope = seal(TEXT, PLACE)
    settings.SEAL_KEYS = f" b:{key('B').rstrip('=')} ,\n a:{key('A').rstrip('=')} ,"
    assert opens(envelope)


SECRET = key("S")
SHORT = base64.urlsafe_b64encode(b"S" * 16).decode().rstrip("=")
BAD_RINGS = {
    "nothing": ("", SECRET),
    "only commas": (" , ,", SECRET),
    "a key without an id": (SECRET, SECRET),
    "a short key without an id": (SHORT, SHORT),
    "an empty id": (f":{SECRET}", SECRET),
    "an id with a blank": (f"my key:{SECRET}", SECRET),
    "an id that is too long": (f"{'i' * 33}:{SECRET}", SECRET),
    "key and id the wrong way round": (f"{SECRET}:k1", SECRET),
    "an id without a key": ("k1:", SECRET),
    "a key that is too short": (f"k1:{SHORT}", SHORT),
    "a key that is too long": (f"k1:{SECRET.rstrip('=')}{SHORT}", SHORT),
    "a key with a character that is not base64url": (f"k1:!{SECRET}", SECRET),
    "a key with four such characters": (f"k1:!!!!{SECRET}", SECRET),
    "a key in another script": (f"k1:é{SECRET}", SECRET),
    "a key cut in two by a comma": (f"k1:{SECRET[:20]},{SECRET[20:]}", SECRET[20:]),
    "one id twice": (f"k1:{SECRET},k1:{key('T')}", SECRET),
    "a good key before a bad one": (f"k1:{key('T')},k2:{SHORT}", SHORT),
}


@pytest.mark.parametrize(("ring", "secret"), BAD_RINGS.values(), ids=BAD_RINGS)
def test_bad_keys_are_refused_without_being_shown(settings, ring, secret):
    settings.SEAL_KEYS = ring
    with pytest.raises(BadKeys) as refused:
        check_keys()
    told = f"{refused.value!r} {refused.value.__cause__!r} {keys_open_what_they_seal(None)}"
    assert "SEAL_KEYS" in told
    assert secret.rstrip("=") not in told


def test_the_site_does_not_start_with_bad_keys(settings):
    assert keys_open_what_they_seal(None) == []
    settings.SEAL_KEYS = "k1:short"
    assert [error.id for error in keys_open_what_they_seal(None)] == ["intake.E001"]
