"""The buttons that log an attempt, and the time that the page proposes for the next one."""

import itertools

from django.utils import timezone
from django.utils.translation import gettext_lazy

from intake.models import AssessmentRequest, Attempt
from intake.workflow.attempts import why_not

Stage, Channel, Result = AssessmentRequest.Stage, Attempt.Channel, Attempt.Result

# The attempt buttons, in order. Number keys move the focus to them.
ATTEMPTS = {
    (Channel.CALL, Result.NO_ANSWER): gettext_lazy("No answer"),
    (Channel.CALL, Result.REACHED): gettext_lazy("We spoke"),
    (Channel.CALL, Result.VOICEMAIL): gettext_lazy("Left a voicemail"),
    (Channel.CALL, Result.BAD_NUMBER): gettext_lazy("Number does not work"),
    (Channel.TEXT, Result.SENT): gettext_lazy("Text sent"),
    (Channel.TEXT, Result.REACHED): gettext_lazy("They answered by text"),
    (Channel.EMAIL, Result.SENT): gettext_lazy("Email sent"),
    (Channel.EMAIL, Result.REACHED): gettext_lazy("They answered by email"),
    (Channel.THEY_CALLED, Result.REACHED): gettext_lazy("They called: we spoke"),
    (Channel.THEY_CALLED, Result.MISSED): gettext_lazy("They called: missed it"),
}
WAYS = {
    Channel.CALL: gettext_lazy("We called"),
    Channel.TEXT: gettext_lazy("We texted"),
    Channel.EMAIL: gettext_lazy("We emailed"),
    Channel.THEY_CALLED: gettext_lazy("They called"),
}


def proposal(request, plan):
    """Return a `Proposal` for the attempt that would follow one made now. None if no attempt is possible."""
    now = timezone.now()
    if plan.preferences is None or request.stage == Stage.CLOSED or request.awaits_assessment:
        return None
    made_now = Attempt(channel=plan.next_channel, result=Result.NO_ANSWER, occurred_at=now)
    return plan.after(made_now).propose(now)


def attempt_buttons(request, plan):
    """Return the attempt buttons by channel, as (channel label, buttons) pairs.

    A button is a (number, value, label) triple. Numbers continue from one channel to the next.
    """
    if request.stage == Stage.CLOSED:
        return []
    possible = [attempt for attempt in ATTEMPTS if not why_not(request, plan, *attempt)]
    numbered = [
        (channel, (number, f"attempt:{channel}:{result}", ATTEMPTS[channel, result]))
        for number, (channel, result) in enumerate(possible, start=1)
    ]
    return [
        (WAYS[channel], [button for _channel, button in buttons])
        for channel, buttons in itertools.groupby(numbered, key=lambda pair: pair[0])
    ]
