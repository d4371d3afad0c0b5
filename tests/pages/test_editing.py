"""What an editor's work ends like when something comes between: a colleague, a mistake, a second thought."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from wagtail.models import Page
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from faq.models import FaqPage, QuestionPage
from pages.models import Center, HomePage
from pages.rich_text import FEATURES
from tests.html import forms_on, soup
from tests.pages.cms_form import fields_of
from tests.pages.helpers import page, question, section

pytestmark = pytest.mark.django_db

FIX = rich_text("<p>Paul's urgent fix.</p>", features=FEATURES)
HEADERS = {"accept": "text/html", "origin": "http://testserver"}
AUTOSAVE = {"accept": "application/json"}


@pytest.fixture
def asked():
    """A live question with its answer."""
    return question(title="Can I sleep?")


@pytest.fixture
def sign_in(make_staff):
    """A function that gives the browser of someone with a role and a name."""

    def sign_in(role, name):
        client = Client(headers=HEADERS)
        client.force_login(make_staff(role, username=name))
        return client

    return sign_in


@pytest.fixture
def erin(sign_in):
    return sign_in("editor", "erin")


@pytest.fixture
def paul(sign_in):
    return sign_in("publisher", "paul")


def address(row, view="edit"):
    if isinstance(row, Page):
        return reverse(f"wagtailadmin_pages:{view}", args=[row.pk])
    return reverse(row.snippet_viewset.get_url_name(view), args=[row.pk])


def open_editor(client, row):
    """The fields of the form as they are now."""
    return fields_of(client.get(address(row)))


def save(client, row, fields, **more):
    """Presses Save draft. Returns what the next page will say."""
    response = client.post(address(row), fields | more)
    assert response.status_code == 302
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def publish(client, row, fields, **more):
    return save(client, row, fields, **{"action-publish": "1"} | more)


def for_readers(row):
    return type(row).objects.get(pk=row.pk)


def newest(row):
    return for_readers(row).get_latest_revision_as_object()


# Two people in one text


def test_a_draft_made_before_a_fix_does_not_undo_the_fix_without_a_question(asked, erin, paul):
    before_the_fix = open_editor(erin, asked)
    assert "has been published" in publish(paul, asked, open_editor(paul, asked), answer=FIX)
    given = save(erin, asked, before_the_fix, title="Can I sleep well?")
    assert "paul saved another version on November 24, 10:00 AM, while you were editing." in given
    assert newest(asked).title == "Can I sleep well?"

    later = publish(paul, asked, open_editor(paul, asked))
    assert "“Can I sleep well?” was not published yet." in later
    assert "It lacks the changes that paul saved on November 24, 10:00 AM." in later
    assert "urgent fix" in for_readers(asked).answer
    publish(paul, asked, open_editor(paul, asked), answer=FIX)
    assert for_readers(asked).title == "Can I sleep well?"
    assert "has been published" in publish(paul, asked, open_editor(paul, asked), title="Sleep")  # asks no more


def test_the_difference_is_one_click_away_and_the_history_tells_of_it(asked, erin, paul):
    before_the_fix = open_editor(erin, asked)
    save(paul, asked, open_editor(paul, asked), answer=FIX)
    given = save(erin, asked, before_the_fix, title="Can I sleep well?")
    (link,) = [url for url in hrefs(given) if "/compare/" in url]
    difference = erin.get(link).content.decode()
    assert ("urgent fix" in difference, "well" in difference) == (True, True)
    history = erin.get(address(asked, "history")).content.decode()
    assert "Saved without the changes that paul made on November 24, 10:00 AM" in history


def test_publishing_over_a_version_that_came_meanwhile_asks_first(asked, paul, sign_in):
    opened = open_editor(paul, asked)
    pia = sign_in("publisher", "pia")
    publish(pia, asked, open_editor(pia, asked), answer=FIX)
    assert "was not published yet" in publish(paul, asked, opened, title="Can I sleep well?")
    assert ("urgent fix" in for_readers(asked).answer, newest(asked).title) == (True, "Can I sleep well?")


def test_publishing_in_bulk_asks_too(asked, erin, paul):
    before_the_fix = open_editor(erin, asked)
    publish(paul, asked, open_editor(paul, asked), answer=FIX)
    save(erin, asked, before_the_fix)
    bulk = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"]) + f"?id={asked.pk}&next=/cms/"
    fixed = []
    for _press in range(2):
        paul.post(bulk, {"include_descendants": ""})
        fixed.append("urgent fix" in for_readers(asked).answer)
    assert fixed == [True, False]


def test_form_that_is_refused_says_that_a_colleague_was_first(asked, paul, sign_in):
    opened = open_editor(paul, asked)
    pia = sign_in("publisher", "pia")
    publish(pia, asked, open_editor(pia, asked), answer=FIX)
    refused = paul.post(address(asked), opened | {"title": "", "action-publish": "1"})
    given = [str(message) for message in refused.context["messages"]]
    assert [line for line in given if "Your version lacks their changes." in line and "pia" in line]


def test_whoever_works_alone_is_asked_nothing(asked, paul):
    """With what autosave stored in between, and after a mistake that the form has refused."""
    opened = open_editor(paul, asked)
    assert paul.post(address(asked), opened | {"title": "Sleep"}, headers=AUTOSAVE).json()["success"]
    assert "saved another version" not in save(paul, asked, opened, title="Can I sleep well?")
    refused = paul.post(address(asked), open_editor(paul, asked) | {"title": "", "action-publish": "1"})
    assert "another version" not in refused.content.decode()
    corrected = fields_of(refused)
    assert "has been published" in publish(paul, asked, corrected, title="Can I sleep?")


def test_autosave_never_writes_over_a_colleagues_version(asked, erin, paul):
    opened = open_editor(erin, asked)
    save(paul, asked, open_editor(paul, asked), answer=FIX)
    refused = erin.post(address(asked), opened | {"title": "Sleep"}, headers=AUTOSAVE).json()
    assert (refused["success"], refused["error_message"]) == (False, "Saving will overwrite a newer version.")
    assert "urgent fix" in newest(asked).answer


def hrefs(html):
    return [link["href"] for link in soup(html).select("a[href]")]


def test_center_is_not_published_over_a_colleagues_hours_either(paul, sign_in):
    center = Center.objects.get()
    opened = open_editor(paul, center)
    pia = sign_in("publisher", "pia")
    publish(pia, center, open_editor(pia, center), street="12 Elm Street")
    assert "It lacks the changes that pia saved" in publish(paul, center, opened, town="Tempe")
    assert (for_readers(center).street, for_readers(center).town) == ("12 Elm Street", center.town)
    publish(paul, center, open_editor(paul, center))
    assert for_readers(center).town == "Tempe"


def test_what_was_written_in_a_page_that_a_colleague_deleted_becomes_a_new_draft(asked, erin, paul):
    opened = open_editor(erin, asked) | {"title": "Can I sleep well?"}
    paul.post(address(asked, "delete"))
    refused = erin.post(address(asked), opened, headers=AUTOSAVE)
    assert refused.json()["error_message"] == "paul deleted this page. Press Save draft to keep your text."
    response = erin.post(address(asked), opened)
    words = response.content.decode()
    assert (response.status_code, response["Cache-Control"]) == (404, "no-store")
    assert "paul deleted it on November 24, 10:00 AM, while you had it open." in words
    (form,) = [form for form in forms_on(response) if "title" in form.fields]
    saved = erin.post(response.context["address"], form.fields)
    kept = QuestionPage.objects.get(slug=asked.slug)
    assert (saved.status_code, saved["Location"]) == (302, address(kept))
    assert (kept.title, kept.live) == ("Can I sleep well?", False)
    assert "Yes, in time" in newest(kept).answer


def test_editor_of_a_page_that_is_gone_says_in_plain_words_why(asked, erin, paul):
    paul.post(address(asked, "delete"))
    deleted, never_was = erin.get(address(asked)), erin.get("/cms/pages/99999/edit/")
    assert "paul deleted it on November 24, 10:00 AM." in deleted.content.decode()
    assert "We could not find that page" in never_was.content.decode()
    assert [response.status_code for response in (deleted, never_was)] == [404, 404]


def test_section_that_a_colleague_took_out_stays_in_the_version_of_who_wrote_in_it(erin, paul):
    """No form is refused for it."""
    both = sections("Before", "After")
    sleep = page("sleep", sections=[section("Before"), section("After")])
    opened = open_editor(erin, sleep) | both
    save(paul, sleep, open_editor(paul, sleep) | sections("Before"))
    assert len(newest(sleep).sections) == 1
    assert "paul saved another version" in save(erin, sleep, opened)
    assert [block.value["heading"] for block in newest(sleep).sections] == ["Before", "After"]


def sections(*headings):
    """The fields of the sections, which the browser adds to the form."""
    body = rich_text("<p>Words about sleep.</p>", features=FEATURES)
    blocks = [("text", {"heading": heading, "body": body}) for heading in headings]
    return nested_form_data({"sections": streamfield(blocks)})


# A new question


def add(client, **fields):
    url = reverse("wagtailadmin_pages:add", args=["faq", "questionpage", FaqPage.objects.get().pk])
    return client.post(url, fields_of(client.get(url)) | fields)


def test_home_page_gets_no_end(paul):
    home = HomePage.objects.get()
    publish(paul, home, open_editor(paul, home) | sections("New") | {"expire_at": "2026-12-01 09:00"})
    published = HomePage.objects.get()
    assert ([block.value["heading"] for block in published.sections], published.expire_at) == (["New"], None)


def test_id_of_a_block_is_never_markup(erin):
    sleep = page(state="draft")
    crafted = sections("First", "Second") | {"sections-0-id": '"><b data-controller="x">', "sections-1-id": "1-b"}
    save(erin, sleep, open_editor(erin, sleep) | crafted)
    first, second = (block["id"] for block in newest(sleep).sections.raw_data)
    assert (len(first), "<" in first, second) == (36, False, "1-b")


@pytest.mark.parametrize("slug", ["qué-es", "что", "a_b", "Sleep", "admin", "assessment", "search"])
def test_address_that_readers_could_not_open_is_refused(erin, slug):
    home = HomePage.objects.get()
    address = reverse("wagtailadmin_pages:add", args=["pages", "contentpage", home.pk])
    response = erin.post(address, fields_of(erin.get(address)) | sections() | {"title": "Sleep", "slug": slug})
    assert list(response.context["form"].errors) == ["slug"]


def test_copy_gets_no_address_that_readers_could_not_open(erin):
    address = reverse("wagtailadmin_pages:copy", args=[page().pk])
    fields = {"new_title": "Sleep", "new_slug": "search", "new_parent_page": HomePage.objects.get().pk}
    assert list(erin.post(address, fields).context["form"].errors) == ["new_slug"]
    assert erin.post(address, fields | {"new_slug": "search-us"}).status_code == 302


def test_new_question_has_a_topic_and_comes_last(erin):
    response = add(erin, title="Can I drive?", slug="can-i-drive", answer=rich_text("<p>Not at once.</p>"))
    made = QuestionPage.objects.get(title="Can I drive?")
    assert (response.status_code, made.slug, made.topic.key) == (302, "can-i-drive", "kratom")
    assert made.get_next_siblings().count() == 0


# Finding things


@pytest.mark.parametrize("words", ["kratom addiction", "naloxone"])
def test_search_looks_in_titles_and_texts_and_leads_to_the_editor(words, erin):
    found = erin.get("/cms/pages/search/results/", {"q": words}).content.decode()
    assert address(Page.objects.get(slug="kratom-addiction")) in hrefs(found)


# The history


SAVED = [("Published", "paul"), ("Draft saved", "paul"), ("Draft saved", "erin")]


def test_history_says_who_and_when_compares_and_restores(asked, erin, paul):
    save(erin, asked, open_editor(erin, asked), title="Can I sleep well?")
    publish(paul, asked, open_editor(paul, asked), answer=FIX)
    _first, draft, last = asked.revisions.order_by("created_at")
    history = soup(paul.get(address(asked, "history")))
    rows = [row for row in history.select("tbody tr") if not row.find_parent("template")]
    lines = [" ".join(row.get_text(" ").split()) for row in rows]
    assert all("Just now" in line for line in lines)
    given = [(what, who) for line in lines for what, who in SAVED if line.startswith(what) and who in line]
    assert given == SAVED
    revert = reverse("wagtailadmin_pages:revisions_revert", args=[asked.pk, draft.pk])
    assert revert in hrefs(str(history))
    compare = reverse("wagtailadmin_pages:revisions_compare", args=[asked.pk, draft.pk, last.pk])
    assert "urgent fix" in paul.get(compare).content.decode()
    old = fields_of(paul.get(revert))
    paul.post(address(asked), old | {"action-publish": "1"})
    assert (for_readers(asked).title, "urgent fix" in for_readers(asked).answer) == ("Can I sleep well?", False)


# Words and traps


def test_form_that_is_refused_says_where_and_stays_the_form_of_its_page(asked, erin):
    fields = open_editor(erin, asked) | {"title": "", "answer": FIX, "checked_on": "20266-01-01"}
    refused = erin.post(address(asked), fields)
    words = refused.content.decode()
    assert (refused.status_code, "This field is required." in words, "Enter a valid date." in words) == (
        200,
        True,
        True,
    )
    assert "urgent fix" in words
    assert ("None" in soup(words).get_text(), "server time" in words) == (False, False)
