import json

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import example, given
from hypothesis import strategies as st

from faq.models import QuestionPage
from pages import rich_text
from pages.citations import Citations, marks
from pages.content_files import Names, data_to_page, page_to_data
from pages.models import ContentPage
from tests.html import soup
from tests.pages.helpers import mark, page, question, section

TAMPERED = [
    ("script", "<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
    ("handler", '<p onclick="alert(1)">a</p>', "<p>a</p>"),
    ("javascript address", '<p><a href="javascript:alert(1)">a</a></p>', "<p><a>a</a></p>"),
    ("hidden javascript", '<a href=" jAva&#115;cript:alert(1)">a</a>', "<a>a</a>"),
    ("data address", '<a href="data:text/html,x">a</a>', "<a>a</a>"),
    ("image", "<p>a<img src=x onerror=alert(1)></p>", "<p>a</p>"),
    ("embed", '<p>a<embed embedtype="media" url="https://e.org/"/></p>', "<p>a</p>"),
    ("fourth heading", "<h4>a</h4>", "a"),
    ("first heading", "<h1>a</h1>", "a"),
    ("style element", "<style>p{color:red}</style><p>a</p>", "<p>a</p>"),
    ("style attribute", '<p style="color:red" class="x" id="main">a</p>', "<p>a</p>"),
    ("frame", '<iframe src="https://e.org/"></iframe><p>a</p>', "<p>a</p>"),
    ("form", '<form action="https://e.org/"><input name="a"><button>b</button></form>', "b"),
    ("drawing", "<svg><script>alert(1)</script></svg><p>a</p>", "<p>a</p>"),
    ("comment", "<p>a<!-- b --></p>", "<p>a</p>"),
    ("unclosed", "<p><b>a", "<p><b>a</b></p>"),
    ("window of its own", '<a href="/about/" target="_blank">a</a>', '<a href="/about/">a</a>'),
    ("own rel", '<a href="https://e.org/" rel="opener">a</a>', '<a href="https://e.org/">a</a>'),
    ("struck-out digits", "<p>10<del>0</del> mg</p>", "<p>10 mg</p>"),
    ("page by a word", '<a linktype="page" id="about">a</a>', "<a>a</a>"),
    ("source without a number", '<a linktype="source">a</a>', "<a>a</a>"),
    ("document beyond all numbers", f'<a linktype="document" id="{10**30}">a</a>', "<a>a</a>"),
    ("unknown kind of link", '<a href="/about/" linktype="x" id="3">a</a>', '<a href="/about/">a</a>'),
    ("empty paragraphs", "<p></p> <p> </p>", ""),
]
tampered = pytest.mark.parametrize(("sent", "kept"), [case[1:] for case in TAMPERED], ids=[c[0] for c in TAMPERED])

ALLOWED = (
    "<h3>Signs</h3><p><b>a</b> <i>b</i> H<sub>2</sub>O m<sup>2</sup></p><ul><li>d</li></ul><ol><li>e</li></ol>"
    '<p><a href="tel:911">911</a> <a href="sms:988">988</a> <a href="mailto:a@example.org">mail</a> '
    '<a linktype="page" id="3">ask</a> <a linktype="source" id="5">[x]</a></p><p lang="es">Si</p>'
)
# Pieces that meet in the wrong order more often than random text would.
PIECES = st.sampled_from(
    ["<p>", "</p>", "<a href='", '<a href="/x/[1]">', "'>", "</a>", "<h4>", "<svg>", "<math>", "<style>", "<!--", "-->",
     "<li>", "<ol>", '<a linktype="source" id="1">', '<a linktype="page" id="1">', "<a id=1 linktype=source>", "&lt;",
     "&amp;lt;", "<", ">", '"', "\x00", "é", "<script>", "</script>"]
)  # fmt: skip
MARKUP = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)

ATTACK = (
    '<p onclick="alert(1)">before<script>alert(2)</script><img src="x" onerror="alert(3)">'
    '<a href="javascript:alert(4)">go</a><iframe src="https://e.org/"></iframe>after</p>'
)
BAD = ["alert(", "onclick", "onerror", "javascript:", "<iframe", "//e.org"]


def elements_and_attributes(markup):
    """Each element of a text with each of its attributes, as pairs; with None where it has none."""
    tags = soup(markup).find_all(True)
    return {(tag.name, attribute) for tag in tags for attribute in tag.attrs or [None]}


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
    names = {"p", "b", "strong", "i", "em", "sup", "sub", "br", "h3", "ul", "ol", "li", "a"}
    attributes = {None, "lang", "title", "data-block-key"}
    allowed = {(name, attribute) for name in names for attribute in attributes}
    allowed |= {("a", "href"), ("a", "linktype"), ("a", "id")}
    assert elements_and_attributes(rich_text.clean(markup)) - allowed == set()


@given(MARKUP)
def test_no_mark_is_left_in_what_readers_get(markup):
    html = Citations([rich_text.clean(markup)], sources={}).render(markup.replace('"page"', '"source"'))
    assert ("a", "linktype") not in elements_and_attributes(html)
    assert marks(html) == []


# Every way into the database


def text_of(page):
    return page.answer if isinstance(page, QuestionPage) else page.sections[0].value["body"].source


def stream(markup):
    return [{"type": "text", "value": {"heading": "First", "body": markup}, "id": "1"}]


def as_an_editor(page, markup):
    if isinstance(page, QuestionPage):
        page.answer = markup
    else:
        page.sections = [section(body=markup)]
    page.save_revision().publish()


def by_an_imported_file(page, markup):
    data = page_to_data(page)
    data |= {"answer": [markup]} if isinstance(page, QuestionPage) else {"sections": stream([markup])}
    data_to_page(data, Names()).save()


def by_save(page, markup):
    if isinstance(page, QuestionPage):
        page.answer = markup
    else:
        page.sections = json.dumps(stream(markup))
    page.save()


def by_update(page, markup):
    if isinstance(page, QuestionPage):
        QuestionPage.objects.filter(pk=page.pk).update(answer=markup)
    else:
        ContentPage.objects.filter(pk=page.pk).update(sections=json.dumps(stream(markup)))


def by_bulk_update(page, markup):
    if isinstance(page, QuestionPage):
        page.answer = markup
        QuestionPage.objects.bulk_update([page], ["answer"])
    else:
        page.sections = json.dumps(stream(markup))
        ContentPage.objects.bulk_update([page], ["sections"])


def by_sql(page, markup):
    value = markup if isinstance(page, QuestionPage) else json.dumps(stream(markup))
    table, column = page._meta.db_table, "answer" if isinstance(page, QuestionPage) else "sections"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE page_ptr_id = %s", [value, page.pk])


WAYS = [as_an_editor, by_an_imported_file, by_save, by_update, by_bulk_update, by_sql]


@pytest.mark.django_db
@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("make", [page, question])
def test_hostile_text_reaches_no_reader_by_any_way(client, make, write):
    written = make()
    write(written, ATTACK)
    places = {
        page: [written.url, "/search/?q=before"],
        question: [written.url, "/faq/", "/addiction/kratom-addiction-treatment/", "/search/?q=before"],
    }[make]
    for place in places:
        html = client.get(place).content.decode()
        assert (place, "before" in html, [bad for bad in BAD if bad in html]) == (place, True, [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "write"), [(page, as_an_editor), *((question, way) for way in WAYS if way is not by_sql)]
)
def test_what_is_stored_is_clean_already(make, write):
    written = make()
    write(written, ATTACK)
    column = "answer" if make is question else "sections"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {written._meta.db_table} WHERE page_ptr_id = %s", [written.pk])
        stored = str(cursor.fetchone()[0])
    assert ("before" in stored, [bad for bad in BAD if bad in stored]) == (True, [])


@pytest.mark.django_db
@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("make", [page, question])
def test_what_is_read_from_the_database_is_clean(make, write):
    written = make()
    write(written, ATTACK)
    assert text_of(type(written).objects.get(pk=written.pk)) == "<p>before<a>go</a>after</p>"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "attributes", ['linktype="page" id="x"', f'linktype="source" id="{10**30}"', 'linktype="page"']
)
def test_link_to_no_row_breaks_neither_page_nor_editor(admin_client, attributes):
    written = page()
    by_sql(written, f"<p>Words <a {attributes}>here</a></p>")
    for address in (written.url, reverse("wagtailadmin_pages:edit", args=[written.pk])):
        assert admin_client.get(address).status_code == 200


@pytest.mark.django_db
def test_a_mark_can_not_be_made_into_anything_else(client):
    broken = mark().replace("id=", 'onclick="alert(1)" id=')
    html = client.get(page(sections=[section(body=f"<p>a {broken}</p>")]).url).content.decode()
    assert ("alert(" in html, 'href="#_1"' in html) == (False, True)
