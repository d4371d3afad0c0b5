"""Every change of a request: the rules of the desk as functions.

Each runs in one transaction, locks the request's row, refuses what the rules forbid with a sentence for the screen,
and writes an event beside the change. Nothing else sets stage, owner, outcome or due time. Where `actor` is None, the
person themselves acted, through their private link or by sending the form again. `seen` is the version of the request
that the actor had on the screen: where somebody changed it since, the change is refused as `Stale`.
"""

from .attempts import keep_trying, log_attempt
from .base import TRANSITIONS, Refused, Stale, locked
from .contact_preferences import commit_anew, keep_profile, own_rules
from .duplicates import link_duplicate, locked_family, part, unlink_duplicate
from .quarantine import quarantine, release_from_quarantine
from .queue import (
    assign,
    claim,
    claimed_with_same_contact,
    free_lapsed_claims,
    got_in_touch,
    hold,
    keep_claim,
    next_possible_contact,
    release,
    snooze,
    take_next,
    wake,
)
from .self_service import MOST_AMENDMENTS, add_words, change_window, check_window, tell_staff_again, withdraw
from .stages import ENDS, book, close, open_again, reopen, set_stage
from .to_confirm import Why, another_person, in_question
from .undo import UNDO_WITHIN, offer_for, offers_to, undo
from .words import add_note, correct, erase, lift_legal_hold, mark_words_read, new_words, set_legal_hold

__all__ = [
    "ENDS",
    "MOST_AMENDMENTS",
    "TRANSITIONS",
    "UNDO_WITHIN",
    "Refused",
    "Stale",
    "Why",
    "add_note",
    "add_words",
    "another_person",
    "assign",
    "book",
    "change_window",
    "check_window",
    "claim",
    "claimed_with_same_contact",
    "close",
    "commit_anew",
    "correct",
    "erase",
    "free_lapsed_claims",
    "got_in_touch",
    "hold",
    "in_question",
    "keep_claim",
    "keep_profile",
    "keep_trying",
    "lift_legal_hold",
    "link_duplicate",
    "locked",
    "locked_family",
    "log_attempt",
    "mark_words_read",
    "new_words",
    "next_possible_contact",
    "offer_for",
    "offers_to",
    "open_again",
    "own_rules",
    "part",
    "quarantine",
    "release",
    "release_from_quarantine",
    "reopen",
    "set_legal_hold",
    "set_stage",
    "snooze",
    "take_next",
    "tell_staff_again",
    "undo",
    "unlink_duplicate",
    "wake",
    "withdraw",
]
