import base64

import pytest

from intake.checks import key_rings_share_no_secret, keys_decrypt_what_they_encrypt, keys_find_what_they_index
from intake.crypto.keyring import InvalidKeyring, derive, ring


def key(letter):
    """32 bytes of one letter as a key, so that every test knows what must not be shown."""
    return base64.urlsafe_b64encode(letter.encode() * 32).decode()


def test_a_ring_holds_its_secrets_newest_first():
    secrets = ring(f"new:{key('B')},old:{key('A')}", "ENCRYPTION_KEYS")
    assert list(secrets.items()) == [("new", b"B" * 32), ("old", b"A" * 32)]


def test_keys_may_have_padding_or_none_and_blanks_around_them():
    bare, padded = key("A").rstrip("="), key("B")
    assert padded.endswith("=")
    secrets = ring(f" b:{padded} ,\n a:{bare} ,", "ENCRYPTION_KEYS")
    assert list(secrets.items()) == [("b", b"B" * 32), ("a", b"A" * 32)]


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
RINGS = {"ENCRYPTION_KEYS": keys_decrypt_what_they_encrypt, "INDEX_KEYS": keys_find_what_they_index}


@pytest.mark.parametrize("setting", RINGS)
@pytest.mark.parametrize(("text", "secret"), BAD_RINGS.values(), ids=BAD_RINGS)
def test_bad_keys_are_refused_by_the_setting_s_name_without_being_shown(settings, setting, text, secret):
    with pytest.raises(InvalidKeyring) as refused:
        ring(text, setting)
    setattr(settings, setting, text)
    errors = RINGS[setting](None)
    assert [error.msg for error in errors] == [str(refused.value)]
    given = f"{refused.value!r} {refused.value.__cause__!r} {errors}"
    assert [name for name in RINGS if name in given] == [setting]
    assert secret.rstrip("=") not in given


def test_derived_keys_are_those_of_the_standard():
    """RFC 5869, appendix A.3: SHA-256, neither salt nor info. A shorter key is the beginning of a longer one."""
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    assert derive(b"\x0b" * 22, b"").hex() == expected


def test_each_purpose_has_a_key_of_its_own():
    derived = {derive(secret, purpose) for secret in (b"A" * 32, b"B" * 32) for purpose in (b"one", b"two")}
    assert len(derived) == 4
    assert {len(one) for one in derived} == {32}


def checked():
    checks = (keys_decrypt_what_they_encrypt, keys_find_what_they_index, key_rings_share_no_secret)
    return [error.id for check in checks for error in check(None)]


def test_the_site_starts_with_the_keys_of_these_tests():
    assert checked() == []


@pytest.mark.parametrize(
    ("encryption_ring", "index_ring", "errors"),
    [
        (f"k1:{key('A')}", f"k1:{key('B')}", []),
        (f"k1:{key('A')}", f"k1:{key('A')}", ["intake.E003"]),
        (f"new:{key('A')},old:{key('B')}", f"k1:{key('C')},k0:{key('B').rstrip('=')}", ["intake.E003"]),
        ("k1:short", f"k1:{key('A')}", ["intake.E001"]),
        (f"k1:{key('A')}", "k1:short", ["intake.E002"]),
        (f"k1:{key('A')}", "", ["intake.E002"]),
        ("k1:short", "k1:short", ["intake.E001", "intake.E002"]),
    ],
)
def test_the_site_starts_only_with_two_good_rings_that_share_no_secret(settings, encryption_ring, index_ring, errors):
    settings.ENCRYPTION_KEYS, settings.INDEX_KEYS = encryption_ring, index_ring
    assert checked() == errors
    assert key("B").rstrip("=") not in str(key_rings_share_no_secret(None))
