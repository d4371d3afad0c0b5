"""What pages tell search engines and link previews: one address each, and nothing that a reader does not see."""

import json
import re
from collections import Counter
from datetime import date
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from pages import facts
from pages.models import Center, ContentPage
from tests.html import PageFacts, visible_text
from tests.pages import helpers

pytestmark = pytest.mark.django_db

VOCABULARY = {"@type", "@context"}  # their values are words of schema.org, not of the page
SCHEMA_TYPES = {
    "Answer",
    "BreadcrumbList",
    "CreativeWork",
    "FAQPage",
    "ListItem",
    "MedicalClinic",
    "MedicalWebPage",
    "Organization",
    "Person",
    "PostalAddress",
    "Question",
    "WebPage",
}


@pytest.fixture
def kept(walked):
    """The pages that any cache may keep, as {path: (html, PageFacts)}."""
    return {
        path: (response.content.decode(), page)
        for path, (response, page) in walked.items()
        if "public" in response["Cache-Control"]
    }


def graph(page):
    """The schema.org objects of a page."""
    (block,) = page.structured_data
    data = json.loads(block)
    assert (list(data), data["@context"]) == (["@context", "@graph"], "https://schema.org")
    return data["@graph"]


def types(page):
    return {thing["@type"] for thing in graph(page)}


def strings(data, key=""):
    """Every string of nested data, as pairs (key, string)."""
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from strings(value, name)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value, key)


def words(text):
    """The words of a text in a row, without punctuation and source marks."""
    return " ".join(re.findall(r"\w+", re.sub(r"\[\d+\]", " ", text)))


def og(page):
    return {meta["property"]: meta["content"] for meta in page.all("meta") if "property" in meta}


def test_each_page_names_its_one_address(kept):
    named = {
        path: [link["href"] for link in page.all("link") if link.get("rel") == "canonical"]
        for path, (_html, page) in kept.items()
    }
    assert named == {path: [settings.PUBLIC_ORIGIN + path] for path in kept}
    assert len(named) > 10


def test_link_previews_show_title_description_and_picture(kept):
    for path, (_html, page) in kept.items():
        title = page.title.removesuffix(" | Renaissance Recovery Center")
        assert og(page) == {
            "og:type": "website" if path in ("/", "/faq/", "/assessment/") else "article",
            "og:title": title,
            "og:description": page.description,
            "og:url": settings.PUBLIC_ORIGIN + path,
            "og:site_name": "Renaissance Recovery Center",
            "og:image": f"{settings.PUBLIC_ORIGIN}/share{path}picture.png",
            "og:image:width": "1200",
            "og:image:height": "630",
            "og:image:alt": title,
        }
        assert {"name": "twitter:card", "content": "summary_large_image"} in page.all("meta")


def test_form_is_previewed_as_a_page_of_the_site(client):
    given = og(PageFacts(client.get("/assessment/")))
    assert (given["og:type"], given["og:title"]) == ("website", "Ask for a free assessment")
    assert given["og:image"] == f"{settings.PUBLIC_ORIGIN}/share/assessment/picture.png"


def test_structured_data_says_nothing_that_the_page_does_not_show(kept):
    for path, (html, page) in kept.items():
        shown = words(visible_text(page.soup.body))
        addresses = {settings.PUBLIC_ORIGIN + known for known in kept} | set(page.links)
        for key, string in strings(graph(page)):
            if key in VOCABULARY:
                assert (path, string, string in SCHEMA_TYPES) == (path, string, True)
            elif urlsplit(string).scheme in ("http", "https"):
                assert (path, string, string in addresses) == (path, string, True)
            elif key == "dateModified":
                assert f"checked on {date.fromisoformat(string):%B %-d, %Y}" in html
            elif key == "telephone":
                assert "tel:" + string.replace("-", "") in page.links
            else:
                assert (path, string, words(string) in shown) == (path, string, True)


def test_kinds_of_structured_data_stand_where_they_belong(kept):
    found = {path: types(page) for path, (_html, page) in kept.items()}
    assert {path for path in found if "FAQPage" in found[path]} == {"/faq/"}
    assert {path for path in found if "MedicalClinic" in found[path]} == {"/", "/about/", "/contact/"}
    assert {path for path in found if "BreadcrumbList" not in found[path]} == {"/"}
    assert found["/addiction/kratom-addiction-treatment/"] == {"MedicalWebPage", "BreadcrumbList"}
    assert found["/faq/kratom-withdrawal/"] == {"MedicalWebPage", "BreadcrumbList"}
    assert found["/privacy/"] == {"WebPage", "BreadcrumbList"}  # nothing medical, no source


def test_kratom_page_is_described_in_full(client):
    described = ContentPage.objects.get(slug="kratom-addiction-treatment")
    facts_of_page = PageFacts(client.get(described.url))
    steps = [
        ("Home", "/"),
        ("Kratom and addiction", "/addiction/"),
        (described.title, "/addiction/kratom-addiction-treatment/"),
    ]
    assert graph(facts_of_page) == [
        {
            "@type": "MedicalWebPage",
            "name": described.title,
            "url": "http://127.0.0.1:8000/addiction/kratom-addiction-treatment/",
            "dateModified": described.checked_on.isoformat(),
            "publisher": {
                "@type": "Organization",
                "name": "Renaissance Recovery Center",
                "url": "http://127.0.0.1:8000/",
            },
            "description": described.summary,
        },
        {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": position, "name": name, "item": f"http://127.0.0.1:8000{path}"}
                for position, (name, path) in enumerate(steps, start=1)
            ],
        },
    ]


def test_breadcrumbs_are_those_that_the_page_shows(kept):
    for path, (_html, page) in kept.items():
        given = [
            [step["name"] for step in thing["itemListElement"]]
            for thing in graph(page)
            if thing["@type"] == "BreadcrumbList"
        ]
        shown = page.soup.select("nav.breadcrumbs")
        steps = [[item.get_text(strip=True) for item in nav.find_all("li")] for nav in shown]
        assert (path, given) == (path, steps)


def test_no_page_says_that_it_was_reviewed(kept):
    for path, (html, page_facts) in kept.items():
        assert (path, "lastReviewed" in html, "reviewedBy" in html) == (path, False, False)
        for thing in graph(page_facts):
            assert {"lastReviewed", "reviewedBy"} & set(thing) == set()


@pytest.mark.parametrize("make", [helpers.page, helpers.question])
def test_author_is_told_only_where_an_editor_named_one(client, make):
    html = client.get(make(written_by="Lee <Example>, RN").url).content.decode()
    assert "Written by Lee &lt;Example&gt;, RN." in html
    assert graph(PageFacts(html))[0]["author"] == {"@type": "Person", "name": "Lee <Example>, RN"}


@pytest.mark.parametrize("path", ["/family-support/", "/faq/kratom-withdrawal/"])
def test_page_whose_author_nobody_named_tells_its_publisher_only(client, path):
    html = client.get(path).content.decode()
    assert ("Written by" in html, "Published by Renaissance Recovery Center." in html) == (False, True)
    assert "author" not in graph(PageFacts(html))[0]


def test_all_questions_and_answers_stand_in_the_faq_page_once(kept):
    (faq, _breadcrumbs) = graph(kept["/faq/"][1])
    names = Counter(question["name"] for question in faq["mainEntity"])
    assert len(names) == 8
    assert set(names.values()) == {1}
    assert all(question["acceptedAnswer"]["text"] for question in faq["mainEntity"])


def clinic(client):
    page = PageFacts(client.get("/contact/"))
    return [thing for thing in graph(page) if thing["@type"] == "MedicalClinic"]


def test_center_is_described_by_what_its_owner_told(client):
    given = {
        "@type": "MedicalClinic",
        "name": "Renaissance Recovery Center",
        "url": "http://127.0.0.1:8000/",
        "telephone": "+14805267738",
        "address": {"@type": "PostalAddress", "addressLocality": "Gilbert", "addressRegion": "Arizona"},
    }
    assert clinic(client) == [given]
    Center.objects.update(street="1 Example Street", postal_code="85233")
    facts.forget()
    given["address"] |= {"streetAddress": "1 Example Street", "postalCode": "85233"}
    assert clinic(client) == [given]


def test_nothing_is_said_of_a_center_that_nobody_told_of(client):
    Center.objects.all().delete()
    facts.forget()
    page = PageFacts(client.get("/contact/"))
    assert types(page) == {"MedicalWebPage", "BreadcrumbList"}
    assert "publisher" not in graph(page)[0]
    assert "og:site_name" not in og(page)


def test_words_can_not_break_out_of_the_structured_data(client):
    title = 'Sleep & "rest" </script><script>alert(1)</script><!--'
    page_facts = PageFacts(client.get(helpers.page(title=title).url))
    assert (graph(page_facts)[0]["name"], page_facts.inline_code) == (title, [])
