"""The rules of the desk: every change to a request is a function here.

Each function runs in one transaction, locks the request's row, and writes an event with the change. If the rules forbid
the change, it raises `TransitionRefused` with a sentence for the screen. No other code sets stage, owner, outcome or
due time.

`actor`: the member of staff, or None if the person acted, with their private link or by sending the form again.
`expected_version`: the version that the actor's page showed. If someone has changed the request since, the function
raises `StaleVersion`.
"""

from .attempts import keep_trying, log_attempt
from .base import TRANSITIONS, StaleVersion, TransitionRefused, locked
from .contact_preferences import own_preferences, recompute_due, record_contact_preferences
from .corrections import correct
from .duplicates import link_duplicate, lock_linked, unlink_all, unlink_duplicate
from .erasure import erase, lift_legal_hold, set_legal_hold
from .notes import add_note, mark_additions_read, unread_additions
from .quarantine import quarantine, release_from_quarantine
from .queue import (
    assign,
    claim,
    claimed_with_same_contact,
    claims_with_same_contact,
    keep_claim,
    mark_contacted_again,
    next_possible_contact,
    release,
    release_expired_claims,
    snooze,
    take_next,
    unsnooze,
    wait_for,
)
from .self_service import (
    MAX_AMENDMENTS,
    add_message,
    change_preferred_time,
    check_preferred_time,
    requeue_staff_notification,
    withdraw,
)
from .stages import ENDS, book, close, open_again, reopen, set_stage
from .to_confirm import Why, another_person, in_question
from .undo import UNDO_WITHIN, offer_for, offers_to, undo

__all__ = [
    "ENDS",
    "MAX_AMENDMENTS",
    "TRANSITIONS",
    "UNDO_WITHIN",
    "StaleVersion",
    "TransitionRefused",
    "Why",
    "add_message",
    "add_note",
    "another_person",
    "assign",
    "book",
    "change_preferred_time",
    "check_preferred_time",
    "claim",
    "claimed_with_same_contact",
    "claims_with_same_contact",
    "close",
    "correct",
    "erase",
    "in_question",
    "keep_claim",
    "keep_trying",
    "lift_legal_hold",
    "link_duplicate",
    "lock_linked",
    "locked",
    "log_attempt",
    "mark_additions_read",
    "mark_contacted_again",
    "next_possible_contact",
    "offer_for",
    "offers_to",
    "open_again",
    "own_preferences",
    "quarantine",
    "recompute_due",
    "record_contact_preferences",
    "release",
    "release_expired_claims",
    "release_from_quarantine",
    "reopen",
    "requeue_staff_notification",
    "set_legal_hold",
    "set_stage",
    "snooze",
    "take_next",
    "undo",
    "unlink_all",
    "unlink_duplicate",
    "unread_additions",
    "unsnooze",
    "wait_for",
    "withdraw",
]
