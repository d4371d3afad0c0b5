"""Create requests as people do: through the form and through `accept`."""

from dataclasses import fields
from urllib.parse import urlencode

from django.http import QueryDict

from intake import workflow
from intake.models import AssessmentRequest
from intake.submission import accept as submission
from intake.submission import sent_form, tokens
from intake.submission.forms import AssessmentForm
from tests.intake.support.helpers import PERSON

_CIRCUMSTANCES = {field.name for field in fields(sent_form.SentForm)} - {"draft", "answers"}


def bound_form(**fields):
    """Return the form as a browser posts it with these fields and no others."""
    return AssessmentForm(QueryDict(urlencode(fields, doseq=True)))


def make_answers(**changes):
    """Return the cleaned answers of `PERSON`, with changes."""
    form = bound_form(**PERSON | changes)
    assert form.errors == {}
    return form.answers()


def accept(draft, answers, **circumstances):
    """Send in answers with a draft. Return the request that contains them."""
    request_id = submission.accept(sent_form.SentForm(draft, answers, **circumstances))
    return AssessmentRequest.objects.get(pk=request_id)


def make_request(draft=None, **options):
    """Send in a request from `PERSON`, accept it and return it.

    `options`: changed answers, and other arguments of `SentForm`, such as `at` or `spam_signals`.
    """
    circumstances = {name: options.pop(name) for name in _CIRCUMSTANCES & options.keys()}
    return accept(draft or tokens.draw(), make_answers(**options), **circumstances)


def make_request_with_odd_contact(**changes):
    """Send in a request with an unusual phone number or email, and return it. The form asked, and the person kept
    it."""
    typed = PERSON | changes
    form = bound_form(**typed, asked_about=f"{typed['phone'].strip()}\n{typed['email'].strip()}")
    assert form.errors == {}
    return accept(tokens.draw(), form.answers())


def log_attempt(request, actor, result="no_answer", channel="call", **more):
    """Log an attempt to reach the person. By default, this is a call that was not answered."""
    return workflow.log_attempt(request_id=request.pk, channel=channel, result=result, actor=actor, **more)


def link_duplicate(request, of, actor, same_matter=True):
    """Close a request as a duplicate of the request `of`."""
    return workflow.link_duplicate(
        request_id=request.pk, of_reference=of.reference, actor=actor, same_matter=same_matter
    )
