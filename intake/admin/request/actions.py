"""The buttons of a request's page, and the POST that they send."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake import search, workflow
from intake.admin.readers import chosen_reader
from intake.admin.wording import moment
from intake.models import AssessmentRequest, Attempt
from intake.workflow.attempt_plan import attempt_plan_of, must_decide
from intake.workflow.base import DOUBLE_CLICK, label_for_event

from . import details_form
from .actions_form import RequestActionsForm
from .attempt_buttons import ATTEMPTS

Stage, Outcome, SnoozeReason = AssessmentRequest.Stage, AssessmentRequest.Outcome, AssessmentRequest.SnoozeReason
Result = Attempt.Result

WORDS_OF_A_BUTTON = ("waits_for", "referral")


@dataclass
class ActionRequest:
    """A button pressed on the page of `obj`, with everything posted.

    `button`, `argument`: the two parts of its value, such as "stage" and the new stage. `conflicts`: contact details
    that a colleague changed too. `taken`: the request that the button “Take next request” opens.
    """

    obj: AssessmentRequest
    actor: object
    posted: dict
    button: str
    argument: str
    work: RequestActionsForm
    details: details_form.DetailsForm
    conflicts: list = field(default_factory=list)
    own_changes: int = 0  # how many versions this action itself made
    taken: AssessmentRequest | None = None

    @classmethod
    def from_post(cls, request, obj):
        button, _colon, argument = request.POST.get("action", "").partition(":")
        work, details = RequestActionsForm(request.POST), details_form.DetailsForm(request.POST)
        return cls(obj, request.user, request.POST, button, argument, work, details)

    @property
    def expected_version(self):
        """The version on the screen. -1 if the POST has none: it matches no version."""
        posted = self.posted.get("version", "")
        return int(posted) + self.own_changes if posted.isdecimal() and len(posted) < 10 else -1

    @property
    def erases(self):
        """Whether the button erases content. Then nothing typed on the page is saved."""
        return self.button == "erase" or (self.button == "lift_legal_hold" and self.obj.hidden_at is not None)

    @property
    def would_lose(self):
        """The name of a filled-in field that this button does not save. None if it saves all."""
        outcome = self.argument or self.posted.get("outcome")
        kept = {"wait_for": "waits_for", "close": "referral" if outcome == Outcome.REFERRED else None}.get(self.button)
        lost = (name for name in WORDS_OF_A_BUTTON if name != kept and self.posted.get(name, "").strip())
        return next(lost, None)

    @property
    def is_pending(self):
        """Whether a button still has to be carried out once the conflicts are resolved."""
        return "pending" in self.posted or (bool(self.conflicts) and self.button not in details_form.BUTTONS)

    def typed(self, name):
        """Return the value of a field. Raises `workflow.TransitionRefused` with the field's error."""
        for error in self.work.errors.get(name, []):
            raise workflow.TransitionRefused(f"{self.work.fields[name].label}: {error}")
        return self.work.cleaned_data[name]

    def do(self, function, **more):
        """Call a workflow function on this request.

        Raises `workflow.TransitionRefused` if someone changed the request since it was on the screen.
        """
        try:
            return function(request_id=self.obj.pk, actor=self.actor, expected_version=self.expected_version, **more)
        except workflow.StaleVersion as stale:
            if stale.last.actor == self.actor and timezone.now() - stale.last.occurred_at <= DOUBLE_CLICK:
                what = label_for_event(stale.last)
                raise workflow.TransitionRefused(
                    _("You pressed the button twice. The first press was saved: %s.") % what
                ) from stale
            raise


@transaction.atomic
def carry_out(action):
    """Carry out the button, and save the note and contact details typed with it.

    Returns a sentence for the screen. Raises `TransitionRefused`; then nothing is saved.
    """
    button = BUTTONS.get(action.button)
    if button is None:
        raise workflow.TransitionRefused(
            _("Press one of the buttons. Nothing was changed, and what you typed is still here.")
        )
    if action.would_lose and action.button not in details_form.CHOICES:
        label = action.work.fields[action.would_lose].label
        raise workflow.TransitionRefused(
            _("This button does not save “%s”. Press the button below that box, or clear the box.") % label
        )
    keeps_details = action.button not in details_form.BUTTONS and not action.erases
    if keeps_details and action.button != "undo":
        _save_details(action)
    done = button(action)
    if keeps_details and action.button == "undo":  # only after the undo: a correction is a change, and would prevent it
        _save_details(action)
    if action.button != "note" and not action.erases and action.typed("note").strip():
        workflow.add_note(request_id=action.obj.pk, text=action.typed("note"), actor=action.actor)
    return done


def _save_details(action):
    """Save the corrected contact details that were posted with any button.

    Called before the button's own action, since that may close the request. Undo is the exception: its action runs
    first.
    """
    if not action.details.changed():
        return
    # Lock all rows that the button may lock later, in primary-key order, to avoid deadlocks.
    other = search.by_reference(_other_reference(action)) if action.button == "link" else None
    before = workflow.lock_linked(action.obj.pk, *([other.pk] if other else []))[action.obj.pk].version
    details_form.save_with_any_button(action)
    if action.conflicts:
        raise workflow.TransitionRefused(
            _("A colleague changed the same details. Choose below, then press the button again.")
        )
    action.own_changes = AssessmentRequest.objects.get(pk=action.obj.pk).version - before


def _attempt(action):
    channel, _colon, result = action.argument.partition(":")
    attempt = action.do(workflow.log_attempt, channel=channel, result=result, next_at=_next_at(action, result))
    logged = ATTEMPTS[channel, result]
    request = AssessmentRequest.objects.get(pk=action.obj.pk)
    if must_decide(request, attempt_plan_of(request)):
        return _("Logged: %s. That was the last attempt: decide now.") % logged
    return _("Logged: %(what)s. Next: %(time)s.") % {"what": logged, "time": moment(attempt.next_at)}


def _next_at(action, result):
    """Return the time chosen for the next attempt; None to use the plan's time.

    A suggested time that staff left unchanged is dropped if it has passed, if we spoke with the person, or if their
    preferred time or time zone was just corrected.
    """
    chosen = action.typed("next_at")
    if "next_at" in action.work.changed_data:
        return chosen
    is_out_of_date = result == Result.REACHED or {"preferred_time", "time_zone"} & set(action.details.changed())
    return chosen if chosen and chosen > timezone.now() and not is_out_of_date else None


def _keep_trying(action):
    request = action.do(workflow.keep_trying)
    return _("We keep trying. Next: %s.") % moment(request.due_at)


def _set_stage(action):
    action.do(workflow.set_stage, stage=action.argument)
    return _("The stage is set.")


def _book(action):
    request = action.do(workflow.book, at=action.typed("assessment_at"))
    return _("The assessment is booked: %s.") % moment(request.assessment_at)


def _snooze(action):
    request = action.do(workflow.snooze, until=action.typed("until"), reason=action.typed("reason"))
    return _("Snoozed until %s.") % moment(request.snoozed_until)


def _wait_for(action):
    request = action.do(workflow.wait_for, until=action.typed("until"), text=action.typed("waits_for"))
    return _("Snoozed until %s.") % moment(request.snoozed_until)


def _unsnooze(action):
    action.do(workflow.unsnooze)
    return _("The request is back in the queue.")


def _close(action):
    outcome, linked = action.argument or action.typed("outcome"), action.obj.duplicates.count()
    action.do(
        workflow.close, outcome=outcome, referral=action.typed("referral"), person_told=action.typed("person_told")
    )
    done = [_("The request is closed.")]
    if outcome == Outcome.WITHDRAWN:
        done.append(_("The content is kept. If the person wants it erased, ask the lead."))
    return " ".join([*done, *_reopened(action, linked)])


def _reopened(action, linked):
    """Return a list with one sentence on how many linked requests were reopened; empty if none."""
    if not (reopened := linked - action.obj.duplicates.count()):
        return []
    words = ngettext(
        "%(count)s linked request is open again.",
        "%(count)s linked requests are open again.",
        reopened,
    )
    return [words % {"count": reopened}]


def _reopen(action):
    action.do(workflow.reopen)
    return _("The request is open again.")


def _link(action):
    other, same_matter = _other_reference(action), action.typed("same_matter")
    action.do(workflow.link_duplicate, of_reference=other, same_matter=same_matter)
    return _("The request is linked as a duplicate, and closed.")


def _other_reference(action):
    return action.argument or action.typed("of_reference")


def _unlink(action):
    original = action.obj.duplicate_of
    action.do(workflow.unlink_duplicate)
    done = _("Unlinked. This request is open again.")
    rules = _("This request and %s each have their own contact preferences again, except for later changes.") % original
    return f"{done} {rules}"


def _another_person(action):
    action.do(workflow.another_person)
    return _("Saved: another person. Contact continues as before.")


def _claim(action):
    request = action.do(workflow.claim)
    if request.claimed_until is None:
        return _("This request is yours.")
    return _("This request is yours until %s.") % moment(request.claimed_until)


def _assign(action):
    action.do(workflow.assign, owner=chosen_reader(action.posted.get("owner", "")))
    return _("The owner was changed.")


def _release_claim(action):
    action.do(workflow.release)
    return _("Released. The request is back in the queue.")


def _quarantine(action):
    action.do(workflow.quarantine)
    return _("The request is in quarantine. It keeps its place in the queue.")


def _release(action):
    action.do(workflow.release_from_quarantine)
    return _("The request is out of quarantine.")


def _additions_read(action):
    up_to = int(action.argument) if action.argument.isdecimal() and len(action.argument) < 19 else 0
    workflow.mark_additions_read(request_id=action.obj.pk, up_to=up_to, actor=action.actor)
    return _("Marked as read, for everyone.")


def _set_legal_hold(action):
    workflow.set_legal_hold(request_id=action.obj.pk, actor=action.actor)
    return _("The legal hold is set. The content is kept until the hold is lifted.")


def _lift_legal_hold(action):
    workflow.lift_legal_hold(request_id=action.obj.pk, actor=action.actor)
    return _("The legal hold is lifted.")


def _erase(action):
    if not action.typed("confirm"):
        raise workflow.TransitionRefused(_("Nothing was erased. Check the box first: erasing can't be undone."))
    linked = action.obj.duplicates.count()
    workflow.erase(request_id=action.obj.pk, actor=action.actor)
    return " ".join([_("The content was erased."), *_reopened(action, linked)])


def _undo(action):
    undoing = workflow.undo(batch=batch_from(action.argument), actor=action.actor, only_for=action.obj.pk)
    return " ".join(filter(None, [_("Undone. The request is as it was before."), *what_stays(undoing)]))


def batch_from(posted):
    try:
        return UUID(posted)
    except ValueError:
        raise workflow.TransitionRefused(_("That button is not known. Nothing was changed.")) from None


def what_stays(undoing):
    """Yield sentences on what Undo does not take back."""
    yield _("Notes and corrections that were saved with it stay.")
    if undoing.is_mail_out:
        yield _("The email already went out.")


def _note(action):
    workflow.add_note(request_id=action.obj.pk, text=action.typed("note"), actor=action.actor)
    return _("The note is saved.")


def _take_next(action):
    action.taken = workflow.take_next(actor=action.actor)
    return _("Your note on %s is saved.") % action.obj if action.typed("note").strip() else ""


NEEDS_FRESH_PROOF = ("set_legal_hold", "lift_legal_hold", "erase")  # see staff/sessions/fresh.py
BUTTONS = {
    "note": _note,
    "take_next": _take_next,
    "attempt": _attempt,
    "keep_trying": _keep_trying,
    "stage": _set_stage,
    "book": _book,
    "snooze": _snooze,
    "wait_for": _wait_for,
    "unsnooze": _unsnooze,
    "close": _close,
    "reopen": _reopen,
    "link": _link,
    "unlink": _unlink,
    "another_person": _another_person,
    "claim": _claim,
    "additions_read": _additions_read,
    "assign": _assign,
    "release_claim": _release_claim,
    "quarantine": _quarantine,
    "release": _release,
    "set_legal_hold": _set_legal_hold,
    "lift_legal_hold": _lift_legal_hold,
    "erase": _erase,
    "undo": _undo,
    **details_form.BUTTONS,
}
