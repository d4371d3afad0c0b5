"""The site search: what readers can read now, found by the words that people use.

It stands in the wiring, because only here may pages and answers be known together. The site is small, so a search
reads every live text: that gives the words to mend typing errors with, and the snippets. PostgreSQL ranks with its
full text search; on SQLite `_ranked_here` does it, by the same rules and with the same groups of words.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from os.path import commonprefix

from django.shortcuts import render
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from wagtail.models import Page

from faq.models import QuestionPage
from pages.citations import without_marks
from pages.models.page import HOME_DEPTH
from pages.plain_language import as_text
from pages.shown import shown

LONGEST_QUERY = 100  # characters; more words than that find less, not more
MOST_RESULTS = 20
SNIPPET_LENGTH = 220  # characters
WORDS_BEFORE = 60  # characters of a snippet that lead up to the first word found

# What people say for the same thing. Whoever types one of a row finds all of it.
SAME_THING = [
    ("7-OH", "7-hydroxymitragynine", "7oh", "seven oh"),
    ("buprenorphine", "suboxone"),
    ("counseling", "therapy"),
    ("detox", "withdrawal", "withdrawal management"),
    ("family", "relative", "loved one", "husband", "wife", "son", "daughter", "mom", "dad"),
    ("kratom", "ketum", "krathom", "thang", "biak"),
    ("law", "legal", "illegal"),
    ("medicine", "medication", "meds"),
    ("naloxone", "narcan"),
    ("opioid", "opiate"),
    ("paying", "cost", "price", "insurance", "insurer"),
    ("pregnancy", "pregnant", "baby"),
    ("stop", "quit", "get off"),
    ("treatment", "rehab", "rehabilitation"),
]

# Words that stand in nearly every text and so say nothing about which one is wanted.
_STOP_WORDS = """
a about am an and any are as at be because but by can can't could did do does don't for from had has have he her him
his how i i'm if in into is it its me much my of on or our she should so some than that the their them then there
they this to too was we were what when where which who why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Entry:
    """A live page or answer as plain text. `lead` is what weighs more than the rest of the text."""

    kind: str
    pk: int
    url: str
    title: str
    lead: str
    text: str


KINDS = {"page": _("Page"), "question": _("Question")}


# A question of health on a device that others may use: `never_cache` says `private` and `no-store`, so neither the
# browser's disk nor a cache on the way keeps what was found, and "back" after closing shows nothing from a store.
# `no-referrer` keeps the words out of what the next page is told. The address itself does stay in the browser's
# history, as with any search by GET; the page says so, and its title never repeats the words.
@never_cache
@require_safe
def search(request):
    """The search page: a form alone without `q`, else with what was found. Stores and logs nothing."""
    query, was_cut = _readable(request.GET.get("q", ""))
    results, corrected = find(query) if query else ([], "")
    context = {
        "query": query,
        "was_cut": was_cut,
        "longest": LONGEST_QUERY,
        "results": results,
        "corrected": corrected,
    }
    response = render(request, "search.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


def find(query):
    """What readers can read about `query`: at most 20 dictionaries (title, url, kind, snippet), the best first, and
    the query as corrected, or "" where every word was known."""
    entries = _live_entries()
    vocabulary = Counter(word for entry in entries for word in _words(f"{entry.title} {entry.text}"))
    corrected = _corrected(query, vocabulary)
    groups = _groups(corrected, vocabulary)
    if not groups:
        return [], ""
    results = [
        {
            "title": entry.title,
            "url": entry.url,
            "kind": KINDS[entry.kind],
            "snippet": _snippet(entry.text, groups),
        }
        for entry in _ranked_here(entries, groups)[:MOST_RESULTS]
    ]
    return results, corrected if corrected != query else ""


def _readable(typed):
    """What was typed without control characters (PostgreSQL refuses NUL), and whether it had to be cut."""
    normal = unicodedata.normalize("NFKC", typed)
    plain = " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in normal).split())
    return plain[:LONGEST_QUERY].strip(), len(plain) > LONGEST_QUERY


# The texts


def _live_entries():
    """Everything that readers can open, as plain text."""
    entries = []
    for page in shown(Page.objects.filter(depth__gte=HOME_DEPTH)).specific():
        summary, texts = getattr(page, "summary", ""), page.texts()
        markup = [f"<h2>{escape(heading)}</h2>{without_marks(text)}" for heading, text in texts]
        entries.append(
            Entry(
                kind="question" if isinstance(page, QuestionPage) else "page",
                pk=page.pk,
                url=page.url,
                title=page.title,
                lead=" ".join([summary, *(heading for heading, _text in texts)]),
                text=as_text(f"<p>{escape(summary)}</p>{''.join(markup)}"),
            )
        )
    return entries


# The words


def _words(text):
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def _fold(word):
    """One form for the forms of an English word: plural, -ing, -ed, -ion, -ive."""
    word = re.sub(r"(?<=\w\w)(?:ies|ied)$", "y", word.removesuffix("'s"))
    word = re.sub(r"(?<=\w\w)(?:ions?|ive|ing|ed|es|(?<!s)s|e)$", "", word)
    return re.sub(r"([bdgmnprt])\1$", r"\1", word)


def _folded(text):
    return " ".join(_fold(word) for word in _words(text))


_ROW_OF = {_folded(form): row for row in SAME_THING for form in row}
_WORDS_OF_ROWS = {word for row in SAME_THING for form in row for word in _words(form)}


def _corrected(query, vocabulary):
    """The query with each unknown word of five or more letters replaced by the most frequent word one letter away."""
    known = set(vocabulary) | _WORDS_OF_ROWS
    known_folds = {_fold(word) for word in known}

    def correct(match):
        word = match.group(0).lower()
        if len(word) < 5 or not word.isalpha() or _fold(word) in known_folds or word in STOP_WORDS:
            return match.group(0)
        if any(other.startswith(word) for other in known):
            return match.group(0)
        near = [other for other in known if len(other) >= 4 and _is_one_letter_away(word, other)]
        return max(sorted(near), key=lambda other: vocabulary[other], default=match.group(0))

    return _WORD.sub(correct, query)


def _is_one_letter_away(typed, meant):
    """Whether one letter is wrong, missing or too many, or two neighbors are swapped."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    same = len(commonprefix([typed, meant]))  # noqa: RUF071 (letters are what it should compare)
    typed, meant = typed[same:], meant[same:]
    swapped = typed[:2] == meant[:2][::-1] and typed[2:] == meant[2:]
    return swapped or typed[1:] == meant[1:] or typed[1:] == meant or typed == meant[1:]


def _groups(query, vocabulary):
    """One list for each thing asked for: the words and phrases that would all do, as they are written."""
    groups, rest = [], _words(query)
    while rest:
        length = next((n for n in (2, 1) if " ".join(map(_fold, rest[:n])) in _ROW_OF), 0)
        word = rest[0]
        if length:
            groups.append(list(_ROW_OF[" ".join(map(_fold, rest[:length]))]))
        elif word not in STOP_WORDS:
            longer = [other for other in vocabulary if len(word) >= 3 and other.startswith(word) and other != word]
            groups.append([word, *longer])
        rest = rest[length or 1 :]
    return groups


# The order


def _ranked_here(entries, groups):
    """The entries that hold every group, or else any; those with the words in the title first."""
    folds = {word: _fold(word) for entry in entries for word in _words(f"{entry.title} {entry.lead} {entry.text}")}

    def searchable(text):
        return f" {' '.join(folds[word] for word in _words(text))} "

    wanted = [[f" {_folded(form)} " for form in group] for group in groups]
    found = []
    for entry in entries:
        title, lead, text = searchable(entry.title), searchable(entry.lead), searchable(entry.text)
        scores = [
            any(form in title for form in group)  # weighed as PostgreSQL weighs A, B and D
            + 0.4 * any(form in lead for form in group)
            + 0.1 * min(1, sum(text.count(form) for form in group) / 10)
            for group in wanted
        ]
        if any(scores):
            found.append((all(scores), sum(scores), entry))
    found.sort(key=lambda row: (-row[0], -row[1], row[2].title))
    return [entry for has_all, _score, entry in found if has_all or not found[0][0]]


# The snippet


def _snippet(text, groups):
    """Safe HTML: the part of a text where most of the words stand, with `<mark>` around each; else its beginning."""
    hits = _hits(text, groups)

    def groups_near(hit):
        return len({other[2] for other in hits if 0 <= other[0] - hit[0] < SNIPPET_LENGTH - WORDS_BEFORE})

    begin = max(0, max(hits, key=groups_near)[0] - WORDS_BEFORE) if hits else 0
    begin = text.rfind(" ", 0, begin) + 1
    end = min(begin + SNIPPET_LENGTH, len(text))
    if end < len(text) and text.rfind(" ", begin, end) > begin:
        end = text.rfind(" ", begin, end)
    parts, at = ["… " if begin else ""], begin
    for first, last, _group in hits:
        if at <= first and last <= end:
            parts += [escape(text[at:first]), format_html("<mark>{}</mark>", text[first:last])]
            at = last
    parts += [escape(text[at:end]), " …" if end < len(text) else ""]
    return mark_safe("".join(parts))  # noqa: S308 (each part is escaped above)


def _hits(text, groups):
    """Where words or phrases of the groups stand: (first, last, number of the group), in the order of the text."""
    matches = list(_WORD.finditer(text))
    folds = [_folded(match.group(0)) for match in matches]
    wanted = [(number, _folded(form).split(" ")) for number, group in enumerate(groups) for form in group]
    wanted.sort(key=lambda pair: -len(pair[1]))
    by_first = {}
    for number, phrase in wanted:
        by_first.setdefault(phrase[0], []).append((number, phrase))
    return [
        (matches[i].start(), matches[i + len(phrase) - 1].end(), number)
        for i, fold in enumerate(folds)
        for number, phrase in by_first.get(fold, [])
        if folds[i : i + len(phrase)] == phrase
    ]
