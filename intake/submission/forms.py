"""The request form: few questions, kind errors, and a way on for every honest answer."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from intake import email_addresses, phone_numbers
from intake.contact import consent
from intake.contact.preferred_time import SaysWhenWeAreClosed, closed_parts
from intake.contact.time_zones import TIME_ZONES
from intake.models.contact import ForWhom, Introduction, PreferredTime

from .device import VisitorForm

RELATIONS = [
    ("", _("No answer")),
    ("parent", _("I am their parent")),
    ("partner", _("I am their partner or spouse")),
    ("child", _("I am their son or daughter")),
    ("sibling", _("I am their brother or sister")),
    ("friend", _("I am their friend")),
    ("other", _("Something else")),
]
ADULT = [("yes", _("Yes")), ("no", _("No"))]

# What Word, PowerPoint and others use as a line break: CRLF, CR, vertical tab, form feed, NEL, U+2028, U+2029
_LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Control characters except line break and tab, surrogates, and U+FFFD
_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
_SHOWN_AROUND = 20  # characters quoted before and after an unreadable one


class HonestTextField(forms.CharField):
    """Text in any script, stored as typed.

    Refuses only control characters and bytes that can't be decoded, which arrive as U+FFFD.
    """

    def widget_attrs(self, widget):
        """Return the attributes without `maxlength`: a browser would cut pasted text silently.

        An error message is better than lost text.
        """
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs

    def to_python(self, value):
        text = _LINE_BREAK.sub("\n", _read_as_windows(super().to_python(value)))
        if isinstance(self.widget, forms.TextInput):  # one line
            text = text.replace("\n", " ")
        if unreadable := _UNREADABLE.search(text):
            raise ValidationError(_where_unreadable(text, unreadable), code="unreadable")
        return text


class EmailTextField(HonestTextField):
    """An email address. Characters that pasting puts around it are removed; anything else is stored as typed."""

    def to_python(self, value):
        return email_addresses.cleaned(super().to_python(value))


class AsksOnce:
    """A form with `phone` and `email` that asks once about a value that looks wrong.

    If the same value is sent again, it is accepted: a number that does not work is better than a person turned away.
    The hidden field `asked_about` holds the values already asked about, so no script or cookie is needed.
    """

    if_right = _("If it is correct, press Send again.")

    def ask_once(self, name):
        """Add an error to a field whose value looks wrong, unless the form asked about that value before.

        Return whether the value looks wrong but was sent again unchanged.
        """
        value = self.cleaned_data.get(name, "")
        question = _QUESTIONS[name](value) if value and name not in self.errors else ""
        if not question:
            return False
        asked_about = self.cleaned_data.get("asked_about", "").split("\n")
        if value in asked_about:
            return True
        self.add_error(name, f"{question} {self.if_right}")
        self.remember(value)
        return False

    def remember(self, asked):
        """Put the values in `asked` into the form, so that its next POST says what was asked about."""
        asked_about = self.cleaned_data.get("asked_about", "").split("\n")
        # Newest first, so that cutting drops the oldest, and the next post knows this one's values.
        self.cleaned_data["asked_about"] = "\n".join(filter(None, [asked, *asked_about]))[:400]
        self.data = self.data.copy()
        self.data[self.add_prefix("asked_about")] = self.cleaned_data["asked_about"]


class AssessmentForm(AsksOnce, SaysWhenWeAreClosed, VisitorForm):
    """The questions for someone who wants to be contacted.

    Required: a way to reach them, their consent, and whether they are an adult.
    """

    error_css_class = "has-error"

    phone = HonestTextField(
        label=_("Phone number"),
        help_text=_("We leave no message unless you allow it."),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )
    email = EmailTextField(
        label=_("Email address"),
        help_text=_("If you give only this, we send one short email that does not name us."),
        required=False,
        max_length=254,
        widget=forms.TextInput(
            attrs={"type": "email", "inputmode": "email", "autocomplete": "email", "spellcheck": "false"}
        ),
    )
    adult = forms.ChoiceField(
        label=_("Are you 18 or older?"),
        help_text=_("You, the person filling out this form."),
        choices=ADULT,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Tell us whether you are 18 or older."),
            "invalid_choice": _("Choose yes or no."),
        },
    )
    for_whom = forms.ChoiceField(
        label=_("Who are you asking for?"),
        choices=ForWhom.choices,
        required=False,
        initial="self",
        widget=forms.RadioSelect,
    )
    relation = forms.ChoiceField(
        label=_("If you are asking for someone else, what is your relationship to them?"),
        help_text=_("We don't ask for their name. We talk with you first."),
        choices=RELATIONS,
        required=False,
    )
    name = HonestTextField(
        label=_("What should we call you?"),
        help_text=_("Any name you want. You can leave this empty."),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    do_not_call = forms.BooleanField(label=_("Please don't call me. Email me."), required=False)
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
    preferred_time = forms.ChoiceField(
        label=_("When is a good time?"),
        choices=PreferredTime.choices,
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
        error_messages={"max_length": _("This is too long. Please shorten it from %(show_value)d to 1000 characters.")},
    )
    consent = forms.BooleanField(
        label=consent.CONTACT.text,
        error_messages={"required": _("We need your agreement before we may contact you.")},
    )
    asked_about = HonestTextField(required=False, max_length=400, widget=forms.HiddenInput)
    website = forms.CharField(  # a trap for machines, hidden from people by templates/intake/assessment.html
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    NOT_ANSWERS = ("asked_about", "website")
    FOLDED = (  # under "More choices": no one has to answer them
        "for_whom",
        "relation",
        "name",
        "voicemail_ok",
        "text_ok",
        "email_ok",
        "do_not_call",
        "introduction",
        "preferred_time",
        "time_zone",
        "language",
        "message",
    )

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def clean(self):
        cleaned = super().clean()
        self._refuse_repeated_fields()
        is_kept = [self.ask_once(name) for name in ("phone", "email")]
        phone, email = cleaned.get("phone", ""), cleaned.get("email", "")
        if any(is_kept):
            phone, email = cleaned["phone"], cleaned["email"] = _swap_if_misplaced(phone, email)
        unreadable = {"phone", "email"} & self.errors.keys()
        if not phone and not email and not unreadable:
            self.add_error("phone", _("Enter a phone number or an email address, so that we can reach you."))
        if cleaned.get("do_not_call") and not email and "email" not in self.errors:
            self.add_error("email", _("You asked us not to call. Enter an email address, so that we can reach you."))
        if (phone or "phone" in unreadable) and not cleaned.get("do_not_call"):
            self._check_time(cleaned, email)
        return cleaned

    def _check_time(self, cleaned, email):
        """Ask once about a preferred time at which we never call.

        A person who wants to confirm a time first must give an email address or allow text messages.
        """
        time = cleaned.get("preferred_time")
        zone = cleaned.get("time_zone") or self.fields["time_zone"].initial
        if time == PreferredTime.CONFIRMED:
            if not email and not cleaned.get("text_ok") and "email" not in self.errors:
                self.add_error("preferred_time", _("To confirm a time, add an email address or allow text messages."))
            return
        asked_about = cleaned.get("asked_about", "").split("\n")
        if not time or time not in closed_parts(zone) or f"{time} {zone}" in asked_about:
            return
        names = {"time": PreferredTime(time).label.lower(), "zone": dict(TIME_ZONES)[zone]}
        self.add_error(
            "preferred_time",
            _(
                "We are closed %(time)s, %(zone)s time, so we can't call you then. Choose what is safe for you: "
                "another part of the day, a call only after you confirm a time, or “Please don't call me” with an "
                "email address. To keep this time, press Send again. Then we won't call at another time of day."
            )
            % names,
        )
        self.remember(f"{time} {zone}")

    @property
    def has_more(self):
        """Return whether a folded question has an error, or an answer other than the one that it starts with."""
        return any(self[name].errors or self._is_chosen(name) for name in self.FOLDED)

    def _is_chosen(self, name):
        value = self[name].value()
        return bool(value) and value != self.fields[name].initial

    def answers(self):
        """Return the cleaned fields by name, as plain JSON values. This is what is encrypted."""
        answers = {name: value for name, value in self.cleaned_data.items() if name not in self.NOT_ANSWERS}
        for name in ("for_whom", "introduction", "preferred_time", "time_zone"):
            answers[name] = answers[name] or self.fields[name].initial
        return answers

    def _refuse_repeated_fields(self):
        """Add an error to each field that was posted twice.

        Our form sends each field once, so nobody can know which value is meant.
        """
        posted = self.data.lists() if hasattr(self.data, "lists") else ()
        repeated = {name for name, values in posted if len(values) > 1}
        for name in self.fields:
            if name in repeated:
                self.add_error(name, _("We received two answers here. Please check them and send again."))


def _question_about_phone(typed):
    if phone_numbers.to_dial(typed):
        return ""
    if email_addresses.is_in(typed):
        return _("This looks like an email address. If it is one, please move it to the email box.")
    return _(
        "This does not look like a complete phone number. Please check it. A number outside the US begins with + and "
        "the country code."
    )


def _question_about_email(typed):
    if email_addresses.is_mailable(typed):
        return ""
    if phone_numbers.to_dial(typed) and "@" not in typed:
        return _("This looks like a phone number. If it is one, please move it to the phone box.")
    if email_addresses.looks_like_one(typed) and not typed.isascii():
        return _(
            "Our email can't reach an address with letters like é or 王. If you have another one, please use that."
        )
    return _("This does not look like a complete email address. Please check it.")


_QUESTIONS = {"phone": _question_about_phone, "email": _question_about_email}


def _swap_if_misplaced(phone, email):
    """Return phone and email, swapped if each was typed in the other's box. One of them may be empty."""
    address = email_addresses.cleaned(phone)
    if email_addresses.is_in(phone) and address == email:  # typed twice
        return "", email
    is_email, is_phone = email_addresses.is_in(phone), "@" not in email and phone_numbers.to_dial(email) is not None
    if (is_email or is_phone) and (is_email or not phone) and (is_phone or not email):
        return email, address
    return phone, email


def _read_as_windows(text):
    """Replace control characters by the Windows apostrophes and dashes that they stand for, as HTML does.

    NEL is kept: it is a line break.
    """
    return _WINDOWS.sub(lambda found: found[0].encode("latin-1").decode("cp1252", "ignore") or found[0], text)


_WINDOWS = re.compile("[\x80-\x84\x86-\x9f]")


def _where_unreadable(text, unreadable):
    """Return a sentence that shows where an unreadable character is, by quoting the text around it."""
    before, behind = text[: unreadable.start()], text[unreadable.end() :]
    before = _UNREADABLE.sub("", before)[-_SHOWN_AROUND:].strip()
    behind = _UNREADABLE.sub("", behind)[:_SHOWN_AROUND].strip()
    if before and behind:
        where = _("We can't read the text between “%(before)s” and “%(behind)s”.")
    elif before:
        where = _("We can't read the text at the end, after “%(before)s”.")
    elif behind:
        where = _("We can't read the text at the beginning, before “%(behind)s”.")
    else:
        return _("We can't read this text. Please type it again.")
    return f"{where % {'before': before, 'behind': behind}} {_('Please type that part again.')}"
