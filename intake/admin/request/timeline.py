"""The activity of a request, newest first. Events of one action are shown as one entry."""

import datetime as dt
from dataclasses import dataclass, field

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake.admin import wording
from intake.contact import details
from intake.models import AccessRecord, AssessmentRequest, EncryptedText, Event, Undone
from intake.models.contact import PreferredTime
from intake.submission import spam_signals
from intake.workflow import Why

Code, Kind = Event.Code, EncryptedText.Kind

MOST_READS = 30
ONE_OPERATION = dt.timedelta(seconds=1)  # events of one user within this time are from one button

# The event that belongs to each kind of text
EVENT_OF_TEXT = {
    Kind.AMENDMENT: Code.AMENDED,
    Kind.ADDITION: Code.ADDED,
    Kind.NOTE: Code.NOTE_ADDED,
    Kind.REFERRAL: Code.CLOSED,
    Kind.WAITING_FOR: Code.SNOOZED,
    Kind.CORRECTION: Code.CORRECTED,
}
SHOWN_ELSEWHERE = (Kind.AMENDMENT, Kind.ADDITION)  # shown among what the person wrote
# Pairs of events: the second is a consequence of the first, and gets no entry of its own
CONSEQUENCES = {
    (Code.RECEIVED, Code.SUSPECTED),
    (Code.ATTEMPTED, Code.STAGE_SET),
    (Code.STAGE_SET, Code.BOOKED),
    (Code.WITHDRAWN, Code.ERASED),
    (Code.WITHDRAWN, Code.HIDDEN),
    (Code.HOLD_LIFTED, Code.ERASED),
}
OWNERSHIP = (Code.TAKEN, Code.ASSIGNED, Code.RELEASED, Code.LAPSED)

_STAGES, _OUTCOMES = dict(AssessmentRequest.Stage.choices), dict(AssessmentRequest.Outcome.choices)
_REASONS = dict(AssessmentRequest.SnoozeReason.choices)


@dataclass
class Entry:
    """One entry of the activity.

    `who`: the user; None for the person or the site. `lines`: details. `texts`: the texts written with it; a text is
    None if it can't be decrypted.
    """

    at: dt.datetime
    who: object
    what: str
    kind: str
    lines: list[str] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    last_code: str = ""
    undone: Undone | None = None
    change_id: object = None
    undo: object = None  # the batch that its button undoes


def timeline_of(request, opened, reader=None, undo=None):
    """Return the entries of a request, newest first.

    `opened`: its texts, as pairs of `EncryptedText` and content (None if it can't be decrypted). `reader`: if given,
    add when others last read the request. `undo`: what can be undone; its entry gets a button.
    """
    events = list(request.events.select_related("actor", "change__undone__actor"))
    written, users = _by_event(events, opened), _users_in(events)
    attempts = _attempts_by_event(events, request.attempts.all())
    entries = []
    for event in events:
        if event.code == Code.UNDONE:  # shown with the entry that was undone
            continue
        last = entries[-1] if entries else None
        texts = written.get(event.pk, [])
        lines = _lines(event, users, attempts.get(event.pk))
        if last and _belongs_to(last, event):
            if event.code != Code.NOTE_ADDED:
                lines = [f"{event.get_code_display()}: {lines[0]}" if lines else event.get_code_display(), *lines[1:]]
                last.last_code = event.code
            last.lines += lines
            last.texts += texts
        else:
            what = _what(event, attempts.get(event.pk))
            undone = getattr(event.change, "undone", None)
            values = (
                event.occurred_at,
                event.actor,
                what,
                event.code,
                lines,
                texts,
                event.code,
                undone,
                event.change_id,
            )
            entries.append(Entry(*values))
    if reader is not None:
        entries += _readings(request, reader)
    newest_first = sorted(entries, key=lambda entry: entry.at, reverse=True)
    if undo and (entry := next((entry for entry in newest_first if entry.change_id in undo.changes), None)):
        entry.undo = undo.batch
    return _without_repeated_readings(newest_first)


def _belongs_to(entry, event):
    if entry.who != event.actor or event.occurred_at - entry.at > ONE_OPERATION:
        return False
    is_note = event.code == Code.NOTE_ADDED and entry.kind != Code.NOTE_ADDED
    return is_note or (entry.last_code, event.code) in CONSEQUENCES


def _by_event(events, opened):
    """Map event pks to texts. Each text goes to the event of its kind, by its author, nearest in time."""
    written = {}
    for text, content in _with_corrections_listed(opened):
        code = EVENT_OF_TEXT.get(text.kind)
        event = _nearest((e for e in events if e.code == code and e.actor_id == text.author_id), text.recorded_at)
        if event and text.kind not in SHOWN_ELSEWHERE:
            written.setdefault(event.pk, []).append(content)
    return written


def _with_corrections_listed(opened):
    """Yield the texts and their contents, oldest first.

    The content of a correction becomes a list of its values before and after.
    """
    known = {}
    for text, content in opened:
        values = {}
        if text.kind in EncryptedText.WITH_CONTACT and isinstance(content, dict):
            values = {name: content[name] for name in details.ANSWERS if name in content}
        if text.kind == Kind.CORRECTION and content is not None:
            content = "\n".join(
                f"{wording.DETAILS[name]}: {known.get(name) or '-'} → {value or '-'}" for name, value in values.items()
            )
        known |= values
        yield text, content


def _attempts_by_event(events, attempts):
    attempted = [event for event in events if event.code == Code.ATTEMPTED]
    found = {}
    for attempt in attempts:
        values = (attempt.change_id, attempt.actor_id, attempt.channel, attempt.result)
        same = (e for e in attempted if (e.change_id, e.actor_id, e.from_value, e.to_value) == values)
        event = _nearest(same, attempt.occurred_at)
        if event:
            found[event.pk] = attempt
    return found


def _nearest(events, at):
    return min(events, key=lambda event: abs(event.occurred_at - at), default=None)


def _users_in(events):
    keys = {code for event in events if event.code in OWNERSHIP for code in (event.from_value, event.to_value) if code}
    return {str(key): user.get_username() for key, user in get_user_model().objects.in_bulk(keys).items()}


def _what(event, attempt):
    if event.code == Code.NOTE_ADDED:
        return _("Note")
    if attempt:
        return f"{attempt.get_channel_display()}: {attempt.get_result_display()}"
    return event.get_code_display()


def _lines(event, users, attempt):
    """Return the details of an event as a list of lines."""
    before, after = event.from_value, event.to_value
    match event.code:
        case Code.STAGE_SET:
            return [_from_to(_STAGES.get(before, before), _STAGES.get(after, after))]
        case Code.REOPENED:
            return [_from_to(_OUTCOMES.get(before, before), _STAGES.get(after, after))]
        case Code.CLOSED:
            return [str(_OUTCOMES.get(after, after))]
        case Code.BOOKED:
            return [_from_to(_moment(before), _moment(after))]
        case Code.TAKEN | Code.ASSIGNED | Code.RELEASED | Code.LAPSED:
            return [_from_to(users.get(before, before), users.get(after, after))]
        case Code.SNOOZED:
            return [f"{_REASONS.get(before, before)}.", _("Until %s.") % _moment(after)]
        case Code.ATTEMPTED:
            is_planned = attempt and attempt.next_at and attempt.next_at > attempt.occurred_at
            return [_("Next due: %s.") % wording.moment(attempt.next_at)] if is_planned else []
        case Code.CORRECTED:
            return [", ".join(str(wording.DETAILS.get(name, name)) for name in after.split(","))]
        case Code.TIME_SET:
            return [str(dict(PreferredTime.choices).get(after, after))]
        case Code.SUSPECTED | Code.CLEARED:
            return ["; ".join(str(reason) for reason in spam_signals.labels_for(after or before))]
        case Code.LINKED if before:
            return [_("%s was linked to this request.") % before]
        case Code.LINKED:
            return [_("This request was linked to %s.") % after]
        case Code.UNLINKED:
            return [_("%s is no longer linked.") % before]
        case Code.TO_CONFIRM:
            return [f"{before} {Why(after.split(',')[0]).label}.", *wording.in_common(after.split(",")[1:])]
    return []


def _from_to(before, after):
    if before and after:
        return _("%(before)s to %(after)s") % {"before": before, "after": after}
    return str(after or before)


def _moment(iso):
    return wording.moment(dt.datetime.fromisoformat(iso)) if iso else ""


def _readings(request, reader):
    """Return entries for the last `MOST_READS` times that colleagues of `reader` opened or printed the request."""
    records = AccessRecord.objects.filter(whole_request=request.pk).exclude(actor=reader).select_related("actor")
    return [
        Entry(record.occurred_at, record.actor, record.get_action_display(), "read") for record in records[:MOST_READS]
    ]


def _without_repeated_readings(entries):
    """Merge consecutive readings by one user into one entry."""
    kept, count = [], 1
    for entry in entries:
        last = kept[-1] if kept else None
        if last and entry.kind == last.kind == "read" and (entry.who, entry.what) == (last.who, last.what):
            count += 1
            last.lines = [
                ngettext("%(count)s time since %(at)s", "%(count)s times since %(at)s", count)
                % {"count": count, "at": wording.moment(entry.at)}
            ]
        else:
            kept.append(entry)
            count = 1
    return kept
