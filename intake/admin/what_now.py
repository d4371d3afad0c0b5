"""What to do with a request now, in one sentence."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.models import AssessmentRequest, Attempt
from intake.readable import moment
from intake.workflow.ladder import must_decide

Stage, Channel = AssessmentRequest.Stage, Attempt.Channel

NOW = {
    Channel.CALL: gettext_lazy("Call now."),
    Channel.TEXT: gettext_lazy("Send a text message now."),
    Channel.EMAIL: gettext_lazy("Send one neutral e-mail."),
    "talk": gettext_lazy("Follow up now."),
}
AFTER = {
    Channel.CALL: gettext_lazy("Call after %(time)s, their time."),
    Channel.TEXT: gettext_lazy("Send a text message after %(time)s, their time."),
    Channel.EMAIL: gettext_lazy("Send one neutral e-mail after %(time)s, their time."),
    "talk": gettext_lazy("Follow up after %(time)s, their time."),
}
AT = {
    Channel.CALL: gettext_lazy("Call on %(time)s."),
    Channel.TEXT: gettext_lazy("Send a text message on %(time)s."),
    Channel.EMAIL: gettext_lazy("Send one neutral e-mail on %(time)s."),
    "talk": gettext_lazy("Follow up on %(time)s."),
}


def what_now(request, ladder, reach):
    """The sentence for a `Ladder` and a `Reach`; `reach` is None where no rules of contact can be read."""
    if request.hidden_at:
        return _("The person withdrew this request. Do not contact them.")
    if request.stage == Stage.CLOSED:
        return _("This request has ended. There is nothing to do.")
    if reach is None:
        return _("Do not contact this person: the rules of contact can't be read.")
    if request.quarantined_at:
        return _("Check first whether a person wrote this. Then: %s") % _next_step(request, ladder, reach)
    return _next_step(request, ladder, reach)


def _next_step(request, ladder, reach):
    if request.called_back_at:
        called = moment(request.called_back_at)
        return _("They got in touch on %(time)s and wait for us. %(call)s") % {
            "time": called,
            "call": _in_time(Channel.CALL, ladder.profile, reach),
        }
    if request.is_put_off:
        return _("Put off until %(time)s: %(reason)s. Leave it until then.") % {
            "time": moment(request.snoozed_until),
            "reason": request.get_snooze_reason_display(),
        }
    if must_decide(request, ladder):
        return _("Decide: keep trying, close the request, or put it off.")
    if request.stage == Stage.BOOKED:
        return _("The assessment is on %s.") % moment(request.assessment_at)
    way = "talk" if request.stage == Stage.TALKING else ladder.propose(timezone.now()).channel
    if request.stage != Stage.NEW and request.due_at > timezone.now():
        return _sentence(AT[way] % {"time": moment(request.due_at)}, way, ladder.profile)
    return _in_time(way, ladder.profile, reach)


def _in_time(way, profile, reach):
    if reach.may_now:
        return _sentence(NOW[way], way, profile)
    if reach.next_at is None:
        return _("Wait until the center is open.")
    return _sentence(AFTER[way] % {"time": reach.not_before}, way, profile)


def _sentence(words, way, profile):
    is_silent = way == Channel.CALL and not profile.may_leave_voicemail
    return f"{words} {_('Leave no message.')}" if is_silent else str(words)
