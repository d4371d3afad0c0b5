"""One word a thing (docs/glossary.md): words that were given up do not come back into code, screens and manuals."""

import io
import re
import subprocess
import tokenize
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
HERE = Path(__file__).relative_to(ROOT).as_posix()

# From a name that was given up to the one that took its place.
NAMES = {
    "asleep": "snoozed",
    "awake": "not snoozed",
    "before_link": "link_undo_state",
    "best_time": "preferred_time",
    "called_back_at": "awaiting_reply_since",
    "came_from": "referrer_path",
    "CannotOpen": "DecryptionError",
    "commit_anew": "recompute_due",
    "confirmed_at": "acknowledged_at",
    "contact_profiles": "contact_preferences",
    "due_is_assumed": "due_uses_default_hours",
    "ended_form_key": "previous_form_key",
    "given_back": "released_claim",
    "got_in_touch": "mark_contacted_again",
    "in_words": "label_for_...",
    "is_put_off": "is_snoozed",
    "keep_profile": "record_contact_preferences",
    "kept_by": "kept_claim",
    "ladder": "attempt plan",
    "locked_family": "lock_linked",
    "open_envelope": "decrypt",
    "PassSpent": "TokenSpent",
    "REQUESTS_ALTOGETHER": "REQUEST_LIMIT_TOTAL",
    "REQUESTS_PER_SENDER": "REQUEST_LIMIT_PER_NETWORK",
    "SEAL_KEYS": "ENCRYPTION_KEYS",
    "SealedText": "EncryptedText",
    "suspicions": "spam_signals",
    "tell_staff_again": "requeue_staff_notification",
    "told": "answers, content or facts",
    "wake": "unsnooze",
    "wish": "preferred time",
    "WorkForm": "RequestActionsForm",
}
# The same for what people read: expressions, looked for in any case.
PHRASES = {
    r"\banew\b": "again, from the start",
    r"anyone's again|no one's now": "back in the queue",
    r"\be-mails?\b": "email",
    r"\b(gave|give|given|gives) (it )?back\b": "release",
    r"\bgot in touch\b": "contacted us",
    r"\bis at (it|this request)\b": "is working on this",
    r"\bladder\b": "attempt plan",
    r"\bplease mend\b": "say what is wrong",
    r"\bput(s|ting)? (it )?off\b": "snooze",
    # Not the purpose of a derived key: another one would make every stored text unreadable.
    r"(?<!intake\.)\bsealed\b": "encrypted",
    r"\bwords (are|were) (gone|erased)\b": "the content was erased",
}
READ = ("*.py", "*.html", "*.txt", "*.js", "*.css", "*.md", "*.conf", "*.yaml", "Makefile", ".env.example")


def files(*patterns):
    found = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    left_out = {"CHANGELOG.md", HERE}
    return [name for name in found.stdout.split("\0") if name and name not in left_out and "/migrations/" not in name]


def names_in(name):
    tokens = tokenize.generate_tokens(io.StringIO((ROOT / name).read_text()).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


def test_no_name_that_was_given_up_comes_back():
    names = files("*.py")
    assert len(names) > 200
    found = [f"{name}: {old} is {NAMES[old]} now" for name in names for old in sorted(names_in(name) & NAMES.keys())]
    assert found == []


def test_no_phrase_that_was_given_up_comes_back():
    names = [name for name in files(*READ) if not name.startswith("tests/")]
    assert len(names) > 300
    found = []
    for name in names:
        for number, line in enumerate((ROOT / name).read_text().splitlines(), start=1):
            found += [
                f"{name}:{number}: say {new}" for old, new in PHRASES.items() if re.search(old, line, re.IGNORECASE)
            ]
    assert found == []
