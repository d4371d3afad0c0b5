"""What to do with a request now, in one sentence."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake.admin.guidance.in_list import SPOKEN_WITH, channel_of, must_be_checked
from intake.admin.wording import moment
from intake.models import AssessmentRequest, Attempt
from intake.models.assessment_request import BY_PHONE
from intake.workflow.attempts import must_decide

Stage, Channel = AssessmentRequest.Stage, Attempt.Channel

NOW = {
    Channel.CALL: gettext_lazy("Call now."),
    Channel.TEXT: gettext_lazy("Send a text message now."),
    Channel.EMAIL: gettext_lazy("Send a neutral e-mail now."),
}
TAKE_FIRST = {
    Channel.CALL: gettext_lazy("Take it and call."),
    Channel.TEXT: gettext_lazy("Take it and send a text message."),
    Channel.EMAIL: gettext_lazy("Take it and send a neutral email."),
}
AFTER = {
    Channel.CALL: gettext_lazy("Call after %(time)s."),
    Channel.TEXT: gettext_lazy("Send a text message after %(time)s."),
    Channel.EMAIL: gettext_lazy("Send a neutral e-mail after %(time)s."),
}
AT = {
    Channel.CALL: gettext_lazy("Call on %(time)s."),
    Channel.TEXT: gettext_lazy("Send a text message on %(time)s."),
    Channel.EMAIL: gettext_lazy("Send a neutral e-mail on %(time)s."),
}


def what_now(request, plan, reach, reader, has_new_words=False, elsewhere=None):
    """The sentence for an `AttemptPlan` and a `Reach`; `reach` is None where no rules of contact can be read, `reader`
    who looks at the page. Nobody is told to contact a person now but the one who has the request, so that no two are;
    nor while a colleague is at another request with the same contact, `elsewhere`. And what the person said is read
    first: they may have asked for the opposite."""
    if request.hidden_at:
        return _("The person withdrew this request. Do not contact them.")
    if request.stage == Stage.CLOSED:
        is_done = _("This request has ended. There is nothing to do.")
        return _("This request has ended. Read what they added: nobody has yet.") if has_new_words else is_done
    if request.is_claimed_by_colleague(reader):
        return leave_it(request)
    if request.to_confirm_since:
        return _("Contact nobody yet. First decide: is this the same person?")
    if reach is None:
        return _("Do not contact this person: the rules of contact can't be read.")
    step = _next_step(request, plan, reach, reader, elsewhere)
    if _is_on_the_phone(request, plan, reader):
        step = _("You are on the phone with them. If you talk now, press “They called: we spoke”. If not: %s") % step
    elif must_be_checked(request):
        step = _("Check first whether a person wrote this. Then: %s") % step
    return _("Read what they added first. Then: %s") % step if has_new_words else step


def leave_it(request):
    """The sentence for everyone but the colleague who is working on a request."""
    return _("%(who)s is at this request until %(time)s. Leave it to them until then.") % {
        "who": request.owner,
        "time": moment(request.claimed_until),
    }


def ask_first(elsewhere):
    """The sentence for everyone but the colleague who is at `elsewhere`, a request with the same phone or email."""
    return _("%(who)s is at %(reference)s until %(time)s, with the same phone or email. Ask %(who)s first.") % {
        "who": elsewhere.owner,
        "reference": elsewhere.reference,
        "time": moment(elsewhere.claimed_until),
    }


def holds(request, reader):
    """Whether a request is this reader's now: taken for a while that has not ended, or theirs without an end."""
    return request.owner_id == reader.pk and (request.claimed_until is None or request.is_claimed)


def may_take(request, reader):
    """Whether `workflow.claim` gives an open request to `reader`, who does not have it."""
    is_a_colleagues = request.owner_id not in (None, reader.pk) and request.claimed_until is None
    return not (holds(request, reader) or request.is_claimed_by_colleague(reader) or is_a_colleagues)


def _is_on_the_phone(request, plan, reader):
    """Whether `reader` has just taken the request down for a caller."""
    is_theirs = request.is_claimed and request.owner_id == reader.pk
    return request.referrer_path == BY_PHONE and request.stage == Stage.NEW and is_theirs and not plan.tries


def _next_step(request, plan, reach, reader, elsewhere):
    channel = channel_of(request, plan)
    if request.is_snoozed:
        return _("Put off until %(time)s: %(reason)s. Leave it until then.") % {
            "time": moment(request.snoozed_until),
            "reason": request.get_snooze_reason_display(),
        }
    if request.awaiting_reply_since:
        return _("They got in touch on %(time)s and wait for us. %(contact)s") % {
            "time": moment(request.awaiting_reply_since),
            "contact": _in_time(request, channel, plan, reach, reader, elsewhere),
        }
    if must_decide(request, plan):
        if not plan.channels:
            return _("Decide: close the request, or put it off.")
        return _("Decide: keep trying, close the request, or put it off.")
    if request.awaits_assessment:
        is_over = request.assessment_at <= timezone.now()
        words = _("The assessment was on %s. Did they come?") if is_over else _("The assessment is on %s.")
        return words % _our_time(request.assessment_at, reach)
    if request.stage != Stage.NEW and request.due_at > timezone.now():
        contact = _sentence(AT[channel] % {"time": _our_time(request.due_at, reach)}, channel, plan)
    else:
        contact = _in_time(request, channel, plan, reach, reader, elsewhere)
    return _("Follow up. %s") % contact if request.stage in SPOKEN_WITH else contact


def _our_time(due_at, reach):
    """A moment by the center's clock; it says so where the clock of the person shows another time."""
    is_same = due_at.astimezone(reach.now.tzinfo).utcoffset() == timezone.localtime(due_at).utcoffset()
    return moment(due_at) if is_same else _("%(time)s, our time") % {"time": moment(due_at)}


def _in_time(request, channel, plan, reach, reader, elsewhere):
    if reach.preference_is_met or not plan.profile.may_call:
        return _at_a_good_time(request, channel, plan, reach, reader, elsewhere)
    if channel != Channel.CALL:
        contact = _at_a_good_time(request, channel, plan, reach, reader, elsewhere)
        return f"{contact} {_('Ask when a call is safe. Do not call before that.')}"
    if reach.may_call_now:
        return _at_once(request, channel, plan, reader, elsewhere)
    if reach.call_at is None:
        return _("Do not call: they want to confirm a time first.")
    words = _("Do not call now: they asked for another time of day, when we are closed. %s Or put it off until then.")
    return words % _sentence(AFTER[channel] % {"time": reach.no_call_before}, channel, plan)


def _at_a_good_time(request, channel, plan, reach, reader, elsewhere):
    if reach.may_now:
        return _at_once(request, channel, plan, reader, elsewhere)
    if reach.next_at is None:
        return _("Wait until the center is open.")
    return _sentence(AFTER[channel] % {"time": reach.not_before}, channel, plan)


def _at_once(request, channel, plan, reader, elsewhere):
    if elsewhere:
        return ask_first(elsewhere)
    if holds(request, reader):
        return _sentence(NOW[channel], channel, plan)
    if request.owner_id is None or request.claimed_until is not None:
        return _sentence(TAKE_FIRST[channel], channel, plan)
    return _("%s owns this request. Make yourself its owner before you contact them.") % request.owner


def _sentence(words, channel, plan):
    if channel == Channel.CALL and not plan.profile.may_leave_voicemail:
        return f"{words} {_('Leave no message.')}"
    if channel == Channel.EMAIL and plan.is_one_email and not plan.tries:
        return f"{words} {_('One, and no more.')}"
    return str(words)
