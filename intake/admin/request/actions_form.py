"""The form of a request's page, with all its fields except the contact details."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import access, workflow
from intake.models import AssessmentRequest
from intake.submission.forms import HonestTextField
from intake.workflow.attempts import follow_up

SnoozeReason = AssessmentRequest.SnoozeReason

ENDS = [(end, end.label) for end in workflow.ENDS]
ASKED_REASONS = [choice for choice in SnoozeReason.choices if choice[0] != SnoozeReason.WAITING]


def _moment_field(label):
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    errors = {"invalid": gettext_lazy("Enter a day and a time, such as 2026-11-24 14:30.")}
    return forms.DateTimeField(label=label, required=False, widget=widget, error_messages=errors)


def _words_field(label, rows, help_text=""):
    widget = forms.Textarea(attrs={"rows": rows})
    return HonestTextField(label=label, required=False, max_length=4000, widget=widget, help_text=help_text)


class RequestActionsForm(forms.Form):
    """All fields of the page except the contact details. They stay filled in if a button is refused."""

    use_required_attribute = False

    note = _words_field(gettext_lazy("Note for the team. Encrypted, and saved with any button except Erase."), 3)
    consent_read = forms.BooleanField(
        label=gettext_lazy("I read these words to the person, and they agreed."), required=False
    )
    next_at = _moment_field(gettext_lazy("Next attempt, center's time"))
    assessment_at = _moment_field(gettext_lazy("Day and time of the assessment, center's time"))
    until = _moment_field(gettext_lazy("Until, center's time"))
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"), required=False, choices=[("", gettext_lazy("Choose")), *ASKED_REASONS]
    )
    waits_for = _words_field(gettext_lazy("Or: what we are waiting for, such as an insurer's answer"), 2)
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), required=False, choices=[("", gettext_lazy("Choose")), *ENDS]
    )
    referral = _words_field(gettext_lazy("Referred to"), 2)
    person_told = forms.BooleanField(label=gettext_lazy("The person knows about the referral."), required=False)
    owner = forms.ChoiceField(label=gettext_lazy("Owner"), required=False)
    of_reference = forms.CharField(
        label=gettext_lazy("Reference of the other request"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    same_matter = forms.BooleanField(
        label=gettext_lazy("It is about the same matter, though the phone and email are different."), required=False
    )
    confirm = forms.BooleanField(
        label=gettext_lazy(
            "Yes, erase all content for good. This can't be undone. The reference, the times, and the outcome stay."
        ),
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["next_at"].show_hidden_initial = True
        owners = [(str(reader.pk), reader.get_username()) for reader in access.readers()]
        self.fields["owner"].choices = [("", _("No one")), *owners]

    @classmethod
    def for_request(cls, request, plan, proposed):
        """Return the form for a request.

        `proposed`: the `Proposal` for the next attempt, or None.
        """
        return cls(
            initial={
                "next_at": proposed and proposed.at,
                "assessment_at": request.assessment_at,
                "until": follow_up(plan.preferences, timezone.now()),
                "owner": str(request.owner_id or ""),
            }
        )
