"""Answers as staff read them: the questions in words, and the rules of contact above everything else."""

from django.utils.translation import gettext as _

from .forms import AssessmentForm

_FIELDS = AssessmentForm.base_fields
_IN_RULES = {"do_not_call", "voicemail_ok", "text_ok", "email_ok", "introduction", "consent"}


def told(answers):
    """Pairs (question, answer) in the order of the form, without what was left empty and what the rules say."""
    return [
        (_FIELDS[name].label, _in_words(name, answers[name]))
        for name in _FIELDS
        if answers.get(name) and name not in _IN_RULES
    ]


def contact_rules(answers):
    """What this person allows, one sentence a channel; staff read it before they see a number."""
    phone, email = answers.get("phone"), answers.get("email")
    rules = []
    if phone and answers.get("do_not_call"):
        rules.append(_("Do not call."))
    elif phone:
        rules.append(_("Call. Voicemail is allowed.") if answers.get("voicemail_ok") else _("Call. Leave no message."))
    if phone:
        rules.append(_("Text messages are allowed.") if answers.get("text_ok") else _("Do not text."))
    if email:
        allowed = answers.get("email_ok") or answers.get("do_not_call") or not phone
        rules.append(_("One neutral e-mail is allowed.") if allowed else _("Do not e-mail."))
    rules.append(_("Introduction: %s.") % _in_words("introduction", answers["introduction"]).lower())
    return rules


def _in_words(name, value):
    choices = dict(getattr(_FIELDS[name], "choices", []))
    return str(choices.get(value, value))
