"""The form to correct contact details. If a colleague corrects them too, it shows the conflicts."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import workflow
from intake.admin import wording
from intake.contact import details
from intake.contact.time_zones import TIME_ZONES
from intake.models.contact import ForWhom, Introduction, PreferredTime
from intake.submission.forms import AsksOnce, EmailTextField, HonestTextField

USE_MINE, KEEP_THEIRS = CHOICES = "use_mine", "keep_theirs"


def _text(name, longest, field=HonestTextField, **attrs):
    widget = forms.TextInput(attrs={"autocomplete": "off"} | attrs)  # the browser would fill in the staff member's own
    return field(label=wording.DETAILS[name], required=False, max_length=longest, widget=widget)


def _tick(name):
    return forms.BooleanField(label=wording.DETAILS[name], required=False)


def _choice(name, choices):
    return forms.ChoiceField(label=wording.DETAILS[name], choices=choices)


class DetailsForm(AsksOnce, forms.Form):
    """The fields of `intake.contact.details`.

    The form posts the values on the screen along with those typed. Only what this user changed is checked and saved.
    """

    if_right = gettext_lazy("If it is correct, press the button again.")

    name = _text("name", 200)
    phone = _text("phone", 60, inputmode="tel")
    email = _text("email", 254, EmailTextField, inputmode="email", autocapitalize="off", spellcheck="false")
    language = _text("language", 100)
    may_call = _tick("may_call")
    may_leave_voicemail = _tick("may_leave_voicemail")
    may_text = _tick("may_text")
    may_email = _tick("may_email")
    introduction = _choice("introduction", Introduction.choices)
    preferred_time = _choice("preferred_time", PreferredTime.choices)
    time_zone = _choice("time_zone", TIME_ZONES)
    for_whom = _choice("for_whom", ForWhom.choices)
    asked_about = HonestTextField(required=False, max_length=400, widget=forms.HiddenInput)

    prefix = "details"
    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for name in details.FIELDS:
            self.fields[name].show_hidden_initial = True

    def clean(self):
        for name in ("phone", "email"):
            if name in self.changed_data:
                self.ask_once(name)
        return self.cleaned_data

    @classmethod
    def for_details(cls, contact_details, mine=None):
        """Return a form that shows `contact_details`.

        `mine`: values by field name that this user typed, to show instead.
        """
        if not mine:
            return cls(initial=details.plain(contact_details))
        plain = details.plain(contact_details)
        data = {}
        for name, value in (plain | mine).items():
            data[f"{cls.prefix}-{name}"] = value
            data[f"initial-{cls.prefix}-{name}"] = str(plain[name])
        asked_about = filter(
            None, (mine.get(name) for name in ("phone", "email"))
        )  # the form asked about these before the conflict
        return cls(data | {f"{cls.prefix}-asked_about": "\n".join(asked_about)})

    @property
    def was_posted(self):
        return f"initial-{self.prefix}-phone" in self.data

    def on_screen(self):
        """Return the values that the page showed before this user typed anything."""
        return {name: self.read(name, self.data.get(self[name].html_initial_name, "")) for name in details.FIELDS}

    def read(self, name, posted):
        """Return a field's value, read from the text of its hidden input."""
        try:
            return self.fields[name].to_python(posted)
        except ValidationError as error:
            raise workflow.TransitionRefused(f"{self.fields[name].label}: {error.messages[0]}") from error

    def typed(self):
        """Return the values typed. Raises `workflow.TransitionRefused` if one is invalid."""
        for name, errors in self.errors.items():
            raise workflow.TransitionRefused(f"{self.fields[name].label}: {errors[0]}")
        return self.cleaned_data

    def changed(self):
        """Return the names of the changed fields."""
        return [name for name in self.changed_data if name in details.FIELDS] if self.was_posted else []


def save(action):
    """Save the changed fields. A field that a colleague has changed too becomes a conflict."""
    names = action.details.changed()
    if not names:
        raise workflow.TransitionRefused(_("No contact details were changed."))
    _correct(action, names)
    if action.conflicts:
        return _("Saved, except for what a colleague changed too. Choose below.")
    return _("The contact details are corrected.")


def save_with_any_button(action):
    """Save the changed fields along with any other button.

    Fields with a conflict are not saved: they need a button of their own.
    """
    if names := _not_in_conflict(action):
        _correct(action, names)


def use_mine(action):
    """Save this user's value of one field over the colleague's value shown in the conflict."""
    if action.argument not in action.details.fields:
        raise workflow.TransitionRefused(_("That button is not known. Nothing was changed."))
    _correct(action, [action.argument, *_not_in_conflict(action)])
    is_saved = not action.conflicts
    _keep_the_others(action)
    return (
        _and_the_button_before(action, _("Your value is saved."))
        if is_saved
        else _("Someone changed this again. Choose again.")
    )


def keep_theirs(action):
    save_with_any_button(action)
    _keep_the_others(action)
    return _and_the_button_before(action, _("Your colleague's value is kept."))


def _and_the_button_before(action, done):
    """Return `done`. If a conflict had stopped another button, add that it must be pressed again."""
    if not action.is_pending or action.conflicts:
        return done
    return f"{done} {_('The conflict stopped the button that you had pressed. Press it again.')}"


def _not_in_conflict(action):
    return [name for name in action.details.changed() if f"was-{name}" not in action.posted]


def _correct(action, names):
    before, after = action.details.on_screen(), action.details.typed()
    action.conflicts += workflow.correct(
        request_id=action.obj.pk,
        before={name: before[name] for name in names},
        after={name: after[name] for name in names},
        actor=action.actor,
        consent_read=action.typed("consent_read"),
    )


def _keep_the_others(action):
    """Keep showing the conflicts that this user has not resolved yet."""
    after, current = action.details.typed(), details.details_of(action.obj)
    for name in action.details.changed():
        if f"was-{name}" in action.posted and name != action.argument and name in current:
            was = action.details.read(name, action.posted[f"was-{name}"])
            action.conflicts.append(details.Conflict(name, was, current[name], after[name]))


def rows_for_conflicts(conflicts):
    """Return the rows of the conflict table.

    A row has the field, its value before, the colleague's value with name and time, and this user's value.
    """
    return [
        {
            "name": conflict.field,
            "label": wording.DETAILS[conflict.field],
            "before": wording.detail(conflict.field, conflict.before),
            "was": conflict.before,
            "theirs": wording.detail(conflict.field, conflict.theirs.value),
            "who": conflict.theirs.who,
            "at": conflict.theirs.at,
            "mine": wording.detail(conflict.field, conflict.mine),
        }
        for conflict in conflicts
    ]


BUTTONS = {"details": save, USE_MINE: use_mine, KEEP_THEIRS: keep_theirs}
