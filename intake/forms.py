"""The request form: few questions, kind errors, and nothing honest is ever a dead end."""

import re

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from . import consent
from .device import VisitorForm
from .models.told import BestTime, ForWhom, Introduction

RELATIONS = [
    ("", _("No answer")),
    ("parent", _("I am their parent")),
    ("partner", _("I am their partner or spouse")),
    ("child", _("I am their son or daughter")),
    ("sibling", _("I am their brother or sister")),
    ("friend", _("I am their friend")),
    ("other", _("Something else")),
]
TIME_ZONES = [
    ("America/Phoenix", _("Arizona")),
    ("America/Los_Angeles", _("Pacific")),
    ("America/Denver", _("Mountain")),
    ("America/Chicago", _("Central")),
    ("America/New_York", _("Eastern")),
    ("America/Anchorage", _("Alaska")),
    ("Pacific/Honolulu", _("Hawaii")),
]
ADULT = [("yes", _("Yes")), ("no", _("No"))]

MOST_DIGITS, FEWEST_DIGITS = 15, 7  # ITU-T E.164 allows 15; 7 is a local number

# Control characters except line break and tab, halves of a character (surrogates), and U+FFFD
_UNREADABLE = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffd]")


class SharedFields(dict):
    """The fields of a form that all its instances share. Django copies them for each one, so that it may change them;
    ours never does, and the copy took a sixth of the time of an accepted form."""

    def __deepcopy__(self, memo):
        return self


class HonestTextField(forms.CharField):
    """Text in any script, kept as typed. Refuses only what can't be a typed word: control characters and bytes
    that were no text, which arrive as U+FFFD."""

    def widget_attrs(self, widget):
        """Without `maxlength`: a browser must not cut what was pasted. An error that says so beats lost words."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs

    def to_python(self, value):
        text = super().to_python(value).replace("\r\n", "\n")
        if _UNREADABLE.search(text):
            raise ValidationError(
                _("There is a character here that we can't read. Please take it out and send again."),
                code="unreadable",
            )
        return text


class AssessmentForm(VisitorForm):
    """What we ask of someone who wants to be contacted. Only a way to reach them, their consent, and whether they are
    an adult are required.

    A phone or e-mail that looks wrong is asked about once. Sent again unchanged, it is kept as it is: turning someone
    away over a digit is worse than one number that does not work. The form remembers what it asked about in
    `asked_about`, without a script and without a cookie.
    """

    error_css_class = "has-error"

    for_whom = forms.ChoiceField(
        label=_("Who are you asking for?"),
        choices=ForWhom.choices,
        required=False,
        initial="self",
        widget=forms.RadioSelect,
    )
    relation = forms.ChoiceField(
        label=_("If you ask for someone else: who are you to them?"),
        help_text=_("We don't ask for their name. The first talk is with you."),
        choices=RELATIONS,
        required=False,
    )
    adult = forms.ChoiceField(
        label=_("Are you 18 or older?"),
        help_text=_("This is about you, who fill in the form."),
        choices=ADULT,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Tell us whether you are 18 or older."),
            "invalid_choice": _("Choose yes or no."),
        },
    )
    name = HonestTextField(
        label=_("What should we call you?"),
        help_text=_("Any name you like. You can leave this empty."),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    phone = HonestTextField(
        label=_("Phone number"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )
    email = HonestTextField(
        label=_("E-mail address"),
        help_text=_("With an e-mail address alone, we send one short, neutral e-mail."),
        required=False,
        max_length=254,
        widget=forms.TextInput(
            attrs={"type": "email", "inputmode": "email", "autocomplete": "email", "spellcheck": "false"}
        ),
    )
    do_not_call = forms.BooleanField(label=_("Please don't call me. E-mail me."), required=False)
    voicemail_ok = forms.BooleanField(label=consent.VOICEMAIL.text, required=False)
    text_ok = forms.BooleanField(label=consent.TEXT_MESSAGE.text, required=False)
    email_ok = forms.BooleanField(label=consent.EMAIL.text, required=False)
    introduction = forms.ChoiceField(
        label=_("How should we introduce ourselves when we call?"),
        choices=Introduction.choices,
        required=False,
        initial="first_name",
        widget=forms.RadioSelect,
    )
    best_time = forms.ChoiceField(
        label=_("When is a good time?"),
        choices=BestTime.choices,
        required=False,
        initial="asap",
        widget=forms.RadioSelect,
    )
    time_zone = forms.ChoiceField(
        label=_("Your time zone"), choices=TIME_ZONES, required=False, initial="America/Phoenix"
    )
    language = HonestTextField(
        label=_("Language you prefer"),
        help_text=_("Also tell us here if you use an interpreter or a relay service."),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "language"}),
    )
    message = HonestTextField(
        label=_("Anything you want us to know"),
        help_text=_("You don't need to give details here. We can talk about them later."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": _("Please shorten this to 1000 characters. It has %(show_value)d now.")},
    )
    consent = forms.BooleanField(
        label=consent.CONTACT.text,
        error_messages={"required": _("We need your agreement before we may contact you.")},
    )
    asked_about = HonestTextField(required=False, max_length=400, widget=forms.HiddenInput)
    website = forms.CharField(  # a trap for machines: people don't see it, see templates/intake/assessment.html
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    NOT_ANSWERS = ("asked_about", "website")

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def clean(self):
        cleaned = super().clean()
        self._refuse_repeated_fields()
        phone, email = cleaned.get("phone", ""), cleaned.get("email", "")
        unreadable = {"phone", "email"} & self.errors.keys()
        if not phone and not email and not unreadable:
            self.add_error("phone", _("Give a phone number or an e-mail address, so that we can reach you."))
        if cleaned.get("do_not_call") and not email and "email" not in self.errors:
            self.add_error("email", _("You asked us not to call. Add an e-mail address, so that we can reach you."))
        self._ask_once(
            "phone",
            phone,
            _looks_like_phone,
            _("This does not look like a whole phone number. Please check it. If it is right, press Send again."),
        )
        self._ask_once(
            "email",
            email,
            _looks_like_email,
            _("This does not look like a whole e-mail address. Please check it. If it is right, press Send again."),
        )
        return cleaned

    def answers(self):
        """The cleaned fields as they are sealed: plain JSON values under the names of the fields."""
        answers = {name: value for name, value in self.cleaned_data.items() if name not in self.NOT_ANSWERS}
        for name in ("for_whom", "introduction", "best_time", "time_zone"):
            answers[name] = answers[name] or self.fields[name].initial
        return answers

    def _ask_once(self, name, value, looks_right, question):
        if not value or name in self.errors or looks_right(value):
            return
        asked_about = self.cleaned_data.get("asked_about", "").split("\n")
        if value in asked_about:
            return
        self.add_error(name, question)
        # Newest first, so that what no longer fits is the oldest, and the next post always knows this one's values.
        self.cleaned_data["asked_about"] = "\n".join(filter(None, [value, *asked_about]))[:400]
        self.data = self.data.copy()
        self.data["asked_about"] = self.cleaned_data["asked_about"]

    def _refuse_repeated_fields(self):
        """A field that comes twice was not sent by our form; which of its values is meant, no one can know."""
        posted = self.data.lists() if hasattr(self.data, "lists") else ()
        repeated = {name for name, values in posted if len(values) > 1}
        for name in self.fields:
            if name in repeated:
                self.add_error(name, _("This came twice. Please check it and send again."))


AssessmentForm.base_fields = SharedFields(AssessmentForm.base_fields)


def _looks_like_phone(typed):
    if FEWEST_DIGITS <= len(re.sub(r"\D", "", typed)) <= MOST_DIGITS:
        return True
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(typed, "US"))
    except phonenumbers.NumberParseException:
        return False


def _looks_like_email(typed):
    return re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", typed) is not None
