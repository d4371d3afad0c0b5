import base64
import dataclasses

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from intake.checks import keys_decrypt_what_they_encrypt
from intake.crypto.envelope import (
    DecryptionError,
    EncryptionError,
    Place,
    check_keys,
    decrypt,
    encrypt,
    key_id_of,
    newest_key_id,
)

PLACE = Place(table="intake_encryptedtext", column="envelope", row="7d9f")
TEXT = "I drink kratom tea every morning. שלום 🌱"


def key(letter):
    """32 bytes of one letter as a key, so that every test knows what must not be shown."""
    return base64.urlsafe_b64encode(letter.encode() * 32).decode()


def opens(envelope, place=PLACE):
    try:
        return decrypt(envelope, place) == TEXT
    except DecryptionError:
        return False


@given(st.text())
@hypothesis_settings(deadline=None, database=None)
def test_any_text_comes_back_as_it_was(text):
    assert decrypt(encrypt(text, PLACE), PLACE) == text


def test_half_a_character_is_refused_and_not_altered():
    with pytest.raises(UnicodeEncodeError):
        encrypt("\ud83d", PLACE)


def test_two_seals_of_one_text_differ():
    first, second = encrypt(TEXT, PLACE), encrypt(TEXT, PLACE)
    assert first != second
    assert first[-len(TEXT) :] != second[-len(TEXT) :]


def test_an_envelope_holds_no_word_of_the_text():
    envelope = encrypt(TEXT, PLACE)
    assert [word for word in TEXT.encode().split() if len(word) > 4 and word in envelope] == []


@pytest.mark.parametrize("moved", [{"table": "intake_event"}, {"column": "other"}, {"row": "7d9e"}])
def test_an_envelope_that_was_moved_does_not_open(moved):
    envelope = encrypt(TEXT, PLACE)
    assert opens(envelope)
    with pytest.raises(DecryptionError):
        decrypt(envelope, dataclasses.replace(PLACE, **moved))


def test_an_envelope_with_any_flipped_bit_does_not_open():
    envelope = encrypt(TEXT, PLACE)
    flipped = []
    for position in range(len(envelope)):
        for bit in range(8):
            altered = bytearray(envelope)
            altered[position] ^= 1 << bit
            flipped.append(bytes(altered))
    assert len(flipped) == len(envelope) * 8
    assert [altered for altered in flipped if opens(altered)] == []


def test_an_envelope_that_was_cut_anywhere_does_not_open():
    envelope = encrypt(TEXT, PLACE)
    assert [end for end in range(len(envelope)) if opens(envelope[:end])] == []


def test_an_envelope_with_something_behind_it_does_not_open():
    assert not opens(encrypt(TEXT, PLACE) + b"\0")


def test_an_envelope_under_an_unknown_key_does_not_open(settings):
    settings.ENCRYPTION_KEYS = f"a:{key('A')}"
    envelope = encrypt(TEXT, PLACE)
    settings.ENCRYPTION_KEYS = f"b:{key('B')}"
    with pytest.raises(DecryptionError, match="not in ENCRYPTION_KEYS"):
        decrypt(envelope, PLACE)


def test_an_envelope_under_another_key_of_the_same_id_does_not_open(settings):
    settings.ENCRYPTION_KEYS = f"a:{key('A')}"
    envelope = encrypt(TEXT, PLACE)
    settings.ENCRYPTION_KEYS = f"a:{key('B')}"
    with pytest.raises(DecryptionError, match="altered"):
        decrypt(envelope, PLACE)


def test_after_a_rotation_old_texts_open_and_new_ones_use_the_newest_key(settings):
    settings.ENCRYPTION_KEYS = f"old:{key('A')}"
    before = encrypt(TEXT, PLACE)
    settings.ENCRYPTION_KEYS = f"new:{key('B')},old:{key('A')}"
    after = encrypt(TEXT, PLACE)
    assert [opens(before), opens(after)] == [True, True]
    settings.ENCRYPTION_KEYS = f"new:{key('B')}"
    assert [opens(before), opens(after)] == [False, True]


def test_an_envelope_of_the_first_day_still_opens(settings):
    """Written once and kept: whoever changes the format or the derivation of keys must keep opening this."""
    settings.ENCRYPTION_KEYS = f"k1:{key('A')}"
    envelope = base64.b64decode("AQJrMfjSHviu21NdK1P9FMpgaDWMqhvDhQp7U+vAt/ZYMVC4lSRAX3fnwg==")
    assert decrypt(envelope, PLACE) == "kratom 🌱"


def test_the_key_of_an_envelope_is_told_without_that_key(settings):
    settings.ENCRYPTION_KEYS = f"old-1:{key('A')}"
    before = encrypt(TEXT, PLACE)
    settings.ENCRYPTION_KEYS = f"new_2:{key('B')},third:{key('C')}"
    after = encrypt(TEXT, PLACE)
    assert [key_id_of(before), key_id_of(after), key_id_of(memoryview(after))] == ["old-1", "new_2", "new_2"]
    assert newest_key_id() == "new_2"


@pytest.mark.parametrize(
    "envelope",
    [b"", b"\1", b"\2\2k1", b"\1\0", b"\1\0k1", b"\1\3k1", b"\1\x21" + b"k" * 33, b"\1\2k ", b"\1\2\xc3\xa9"],
)
def test_bytes_that_name_no_key_are_no_envelope(envelope):
    with pytest.raises(DecryptionError):
        key_id_of(envelope)
    with pytest.raises(DecryptionError):
        decrypt(envelope, PLACE)


@pytest.mark.parametrize("ring", ["", "k1:short"])
def test_bad_keys_are_an_encryption_error(settings, ring):
    settings.ENCRYPTION_KEYS = ring
    for use in (check_keys, newest_key_id, lambda: encrypt(TEXT, PLACE)):
        with pytest.raises(EncryptionError, match="ENCRYPTION_KEYS"):
            use()


def test_the_site_does_not_start_with_bad_keys(settings):
    assert keys_decrypt_what_they_encrypt(None) == []
    settings.ENCRYPTION_KEYS = "k1:short"
    assert [error.id for error in keys_decrypt_what_they_encrypt(None)] == ["intake.E001"]
