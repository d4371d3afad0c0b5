"""The rules for a new password, named in AUTH_PASSWORD_VALIDATORS."""

import re

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from . import guessable

LEAST_LENGTH = 15
SHORTEST_WORD = 3  # of a name


class LengthValidator:
    """Refuses short passwords. Its hint says all rules, so it is shown once, before anyone types."""

    def validate(self, password, user=None):
        if len(password) < LEAST_LENGTH:
            raise ValidationError(
                _("Use at least %(least)s characters. This password has %(length)s."),
                code="too_short",
                params={"least": LEAST_LENGTH, "length": len(password)},
            )

    def get_help_text(self):
        return _(
            "Use at least %(least)s characters. Four or five random words are hard to guess and easy to remember. "
            "Spaces and all other characters are fine, and you may paste."
        ) % {"least": LEAST_LENGTH}


class PatternValidator:
    """Refuses passwords that mostly repeat themselves or count up."""

    def validate(self, password, user=None):
        text = guessable.folded(password)
        if guessable.is_mostly(guessable.patterns(text), text):
            raise ValidationError(
                _("Most of this password repeats or is a sequence, such as aaaa, 1234 or a year. Use other words."),
                code="pattern",
            )

    def get_help_text(self):
        return _("No sequences or repeated words.")


class CommonPasswordValidator:
    """Refuses passwords that many people use, also with digits, signs and swapped letters."""

    def validate(self, password, user=None):
        if guessable.is_common(guessable.folded(password)):
            raise ValidationError(
                _("Many people use a password like this one, so it is guessed first. Use other words."), code="common"
            )

    def get_help_text(self):
        return _("Not a common password, even with digits or signs added.")


class PlaceWordsValidator:
    """Refuses passwords made of the account's own names and of words that describe this place."""

    def validate(self, password, user=None):
        text = guessable.folded(password)
        known = guessable.words_in(text, _own_names(user) | _words_of_the_place())
        if known and guessable.is_mostly(known | guessable.patterns(text), text):
            raise ValidationError(
                _("Most of this password is your name, or a word that describes the center or its work. Add others."),
                code="place",
            )

    def get_help_text(self):
        return _("Not mostly your own name, or words of the center, its town or its work.")


class PreviousPasswordValidator:
    """Refuses the password that is being replaced."""

    def validate(self, password, user=None):
        if user is not None and user.has_usable_password() and check_password(password, user.password):
            raise ValidationError(_("This is your old password. Choose another one."), code="previous")

    def get_help_text(self):
        return _("Not the one that you use now.")


def _own_names(user):
    if user is None:
        return set()
    return _words([user.get_username(), user.first_name, user.last_name, user.email.partition("@")[0]])


def _words_of_the_place():
    """Return the words that the site names: STAFF_PLACE_WORDS is the dotted path of a function without arguments."""
    return _words(import_string(settings.STAFF_PLACE_WORDS)())


def _words(texts):
    words = {word for text in texts for word in re.split(r"[\W\d_]+", guessable.folded(text))}
    return {word for word in words if len(word) >= SHORTEST_WORD}
