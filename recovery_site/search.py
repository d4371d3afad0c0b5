"""The site search: what readers can read now, found by the words that people use.

It stands in the wiring, because only here may pages and answers be known together. The site is small, so a search
reads every live text: that gives the words to mend typing errors with, and the snippets. PostgreSQL ranks with its
full text search; on SQLite `_ranked_here` does it, by the same rules and with the same groups of words.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from os.path import commonprefix

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.search import (
    SearchQuery,
    SearchQueryCombinable,
    SearchQueryField,
    SearchRank,
    SearchVector,
)
from django.db import connection
from django.db.models import BooleanField, CharField, ExpressionWrapper, F, Func, Q, TextField, Value
from django.db.models.expressions import register_combinable_fields
from django.shortcuts import render
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from faq.models import AnswerVersion
from pages.models import PageVersion
from pages.plain_language import as_text

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
    rank = _ranked_by_postgres if connection.vendor == "postgresql" else _ranked_here
    results = [
        {
            "title": entry.title,
            "url": entry.url,
            "kind": KINDS[entry.kind],
            "snippet": _snippet(entry.text, groups),
        }
        for entry in rank(entries, groups)[:MOST_RESULTS]
    ]
    return results, corrected if corrected != query else ""


def _readable(typed):
    """What was typed without control characters (PostgreSQL refuses NUL), and whether it had to be cut."""
    normal = unicodedata.normalize("NFKC", typed)
    plain = " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in normal).split())
    return plain[:LONGEST_QUERY].strip(), len(plain) > LONGEST_QUERY


# The texts


def _live_entries():
    """Every live page and answer, in three queries."""
    entries = []
    for version in PageVersion.objects.live().select_related("page").prefetch_related("sections").order_by("page"):
        sections = version.sections.all()
        markup = [f"<h2>{escape(section.heading)}</h2>{section.body}" for section in sections]
        entries.append(
            Entry(
                kind="page",
                pk=version.pk,
                url=version.page.get_absolute_url(),
                title=version.title,
                lead=" ".join([version.summary, *(section.heading for section in sections)]),
                text=as_text(f"<p>{escape(version.summary)}</p>{''.join(markup)}"),
            )
        )
    for version in AnswerVersion.objects.live().select_related("question").order_by("question"):
        url, text = version.question.get_absolute_url(), as_text(version.body)
        entries.append(Entry("question", version.pk, url, version.title, lead="", text=text))
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


# Django 5.2 knows what two search vectors make together, and not what two search queries make.
for _connector in (SearchQueryCombinable.BITAND, SearchQueryCombinable.BITOR):
    register_combinable_fields(SearchQueryField, _connector, SearchQueryField, SearchQueryField)


def _ranked_by_postgres(entries, groups):
    """The same, asked of PostgreSQL in one query."""
    queries = [_as_search_query(group) for group in groups]
    all_of, any_of = reduce(and_, queries), reduce(or_, queries)

    def ranked(versions, kind, vector):
        return (
            versions.annotate(kind=Value(kind, output_field=CharField()), vector=vector)
            .filter(vector=any_of)
            .annotate(
                has_all=ExpressionWrapper(Q(vector=all_of), output_field=BooleanField()),
                rank=SearchRank(F("vector"), any_of),
            )
            .values_list("kind", "pk", "title", "has_all", "rank")
        )

    headings, bodies = StringAgg("sections__heading", " "), StringAgg(_without_marks("sections__body"), " ")
    pages = ranked(PageVersion.objects.live(), "page", _vector(A=["title"], B=["summary", headings], D=[bodies]))
    answers = ranked(AnswerVersion.objects.live(), "question", _vector(A=["title"], D=[_without_marks("body")]))
    rows = list(pages.union(answers, all=True).order_by("-has_all", "-rank", "title"))
    known = {(entry.kind, entry.pk): entry for entry in entries}
    return [
        known[kind, pk]
        for kind, pk, _title, has_all, _rank in rows
        if (has_all or not rows[0][3]) and (kind, pk) in known
    ]


def _as_search_query(group):
    """Words in their English stems; phrases as they stand, or "get off" would mean every "get"."""
    queries = []
    for config, forms in (
        ("english", [form for form in group if len(_words(form)) == 1]),
        ("simple", [form for form in group if len(_words(form)) > 1]),
    ):
        if forms:
            either = " or ".join(f'"{form}"' for form in forms)  # quoted, so that no word is an operator
            queries.append(SearchQuery(either, config=config, search_type="websearch"))
    return reduce(or_, queries)


def _vector(**weighed):
    """The search vector of columns by weight, in both ways in which `_as_search_query` asks."""
    vectors = [
        SearchVector(*columns, config=config, weight=weight)
        for config in ("english", "simple")
        for weight, columns in weighed.items()
    ]
    return sum(vectors[1:], start=vectors[0])


def _without_marks(column):
    return Func(
        F(column), Value(r"\[\d+\]"), Value(""), Value("g"), function="regexp_replace", output_field=TextField()
    )


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
