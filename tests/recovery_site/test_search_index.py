"""The search without a database: what is found, in which order, what is corrected, and what a search may cost."""

import html
import re
import sys
from datetime import UTC, datetime, timedelta

import pytest

from recovery_site.search.documents import Entry
from recovery_site.search.index import Index
from recovery_site.search.query import LONGEST_QUERY, MOST_ENDINGS, MOST_PARTS, corrected, groups, readable
from recovery_site.search.ranking import ranked
from recovery_site.search.snippets import MOST_WORDS, snippet
from recovery_site.search.synonyms import SAME_THING

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)

# What people type in this field, whether or not a page has it.
FIELD_WORDS = """
taper tapers tapering tapered wean weaning teen teens sober sobriety relapse relapsed craving cravings detox
rehab suboxone subutex methadone vivitrol xanax valium klonopin ativan percocet vicodin tramadol fentanyl
heroin cocaine meth weed gabapentin lyrica clonidine phenibut tianeptine kava kratom court parole probation
custody jail bail lawyer fired sweats chills shakes tremor nausea vomiting insomnia anxiety panic dosage doses
pills smoke vaping edibles sponsor overdose narcan naloxone
"""


def entry(title, text="", lead="", url=None, expire_at=None):
    return Entry(kind="page", url=url or f"/{title}/", title=title, lead=lead, text=text, expire_at=expire_at)


def titles(index, query):
    return [index.entries[number].title for number in ranked(index, groups(query, index))]


@pytest.fixture
def zoo():
    return Index(
        [
            entry("Zebras at night", "The okapi is shy. It eats leaves. " + "The okapi and the okapi. " * 9),
            entry("Where is the okapi?", "In the quagga."),
            entry("Rest", "Nothing more.", lead="About numbats. Wombats"),
        ]
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zebras", ["Zebras at night"]),  # a title
        ("numbat", ["Rest"]),  # a lead
        ("quagga", ["Where is the okapi?"]),  # a text
        ("okapi", ["Where is the okapi?", "Zebras at night"]),  # a title stands before a text, however often
        ("shy okapi", ["Zebras at night"]),  # all words, where all can be had
        ("quagga zebra", ["Zebras at night", "Where is the okapi?"]),  # else any
        ("QUAGGAS", ["Where is the okapi?"]),  # plural and capitals
        ("quag", ["Where is the okapi?"]),  # the beginning of a word
        ("qu", []),  # which must have three letters
        ("okapi, shy!", ["Zebras at night"]),
        ("where is the quagga?", ["Where is the okapi?"]),
        ("where is the", []),  # stop words alone
        ("nothingofthekind", []),
    ],
)
def test_search_finds_titles_leads_and_texts(zoo, query, found):
    assert titles(zoo, query) == found


def test_rare_word_weighs_more_than_a_common_one():
    common = [entry(f"Kratom {number}", "Kratom and sleep.") for number in range(9)]
    index = Index([*common, entry("Okapis", "Nothing else.", lead="kratom")])
    assert titles(index, "kratom okapi") == ["Okapis"]
    assert titles(index, "sleep okapi")[0] == "Okapis"


def test_phrase_of_the_table_is_not_taken_apart():
    index = Index([entry("Get", "Get numbats off the road."), entry("Stopping", "How to get off it.")])
    assert titles(index, "quit") == ["Stopping"]
    assert titles(index, "get off") == ["Stopping"]


@pytest.mark.parametrize("row", SAME_THING, ids=lambda row: row[0])
def test_each_word_for_the_same_thing_finds_the_same(row):
    index = Index([entry(f"Entry {number}", f"Before, {form}, after.") for number, form in enumerate(row)])
    found = {form: set(titles(index, form)) for form in row}
    everything = {f"Entry {number}" for number in range(len(row))}
    assert found == dict.fromkeys(row, everything)


def test_word_that_leads_elsewhere_finds_itself_first_and_is_not_found_by_it():
    index = Index([entry("Professionals"), entry("Visits", "A nurse."), entry("Nurse")])
    assert titles(index, "nurse") == ["Nurse", "Professionals", "Visits"]
    assert titles(index, "professionals") == ["Professionals"]


@pytest.fixture
def words():
    """An index in which some words stand as often as on a real site, and one rarely."""
    return Index([entry("A", "kratom withdrawal paper symptoms taken counts house sweet place " * 3 + "okapi")])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("witdrawal", "withdrawal"),  # one letter missing
        ("withhdrawal", "withdrawal"),  # one too many
        ("withdrewal", "withdrawal"),  # one wrong
        ("withdarwal", "withdrawal"),  # two swapped
        ("Kratum side effects", "kratom side effects"),
        ("sypmtoms", "symptoms"),
        ("suboxne", "suboxone"),  # of the table, though no page has it
        ("Kratom", "Kratom"),
        ("withdraw", "withdraw"),  # the beginning of a word
        ("krtm", "krtm"),  # under five letters
        ("wtidarwal", "wtidarwal"),  # more than one letter
        ("tithdrawal", "tithdrawal"),  # the first letter
        ("okapo", "okapo"),  # near a word that stands once
        ("7-ohh", "7-ohh"),
    ],
)
def test_one_wrong_letter_is_corrected(words, typed, meant):
    assert corrected(typed, words) == meant


@pytest.mark.parametrize("word", FIELD_WORDS.split())
def test_word_of_the_field_is_never_corrected(word):
    near = {word[:i] + letter + word[i + 1 :] for i in range(1, len(word)) for letter in "aeinst"} - {word}
    index = Index([entry("Near", " ".join(near) + ".", lead=" ".join([*near, *near]))])  # what it could be taken for
    assert corrected(word, index) == word


LATER = NOW + timedelta(hours=1)


def test_expired_entry_is_gone_at_its_very_second():
    index = Index([entry("Okapi", "secretword secretword secretword", expire_at=LATER), entry("Zebra", "okapi")])
    just_before = index.at(LATER - timedelta(microseconds=1))
    at_its_end = index.at(LATER)
    assert titles(just_before, "okapi") == ["Okapi", "Zebra"]
    assert titles(at_its_end, "okapi") == ["Zebra"]
    assert corrected("secretwerd", just_before) == "secretword"
    assert corrected("secretwerd", at_its_end) == "secretwerd"  # its words are gone too


def test_index_without_ends_is_kept_as_it_is():
    index = Index([entry("Okapi")])
    assert index.at(NOW + timedelta(days=36500)) is index


def shown(index, query, most=None):
    numbers = ranked(index, groups(query, index))[:most]
    return [snippet(index, number, groups(query, index)) for number in numbers]


def test_snippet_marks_words_and_escapes_all_else():
    index = Index([entry("A", "The <b>okapi</b> is shy. It eats leaves & buds, x < y.")])
    assert shown(index, "shy leaves") == [
        "The &lt;b&gt;okapi&lt;/b&gt; is <mark>shy</mark>. It eats <mark>leaves</mark> &amp; buds, x &lt; y."
    ]


def test_snippet_of_a_long_text_shows_where_the_words_stand():
    index = Index([entry("A", f"{'Before it. ' * 80}The numbat met a wombat. {'After it. ' * 80}")])
    (text,) = shown(index, "numbat wombat")
    assert "The <mark>numbat</mark> met a <mark>wombat</mark>. After it." in text
    assert (text[:2], text[-2:]) == ("… ", " …")
    assert len(html.unescape(re.sub("</?mark>", "", text))) <= 224


def test_snippet_marks_a_phrase_as_one():
    assert shown(Index([entry("A", "Do not stop all at once.")]), "cold turkey") == [
        "Do not stop <mark>all at once</mark>."
    ]


def test_snippet_without_the_words_is_the_beginning():
    assert shown(Index([entry("Okapi", "It is shy.")]), "okapi") == ["It is shy."]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  kratom \n withdrawal ", ("kratom withdrawal", False)),
        ("kratom\0withdrawal\x1b", ("kratom withdrawal", False)),
        ("７‑ＯＨ", ("7‐OH", False)),
        ("x" * 100, ("x" * 100, False)),
        ("x" * 101, ("x" * 100, True)),
        ("ﷺ" * 9, ("صلى الله عليه وسلم" * 9, True)),
    ],
)
def test_query_is_read_plainly_and_cut(typed, read):
    plain, was_cut = readable(typed)
    assert (plain, was_cut) == (read[0][:100].strip(), read[1])


def letters(number):
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:03}")


def beginnings():
    """Words of three letters, each the beginning of ten words."""
    return [letters(number) for number in range(0, 1000, 20)]


SYNONYMS = sorted((form for row in SAME_THING for form in row), key=len)
WORST = {
    "ten thousand letters": "a" * 10_000,
    "many unknown words": " ".join(f"k{letters(number)}q" for number in range(500)),
    "many typing errors": " ".join(f"{start}wird" for start in beginnings()),
    "many beginnings": " ".join(beginnings()),
    "beginnings of a thousand words": " ".join("prefix"[:length] for length in (3, 4, 5, 6)) + " prefi" * 20,
    "many common words": " ".join(f"{start}word" for start in beginnings()),
    "many synonyms": " ".join(SYNONYMS),
    "many phrases": " ".join(form for form in SYNONYMS if " " in form),
    "one phrase again and again": "get off " * 1_250,
    "nearly a word again and again": "step by " * 1_250,
    "apostrophes": "a'" * 5_000,
    "endings": "s" * 5_000 + "ing",
    "ligatures": "ﷺ" * 10_000,
}
# Executed lines of the search's code. Before there were bounds, some searches ran 700,000.
MOST_LINES = 200_000


@pytest.fixture(scope="module")
def large_index():
    """500 entries that have most words and synonyms, and 20 of them are long."""
    endings = ("", "word", "er", "y", "ful", "al", "able", "ness", "dom", "en")
    words = [start + ending for start in beginnings() for ending in endings] + ["step by"]
    common = [f"{words[number % len(words)]} {SYNONYMS[number % len(SYNONYMS)]}" for number in range(5_000)]
    rare = [f"prefix{letters(number)}" for number in range(1_000)]

    def text(number, length):
        return " ".join([*common[7 * number :], *common][:length])

    long = [entry(f"Long {number}", text(number, 5_000), lead=text(number, 10)) for number in range(20)]
    short = [entry(f"Short {number}", text(number, 150) + " " + rare[number]) for number in range(480)]
    return Index([*long, *short[1:], entry("All", " ".join(rare))])


def executed_lines(function):
    """Return how many lines of the search's code a call runs. It says how much work a call is, on any machine."""
    lines = 0

    def count(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(lambda frame, event, argument: count if "/search/" in frame.f_code.co_filename else None)
    try:
        function()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("typed", WORST.values(), ids=WORST.keys())
def test_work_for_a_query_is_bounded(typed, large_index):
    query, _was_cut = readable(typed)
    asked_for = groups(corrected(query, large_index), large_index)
    most_synonyms = 20
    assert len(query) <= LONGEST_QUERY
    assert len(asked_for) <= MOST_PARTS
    assert max((len(forms) for forms in asked_for), default=0) <= MOST_ENDINGS + 1
    assert sum(len(forms) for forms in asked_for) <= MOST_ENDINGS + MOST_PARTS * most_synonyms


@pytest.mark.parametrize("typed", WORST.values(), ids=WORST.keys())
def test_work_for_a_search_is_bounded(typed, large_index):
    assert executed_lines(lambda: shown(large_index, corrected(readable(typed)[0], large_index), most=20)) < MOST_LINES


def test_snippet_reads_the_beginning_of_a_long_text():
    begins = "Before it. " * (MOST_WORDS // 2 - 1)
    index = Index([entry("Okapi", f"{begins}The numbat. {'After it. ' * MOST_WORDS}The wombat.")])
    assert "The <mark>numbat</mark>." in shown(index, "numbat")[0]
    assert shown(index, "wombat")[0][:21] == "Before it. Before it."


def test_snippet_marks_all_matches_of_its_passage():
    others = "It is shy. " * 20
    index = Index([entry("Okapi", f"{'Okapi. ' * 150}{others}Numbat okapi okapi wombat. {others}{'Okapi. ' * 150}")])
    (text,) = shown(index, "numbat wombat okapi")
    assert "<mark>Numbat</mark> <mark>okapi</mark> <mark>okapi</mark> <mark>wombat</mark>" in text
