"""Which passwords are refused, and how they are stored."""

import pytest
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ValidationError
from django.test import Client

from pages.models import Center
from staff.passwords import guessable
from tests.html import soup

ARGON2 = "staff.passwords.hashers.StaffArgon2PasswordHasher"
PBKDF2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
GOOD = "violet ladder quiet harbor"

pytestmark = pytest.mark.django_db


def codes(password, user=None):
    """Return why a password is refused; an empty set if it is not."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as refusal:
        return {error.code for error in refusal.error_list}
    return set()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Password123!", "common"),
        ("Renaissance2026", "place"),
        ("kratomkratom", "place"),
        ("admissions12", "place"),
        ("aaaaaaaaaaaa", "pattern"),
        ("Summer2026!!", "common"),
        ("letmein12345", "common"),
        ("Password123!Password123!", "common"),
        ("Password1234567890!", "common"),
        ("P@ssw0rd!!!!!!!!!", "common"),
        ("Renaissance2026Renaissance", "place"),
        ("R3n@issance2026Recovery", "place"),
        ("kratomkratomkratom", "place"),
        ("kratom-treatment-2026", "place"),
        ("admissions123456789", "place"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "pattern"),
        ("Summer2026!!Summer2026!!", "pattern"),
        ("letmein1234512345", "common"),
        ("letmeinpassword", "common"),
        ("abcdefghijklmnopqrst", "pattern"),
        ("qwertyuiopasdfghjkl", "pattern"),
        ("98765432109876543210", "pattern"),
        ("violet violet violet", "pattern"),
        ("Gilbert, Arizona 85234", "place"),
    ],
)
def test_password_that_is_guessed_first_is_refused(password, code):
    assert code in codes(password)


@pytest.mark.parametrize("password", ["x" * 3 + "fourteen ch", "Tr7!vq9#Lm2&"])
def test_short_password_is_refused(password):
    assert "too_short" in codes(password)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correct horse battery staple",
        "my sister plants tomatoes in Renaissance soil",
        "río cuarzo búho lámpara",
        "紫色的梯子安静的港口在山的后面",
        "🦉🪜🌊🍊🪁🧭🌵🪴🎻🧶🥁🪵🐚🛶🔭",
        "kT9v-qP2x-Wm7r-Zs4d",
        "the bus 1987 left without me twice",
        " spaces at both ends are fine ",
    ],
)
def test_long_password_of_random_words_is_accepted(password):
    assert codes(password) == set()


def test_password_of_own_names_is_refused(make_staff):
    lena = make_staff("lead", username="lena.morris", first_name="Lena", last_name="Morris-Ortiz", email="lmo@x.org")
    for password in ("LenaMorrisOrtiz1", "lena.morris2026!", "0rtiz-M0rris-Lena"):
        assert "place" in codes(password, lena)
    assert codes("Lena has four quiet ladders", lena) == set()


def test_words_of_the_place_come_from_the_center():
    assert "place" not in codes("Wickenburg Wickenburg-Town")
    center = Center.objects.get()
    center.town = "Wickenburg"
    center.save()
    assert "place" in codes("Wickenburg Wickenburg-Town")


def test_previous_password_is_refused(make_staff):
    lena = make_staff("lead", username="lena")
    lena.set_password(GOOD)
    lena.save()
    assert codes(GOOD, lena) == {"previous"}
    assert codes(f"{GOOD} orange", lena) == set()


def test_very_long_password_is_looked_at_quickly():
    assert "pattern" in codes("ab" * 30_000)
    assert len(guessable.folded("a" * 60_000)) == guessable.LONGEST_LOOKED_AT


def test_new_hash_has_the_least_cost_that_owasp_accepts(settings):
    settings.PASSWORD_HASHERS = [ARGON2, PBKDF2]
    assert make_password(GOOD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_older_hash_still_verifies_and_is_replaced_at_sign_in(settings, make_staff):
    settings.PASSWORD_HASHERS = [PBKDF2]
    lena = make_staff("lead", username="lena")
    settings.PASSWORD_HASHERS = [ARGON2, PBKDF2]
    assert lena.password.startswith("pbkdf2_sha256$")
    Client().post("/admin/login/", {"username": "lena", "password": "a password for tests"})
    lena.refresh_from_db()
    assert identify_hasher(lena.password).algorithm == "argon2"
    assert lena.check_password("a password for tests")


def test_site_stores_new_passwords_with_argon2():
    from recovery_site import settings

    assert settings.PASSWORD_HASHERS == [ARGON2, PBKDF2]
    assert len(settings.AUTH_PASSWORD_VALIDATORS) == 5


def test_rules_stand_above_the_field_before_anyone_types(client, make_staff):
    client.force_login(make_staff("lead"))
    text = soup(client.get("/admin/password_change/")).get_text()
    assert "Use at least 15 characters. Four or five random words are hard to guess" in text
    assert "Not the one that you use now." in text


def test_refused_password_names_the_reason_and_changes_nothing(client, make_staff):
    lena = make_staff("lead", username="lena")
    client.force_login(lena)
    posted = {"old_password": "a password for tests"} | dict.fromkeys(
        ("new_password1", "new_password2"), "Renaissance2026Renaissance"
    )
    page = client.post("/admin/password_change/", posted)
    reasons = soup(page).find(id="id_new_password1_error").get_text()
    assert "Most of this password is your name, or a word that describes the center" in reasons
    assert "Renaissance2026" not in page.content.decode()
    assert get_user_model().objects.get(pk=lena.pk).password == lena.password
