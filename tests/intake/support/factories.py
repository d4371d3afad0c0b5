"""Requests as people make them, through the form and through `accept`."""

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
    """The form as it is posted with these fields and nothing else, through the encoding of a browser."""
    return AssessmentForm(QueryDict(urlencode(fields, doseq=True)))


def make_answers(**changes):
    """The cleaned answers of `PERSON` with changes."""
    form = bound_form(**PERSON | changes)
    assert form.errors == {}
    return form.answers()


def accept(draft, answers, **circumstances):
    """Sends answers in with a draft. Returns the request that holds them."""
    request_id = submission.accept(sent_form.SentForm(draft, answers, **circumstances))
    return AssessmentRequest.objects.get(pk=request_id)


def make_request(draft=None, **options):
    """A request that was sent in by `PERSON` and accepted. The options are answers that differ, and circumstances: what
    else `SentForm` holds, such as `at` or `spam_signals`."""
    circumstances = {name: options.pop(name) for name in _CIRCUMSTANCES & options.keys()}
    return accept(draft or tokens.draw(), make_answers(**options), **circumstances)


def make_request_with_odd_contact(**changes):
    """A request of someone who was asked about their phone or email, and sent it again as it was."""
    typed = PERSON | changes
    form = bound_form(**typed, asked_about=f"{typed['phone'].strip()}\n{typed['email'].strip()}")
    assert form.errors == {}
    return accept(tokens.draw(), form.answers())


def log_attempt(request, actor, result="no_answer", channel="call", **more):
    """An attempt to reach the person: by default a call that nobody answered."""
    return workflow.log_attempt(request_id=request.pk, channel=channel, result=result, actor=actor, **more)


def link_duplicate(request, of, actor, same_matter=True):
    """Closes a request as a duplicate of another one."""
    return workflow.link_duplicate(
        request_id=request.pk, of_reference=of.reference, actor=actor, same_matter=same_matter
    )
