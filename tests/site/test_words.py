"""One word a thing (docs/glossary.md): words that were given up do not come back into code, screens and manuals."""

import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
HERE = Path(__file__).relative_to(ROOT).as_posix()

# From a name that was given up to the one that took its place. Refused in code, scripts and the tags of templates, and
# in manuals and settings where the name is no word of the language.
NAMES = {
    "BadKeys": "InvalidKeyring",
    "before_link": "link_undo_state",
    "best_time": "preferred_time",
    "called_back_at": "awaiting_reply_since",
    "came_from": "referrer_path",
    "CannotOpen": "DecryptionError",
    "commit_anew": "recompute_due",
    "commit_to": "promise_to",
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
    "locked_family": "lock_linked",
    "must_be_checked": "needs_spam_check",
    "one_way": "state_guard",
    "open_envelope": "decrypt",
    "open_or_none": "decrypt_or_none",
    "PassSpent": "TokenSpent",
    "Press": "ActionRequest",
    "private_views": "self_service_views",
    "ReadByRole": "RoleGuardedAdmin",
    "RecordIsFixed": "AppendOnlyError",
    "Refused": "TransitionRefused, ActionRefused",
    "REQUESTS_ALTOGETHER": "REQUEST_LIMIT_TOTAL",
    "REQUESTS_PER_SENDER": "REQUEST_LIMIT_PER_NETWORK",
    "SEAL_KEYS": "ENCRYPTION_KEYS",
    "SealedText": "EncryptedText",
    "SharedFields": "nothing: each form has its own fields",
    "spent": "single_use_token",
    "Stale": "StaleVersion",
    "sure": "confirm",
    "tell_staff_again": "requeue_staff_notification",
    "told": "answers, content or facts",
    "TooMany": "RateLimited",
    "tries": "attempts",
    "undo_on": "restore_original",
    "Withdrawn": "RequestWithdrawn",
    "WorkForm": "RequestActionsForm",
}
# The same for a word that is refused within longer names too, such as `ladder_of` and `WISHES`.
PARTS = {
    "asleep": "snoozed",
    "climb": "the next attempt",
    "commitment": "promise",
    "ladder": "attempt plan",
    "limiter": "rate_limit",
    "pulse": "updates",
    "seal": "encrypt",
    "sealed": "encrypted",
    "suspicion": "spam_signals",
    "suspicions": "spam_signals",
    "wake": "unsnooze",
    "wakes": "unsnooze",
    "wish": "preferred_time",
    "wishes": "preferred_time",
}
# The same for what people read, and for addresses and posts: expressions, looked for in any case, each with an example.
PHRASES = {
    r"\banew\b": ("again, from the start", "Begin anew"),
    r"anyone's again|no one's now": ("back in the queue", "The request is no one's now."),
    r"\be-mails?\b": ("email", "Send an e-mail"),
    r"\b(gave|give|given|gives) (it )?back\b": ("release", "Give it back"),
    r"\bgot in touch\b": ("contacted us", "They got in touch"),
    r"\bsaid something new\b": ("contacted us again", "Mina said something new"),
    r"\bis at (it|this request)\b": ("is working on this", "Sam is at it"),
    r"\bladder\b": ("attempt plan", "The ladder is over"),
    r"\bkeep note\b": ("Save note", "Keep note"),
    r"\bover (the )?limit\b": ("rate limit", "A network over the limit"),
    r"\bplease mend\b": ("say what is wrong", "Please mend this"),
    r"\bput(s|ting)? (it |(a |the |this )?requests? )?off\b": ("snooze", "Put the request off"),
    # Not the purpose of a derived key: another one would make every stored text unreadable.
    r"(?<!intake\.)\bsealed\b": ("encrypted", "Its text is sealed"),
    r"\bsheet for printing\b": ("Print", "Sheet for printing"),
    r"\bwhat we know\b": ("Contact details", "What we know"),
    r"\bwords (are |were )?(gone|erased)\b": ("the content was erased", "Words erased"),
    r"/yours/|\byours/": ("manage/", "/assessment/yours/abc/"),
    r"/several/|\bseveral/": ("bulk/", "/assessmentrequest/several/"),
    r"/pulse/|\bpulse/": ("updates/", "/assessmentrequest/pulse/"),
    r"[?&;]work=": ("?tab=", "?work=open"),
    r"""name=["'](do|sure|window)["']""": ("action, confirm, time", '<button name="do">'),
}
READ = ("*.py", "*.html", "*.txt", "*.js", "*.css", "*.md", "*.conf", "*.yaml", "Makefile", ".env.example")
CODE = (".py", ".js", ".html")


def files(*patterns):
    found = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    left_out = {"CHANGELOG.md", HERE}
    return [name for name in found.stdout.split("\0") if name and name not in left_out and "/migrations/" not in name]


def names_in(name, text):
    """Return the names of variables, functions and the like in a file. From a manual, only those that no prose has."""
    if name.endswith(".py"):
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return {token.string for token in tokens if token.type == tokenize.NAME}
    if name.endswith(".html"):
        tags = re.findall(r"{{.*?}}|{%.*?%}", text, re.DOTALL)
        text = " ".join(re.sub(r"""".*?"|'.*?'""", "", tag, flags=re.DOTALL) for tag in tags)
    elif name.endswith(".js"):
        text = re.sub(r"""//.*|/\*[\s\S]*?\*/|"[^"\n]*"|'[^'\n]*'|`[^`]*`""", "", text)
    words = set(re.findall(r"\w+", text))
    return words if name.endswith(CODE) else {word for word in words if re.search(r"_|[a-z][A-Z]", word)}


def words_of(identifier):
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


def old_names_in(name, text):
    found = names_in(name, text)
    whole = [f"{name}: {old} is {NAMES[old]} now" for old in sorted(found & NAMES.keys())]
    parts = [(one, old) for one in sorted(found - NAMES.keys()) for old in sorted(words_of(one) & PARTS.keys())]
    return whole + [f"{name}: {one}: {old} is {PARTS[old]} now" for one, old in parts]


def old_phrases_in(name, text):
    return [
        f"{name}:{number}: say {new}"
        for number, line in enumerate(text.splitlines(), start=1)
        for old, (new, _example) in PHRASES.items()
        if re.search(old, line, re.IGNORECASE)
    ]


def test_no_name_that_was_given_up_comes_back():
    names = files(*READ)
    assert len(names) > 500
    assert [line for name in names for line in old_names_in(name, (ROOT / name).read_text())] == []


def test_no_phrase_that_was_given_up_comes_back():
    names = [name for name in files(*READ) if not name.startswith("tests/")]
    assert len(names) > 300
    assert [line for name in names for line in old_phrases_in(name, (ROOT / name).read_text())] == []


@pytest.mark.parametrize("old", [*NAMES, *PARTS])
def test_every_old_name_is_refused_wherever_code_stands(old):
    for name, text in [
        ("a.py", f"{old} = 1"),
        ("a.py", f"thing.{old}()"),
        ("a.html", f"{{% if {old}.other %}}"),
        ("a.html", f"{{{{ one.{old} }}}}"),
        ("a.js", f"const {old} = 1;"),
    ]:
        assert len(old_names_in(name, text)) == 1, (name, text)
    for name, text in [("a.py", f'# {old}\nwhat = "{old}"'), ("a.html", old), ("a.js", f'// {old}\n"{old}";')]:
        assert old_names_in(name, text) == []


@pytest.mark.parametrize("name", ["docs/operating.md", "compose.yaml", ".env.example", "deploy/nginx.conf"])
def test_an_old_setting_is_refused_in_manuals_and_files_of_settings(name):
    assert old_names_in(name, "Set SEAL_KEYS, as you were told.") == [f"{name}: SEAL_KEYS is ENCRYPTION_KEYS now"]


@pytest.mark.parametrize("old", PARTS)
def test_an_old_word_is_refused_within_a_longer_name(old):
    for longer in (f"{old}_of", f"is_{old}", f"{old.capitalize()}Plan", f"THE_{old.upper()}"):
        assert old_names_in("a.py", f"{longer} = 1") == [f"a.py: {longer}: {old} is {PARTS[old]} now"]


@pytest.mark.parametrize(("new", "example"), PHRASES.values(), ids=[example for _new, example in PHRASES.values()])
def test_every_old_phrase_is_refused(new, example):
    assert f"a.html:2: say {new}" in old_phrases_in("a.html", f"First\n{example}")
    assert old_phrases_in("a.html", "Snooze this request, or take it.") == []
