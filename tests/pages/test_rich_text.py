import json
import re
from html.parser import HTMLParser

import pytest
from django.core import serializers
from hypothesis import example, given
from hypothesis import strategies as st

from pages import rich_text
from pages.models import Section
from tests.pages.helpers import page_version

TAMPERED = [
    ("script", "<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
    ("handler", '<p onclick="alert(1)">a</p>', "<p>a</p>"),
    ("javascript address", '<p><a href="javascript:alert(1)">a</a></p>', '<p><a rel="noreferrer">a</a></p>'),
    ("hidden javascript", '<a href=" jAva&#115;cript:alert(1)">a</a>', '<a rel="noreferrer">a</a>'),
    ("data address", '<a href="data:text/html,x">a</a>', '<a rel="noreferrer">a</a>'),
    ("image", "<p>a<img src=x onerror=alert(1)></p>", "<p>a</p>"),
    ("fourth heading", "<h4>a</h4>", "a"),
    ("first heading", "<h1>a</h1>", "a"),
    ("style element", "<style>p{color:red}</style><p>a</p>", "<p>a</p>"),
    ("style attribute", '<p style="color:red" class="x" id="main">a</p>', "<p>a</p>"),
    ("frame", '<iframe src="https://e.org/"></iframe><p>a</p>', "<p>a</p>"),
    ("form", '<form action="https://e.org/"><input name="a"><button>b</button></form>', "b"),
    ("drawing", "<svg><script>alert(1)</script></svg><p>a</p>", "<p>a</p>"),
    ("comment", "<p>a<!-- b --></p>", "<p>a</p>"),
    ("unclosed", "<p><strong>a", "<p><strong>a</strong></p>"),
    ("window of its own", '<a href="/about/" target="_blank">a</a>', '<a href="/about/" rel="noreferrer">a</a>'),
    ("own rel", '<a href="https://e.org/" rel="opener">a</a>', '<a href="https://e.org/" rel="noreferrer">a</a>'),
    ("empty paragraphs", "<p></p> <p> </p>", ""),
]
tampered = pytest.mark.parametrize(("sent", "kept"), [case[1:] for case in TAMPERED], ids=[c[0] for c in TAMPERED])

ALLOWED = (
    "<h3>Signs</h3><p><strong>a</strong> <em>b</em></p><ul><li><p>d</p></li></ul><ol><li>e</li></ol>"
    '<p><a href="tel:911" rel="noreferrer">911</a> <a href="sms:988" rel="noreferrer">988</a> '
    '<a href="mailto:a@example.org" rel="noreferrer">mail</a> <a href="/faq/" rel="noreferrer">ask</a></p>'
)
# Pieces that meet in the wrong order more often than random text would.
PIECES = st.sampled_from(
    ["<p>", "</p>", "<a href='", '<a href="/x/[1]">', "'>", "</a>", "<h4>", "<svg>", "<math>", "<style>", "<!--", "-->",
     "<li>", "<ol>", "[1]", "[12]", "[123]", "&lt;", "&amp;lt;", "<", ">", '"', "\x00", "é", "<script>", "</script>"]
)  # fmt: skip
MARKUP = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, name, attributes):
        self.found.add((name, *sorted(key for key, _ in attributes)))


@tampered
def test_tampered_text_is_reduced_to_the_allow_list(sent, kept):
    assert rich_text.clean(sent) == kept


def test_everything_that_the_editor_offers_is_kept():
    assert rich_text.clean(ALLOWED) == ALLOWED


def test_no_text_at_all_is_an_empty_text():
    assert [rich_text.clean(nothing) for nothing in (None, "", "<p></p>")] == ["", "", ""]


@given(MARKUP)
@example("<p>&amp;lt;script&amp;gt;</p>")
def test_cleaning_twice_changes_nothing_more(markup):
    once = rich_text.clean(markup)
    assert rich_text.clean(once) == once


@given(MARKUP)
def test_nothing_but_the_allow_list_is_ever_left(markup):
    plain = {"p", "strong", "em", "h3", "ul", "ol", "li"}
    allowed = {(name,) for name in plain} | {("a", "href", "rel"), ("a", "rel")}
    assert Tags(rich_text.clean(markup)).found - allowed == set()


@given(MARKUP)
@example('<p><a href="https://e.org/?a=[1]">[2]</a> [3]</p>')
def test_linking_marks_adds_links_and_changes_nothing_else(markup):
    cleaned = rich_text.clean(markup)
    linked = rich_text.with_marks_linked(cleaned, "s-")
    links = re.findall(r'<a class="source-mark" href="#s-source-(\d+)" aria-label="source \d+">\[\d+\]</a>', linked)
    assert [int(number) for number in links] == rich_text.marks(cleaned)
    assert re.sub(r'<a class="source-mark"[^>]*>(\[\d+\])</a>', r"\1", linked) == cleaned


def test_marks_become_links_to_their_sources():
    assert rich_text.with_marks_linked("<p>a [1][12] b [x] [123]</p>", "q-") == (
        '<p>a <a class="source-mark" href="#q-source-1" aria-label="source 1">[1]</a>'
        '<a class="source-mark" href="#q-source-12" aria-label="source 12">[12]</a> b [x] [123]</p>'
    )


def test_brackets_inside_an_address_are_no_mark():
    markup = '<p><a href="https://e.org/?a[1]=b" rel="noreferrer">a</a> [2]</p>'
    assert rich_text.marks(markup) == [2]
    assert '<a href="https://e.org/?a[1]=b" rel="noreferrer">a</a>' in rich_text.with_marks_linked(markup)


def draft_section():
    return page_version().sections.get()


def create(section, body):
    return Section.objects.create(version=section.version, heading="New", body=body)


def save(section, body):
    section.body = body
    section.save()
    return section


def bulk_create(section, body):
    return Section.objects.bulk_create([Section(version=section.version, heading="New", body=body)])[0]


def bulk_update(section, body):
    section.body = body
    Section.objects.bulk_update([section], ["body"])
    return section


def update(section, body):
    Section.objects.filter(pk=section.pk).update(body=body)
    return section


def load_fixture(section, body):
    row = {"version": section.version_id, "position": 1, "kind": "text", "heading": "New", "body": body}
    fixture = json.dumps([{"model": "pages.section", "pk": section.pk, "fields": row}])
    for deserialized in serializers.deserialize("json", fixture):
        deserialized.save()
    return section


@pytest.mark.django_db
@pytest.mark.parametrize("write", [create, save, bulk_create, bulk_update, update, load_fixture])
@tampered
def test_no_path_into_the_database_skips_the_allow_list(write, sent, kept):
    written = write(draft_section(), sent)
    assert Section.objects.get(pk=written.pk).body == kept


@pytest.mark.django_db
def test_saved_instance_holds_what_the_database_holds():
    assert save(draft_section(), "<p>a<script>b</script></p>").body == "<p>a</p>"
