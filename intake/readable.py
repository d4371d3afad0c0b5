"""What a person told us as staff read it: the questions in words, and the rules of contact above everything else."""

from django.utils.translation import gettext as _

from .forms import AssessmentForm

_FIELDS = AssessmentForm.base_fields
_IN_RULES = {"do_not_call", "voicemail_ok", "text_ok", "email_ok", "introduction", "consent", "best_time", "time_zone"}


def told(answers):
    """Pairs (question, answer) in the order of the form, without what was left empty and what the rules say."""
    return [
        (_FIELDS[name].label, _in_words(name, answers[name]))
        for name in _FIELDS
        if answers.get(name) and name not in _IN_RULES
    ]


def contact_rules(profile, ticked_email):
    """What this person allows, one sentence a channel; staff read it before they see a number.

    `ticked_email` says whether they ticked the box for e-mail: an address alone allows a single one.
    """
    return [
        _("Do not call.")
        if not profile.may_call
        else _("Call. Voicemail is allowed.")
        if profile.may_leave_voicemail
        else _("Call. Leave no message."),
        _("Text messages are allowed.") if profile.may_text else _("Do not text."),
        _("Do not e-mail.")
        if not profile.may_email
        else _("E-mail is allowed, in neutral words.")
        if ticked_email
        else _("One neutral e-mail is allowed."),
        _("Introduction: %s.") % profile.get_introduction_display().lower(),
        _("Good time: %(time)s, %(zone)s time.")
        % {"time": profile.get_best_time_display().lower(), "zone": _in_words("time_zone", profile.time_zone)},
    ]


def _in_words(name, value):
    choices = dict(getattr(_FIELDS[name], "choices", []))
    return str(choices.get(value, value))
