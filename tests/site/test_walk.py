"""What holds for every public page: a walk from the home page finds each one, on the day it is born."""

from collections import Counter
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from tests.crawl import internal_path
from tests.html import PageFacts

pytestmark = pytest.mark.django_db

EXPECTED = {
    "/",
    "/about/",
    "/accessibility/",
    "/addiction/",
    "/addiction/kratom-addiction-treatment/",
    "/addiction/kratom-addiction/",
    "/addiction/kratom-and-medicines/",
    "/addiction/kratom-and-pregnancy/",
    "/addiction/kratom-and-teens/",
    "/addiction/naloxone/",
    "/addiction/what-changed/",
    "/addiction/what-is-7-oh/",
    "/addiction/what-is-in-my-product/",
    "/assessment/",
    "/assessment/under-18/",
    "/contact/",
    "/family-support/",
    "/faq/",
    "/faq/does-kratom-help-with-opiate-addiction/",
    "/faq/how-addictive-is-kratom/",
    "/faq/how-does-kratom-affect-the-body/",
    "/faq/how-to-get-off-kratom/",
    "/faq/kratom-withdrawal/",
    "/faq/physiological-effects-of-kratom/",
    "/faq/side-effects-of-kratom/",
    "/faq/why-do-people-use-kratom/",
    "/for-professionals/",
    "/for-professionals/one-page-summary/",
    "/language-help/",
    "/privacy/",
    "/search/",
    "/treatment/",
    "/treatment/dual-diagnosis/",
    "/treatment/levels-of-care/",
    "/treatment/paying-for-care/",
    "/treatment/what-happens-when-you-call/",
    "/treatment/withdrawal-and-detox/",
    "/treatment/your-assessment/",
}
PAGES_WITH_COOKIES = {"/assessment/"}
PRIVATE_PAGES = {"/assessment/", "/assessment/under-18/", "/search/"}


def test_walk_finds_every_page(walked):
    assert set(walked) == EXPECTED


def test_every_internal_link_answers_200(walked):
    assert {path: response.status_code for path, (response, _) in walked.items() if response.status_code != 200} == {}


def test_every_page_has_one_h1_and_a_language(walked):
    assert {path: len(facts.all("h1")) for path, (_, facts) in walked.items() if len(facts.all("h1")) != 1} == {}
    assert {facts.all("html")[0].get("lang") for _, facts in walked.values()} == {"en-US"}


SPANISH = ["Si prefiere hablar"]  # how each Spanish passage begins


def test_spanish_passages_say_that_they_are_spanish(walked):
    for begin in SPANISH:
        pages = [response.content.decode() for response, _ in walked.values() if begin in response.content.decode()]
        assert len(pages) == 1
        assert f'<p lang="es">{begin}' in pages[0]


def test_titles_and_descriptions_are_unique_and_present(walked):
    for values in (
        Counter(facts.title.strip() for _, facts in walked.values()),
        Counter(facts.description for _, facts in walked.values()),
    ):
        assert [value for value, count in values.items() if count > 1 or not value] == []


def test_headings_never_skip_a_level(walked):
    for path, (_, facts) in walked.items():
        levels = [int(name[1]) for name, _ in facts.tags if name in ("h1", "h2", "h3", "h4")]
        skips = [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]
        assert (path, skips) == (path, [])


def test_ids_are_unique_on_each_page(walked):
    for path, (_, facts) in walked.items():
        assert (path, [name for name, count in Counter(facts.ids).items() if count > 1]) == (path, [])


def test_every_fragment_leads_to_an_id_of_its_page(walked):
    for path, (_, facts) in walked.items():
        for link in facts.links:
            fragment = urlsplit(link).fragment
            if fragment:
                target = walked[internal_path(link, path)][1]
                assert (path, fragment, fragment in target.ids) == (path, fragment, True)


def test_no_page_loads_or_posts_anything_to_another_host(walked):
    for path, (_, facts) in walked.items():
        loaded = [
            attributes.get(name, "")
            for tag, attributes in facts.tags
            for name in ("src", "srcset", "action", "data", "poster", "formaction")
            if tag != "a"
        ] + [link.get("href", "") for link in facts.all("link") if link.get("rel") != "canonical"]
        assert (path, [url for url in loaded if urlsplit(url).netloc]) == (path, [])


def test_outbound_links_tell_the_other_site_nothing(walked):
    for path, (_, facts) in walked.items():
        outbound = [a for a in facts.all("a") if urlsplit(a.get("href", "")).scheme in ("http", "https")]
        assert (path, [a["href"] for a in outbound if a.get("rel") != "noreferrer"]) == (path, [])


def test_no_page_has_inline_script_or_style(walked):
    for path, (_, facts) in walked.items():
        inline = [name for _, attributes in facts.tags for name in attributes if name == "style" or name[:2] == "on"]
        assert (path, inline + facts.inline_code) == (path, [])


def test_no_page_sets_a_cookie_but_the_form(walked):
    with_cookies = {path for path, (response, _) in walked.items() if response.cookies}
    assert with_cookies == PAGES_WITH_COOKIES
    cookies = walked["/assessment/"][0].cookies
    assert list(cookies) == ["csrftoken"]
    assert (cookies["csrftoken"]["max-age"], cookies["csrftoken"]["expires"]) == ("", "")


def test_broken_csrf_cookie_gets_no_new_one_on_a_public_page(client):
    client.cookies["csrftoken"] = "broken"
    response = client.get("/")
    assert (response.cookies, "Cookie" in response.headers.get("Vary", "")) == ({}, False)
    assert "csrftoken" in client.get("/assessment/").cookies


def test_pages_are_kept_by_any_cache_and_the_form_by_none(walked):
    for path, (response, _) in walked.items():
        cache, vary = response["Cache-Control"], response.headers.get("Vary", "")
        if path in PRIVATE_PAGES:
            assert "no-store" in cache
        else:
            assert (path, "public" in cache, "Cookie" in vary) == (path, True, False)


def test_every_page_has_a_strict_content_security_policy(walked):
    for path, (response, _) in walked.items():
        policy = response["Content-Security-Policy"]
        directives = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
        assert (path, directives["default-src"]) == (path, ["'none'"])
        assert (path, directives["script-src"]) == (path, ["'self'"])
        assert (path, directives["style-src"]) == (path, ["'self'"])
        assert "unsafe" not in policy


def test_every_page_shows_the_crisis_lines_and_the_phone(walked):
    for path, (_, facts) in walked.items():
        wanted = {"tel:911", "tel:988", "sms:988", "tel:+18445344673", "tel:+18002221222", "tel:+14805267738"}
        assert (path, wanted - set(facts.links)) == (path, set())


def test_every_posting_form_carries_a_csrf_token(walked):
    for path, (_, facts) in walked.items():
        if [form for form in facts.all("form") if form.get("method") == "post"]:
            assert (path, "csrfmiddlewaretoken" in [i.get("name") for i in facts.all("input")]) == (path, True)


def test_kratom_page_has_its_sections_in_order(client):
    html = client.get("/addiction/kratom-addiction-treatment/").content.decode()
    headings = [
        "What is kratom?",
        "Is kratom addictive?",
        "Getting help and treatment",
        "Frequently asked questions",
        "Center for kratom addiction treatment in Gilbert, Arizona",
    ]
    places = [html.index(f">{heading}</h2>") for heading in headings]
    assert places == sorted(places)


@pytest.mark.parametrize("path", ["/nothing-here/", "/faq/no-such-question/", "/%00/", "/a%0d%0ab/", "/assessment/x/"])
def test_unknown_address_gets_a_404_page_with_ways_on(client, path):
    response = client.get(path)
    facts = PageFacts(response)
    assert response.status_code == 404
    assert {"/", "/faq/", "/assessment/", "tel:988", "tel:+14805267738"} <= set(facts.links)
    assert len(facts.all("h1")) == 1


@pytest.mark.parametrize("path", ["/Contact/", "/FAQ/", "/Addiction/Kratom-Addiction-Treatment", "/ASSESSMENT"])
def test_address_in_capitals_leads_to_the_page(client, path):
    response = client.get(path, follow=True)
    assert (response.status_code, response.redirect_chain[-1]) == (200, (path.lower().rstrip("/") + "/", 301))


def test_missing_slash_leads_to_the_page(client):
    response = client.get("/contact")
    assert (response.status_code, response["Location"]) == (301, "/contact/")
