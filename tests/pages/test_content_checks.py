"""What the content checks find, and what they leave alone."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page

from pages.content_checks import EXPLAIN, RULES, STOP, WARN, digest, findings
from pages.models import Center, CenterTexts, ContentPage, Holiday, HomePage, SitePage, Source
from tests.pages.test_publishing import form

pytestmark = pytest.mark.django_db

MARK = '<a linktype="source" id="{}">[dea-fact-sheet]</a>'


@pytest.fixture
def mark():
    return MARK.format(Source.objects.get(key="dea-fact-sheet").pk)


def page_with(*bodies, **fields):
    """An unsaved page with a section for each text."""
    page = ContentPage(**{"title": "Rest", "summary": "In short.", "search_description": "About rest."} | fields)
    page.sections = [("text", {"heading": f"Part {n}", "body": body}) for n, body in enumerate(bodies, start=1)]
    return page


def found_in(*bodies, **fields):
    return [(finding.kind, finding.words) for finding in findings(page_with(*bodies, **fields))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Our guaranteed plan helps.", "guaranteed"),
        ("We cure addiction.", "cure"),
        ("Ask about our success rate.", "success rate"),
        ("The best treatment in Arizona.", "The best treatment"),
        ("Limited beds.", "Limited beds"),
        ("Our guar<b>anteed</b> plan helps.", "guaranteed"),
        ("Our guar&shy;an\u200bteed plan helps.", "guaranteed"),
    ],
)
def test_claims_are_found(text, words):
    assert found_in(f"<p>{text}</p>") == [("claim", words)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Take 5 grams of kratom per day.", "5 grams"),
        ("Start with 2.5 g in the morning.", "2.5 g"),
        ("People take two to three capsules daily.", "two to three capsules"),
        ("Drink half a teaspoon with water.", "half a teaspoon"),
        ("Lower your dose by 10 percent each week.", "Lower your dose by 10 percent"),
    ],
)
def test_amounts_to_take_are_found(text, words):
    assert ("amount", words) in found_in(f"<p>{text}</p>")


@pytest.mark.parametrize(
    "text",
    [
        "More than one dose of naloxone may be needed.",
        "Take the bus to 5 Main Street.",
        "Kratom comes as powder, capsules, and drinks.",
        "Take one step at a time.",
        "The label of one tablet says more than the store does.",
    ],
)
def test_words_without_an_amount_to_take_are_left_alone(text):
    assert found_in(f"<p>{text}</p>") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("About 2 in 100 adults use it.", "2 in 100"),
        ("About one in five people stop.", "one in five"),
        ("15.5 percent had a disorder.", "15.5 percent"),
        ("More than 91,000 people called.", "91,000 people"),
        ("A 2021 study asked people.", "2021 study"),
        ("They were twice as likely to stop.", "twice as likely"),
        ("Half of people feel better.", "Half of people"),
    ],
)
def test_number_needs_a_source_in_its_paragraph(text, words, mark):
    assert found_in(f"<p>{text}</p>") == [("number", words)]
    assert found_in(f"<p>{text} {mark}</p>") == []
    assert found_in(f"<p>A survey asked {mark}:</p><ul><li>{text}</li></ul>") == []
    assert found_in(f"<p>Something else {mark}.</p><p>{text}</p>") == [("number", words)]


@pytest.mark.parametrize(
    "text",
    [
        "Call 911 now, or 988 day and night.",
        "Call (480) 526-7738.",
        "As of November 26, 2026, the law stands.",
        "You must be 18 or over.",
        "A visit costs $150.",
        "We are open 24 hours, 7 days a week.",
        "The talk takes about 30 minutes.",
        "7-OH is stronger than the leaf.",
        "One of our nurses calls you.",
    ],
)
def test_numbers_that_are_no_evidence_need_no_source(text):
    assert found_in(f"<p>{text}</p>") == []


def test_words_that_may_hurt_come_with_better_ones():
    (finding,) = findings(page_with("<p>Addicts can call us.</p>"))
    assert (finding.kind, finding.level, finding.words) == ("word", WARN, "Addicts")
    assert finding.advice == "Better: person with a substance use disorder."
    assert finding.heading == "Part 1"


def test_marks_that_were_typed_stop(mark):
    assert found_in("<p>Rest [3].</p>") == [("typed-mark", "[3]")]
    assert found_in("<p>Rest [1, 2].</p>") == [("typed-mark", "[1, 2]")]
    assert found_in("<p>Rest [dea-fact-sheet].</p>") == [("typed-mark", "[dea-fact-sheet]")]
    assert found_in("<p>Rest [see-below].</p>") == []
    assert found_in(f"<p>Rest {mark}.</p>") == []


def test_mark_whose_source_is_gone_stops(mark):
    assert found_in(f"<p>Rest {mark} {MARK.format(99999)}.</p>") == [("source-gone", "[dea-fact-sheet]")]


def test_marks_in_odd_places_are_found(mark):
    link = '<a href="https://example.org/">{}</a>'
    assert found_in(f"<p>{link.format('read')}{mark}{link.format(' this')}</p>")[0][0] == "mark-in-link"
    assert found_in(f"<p>{link.format('read this')}{mark}</p>") == []
    assert found_in(f"<p>Rest [{mark}, {mark}].</p>")[0][0] == "bracket"
    assert found_in(f"<p>Rest {mark}{mark}.</p>") == []


def test_equal_headings_and_empty_links_are_found():
    page = page_with("<p>One.</p>", '<p>Two<a href="https://example.org/"></a>.</p>')
    page.sections[1].value["heading"] = "PART 1"
    assert [(finding.kind, finding.words) for finding in findings(page)] == [("empty-link", ""), ("heading", "PART 1")]


def test_hard_section_is_found_from_thirty_words_on():
    hard = "Multidisciplinary rehabilitation necessitates comprehensive psychosocial evaluation. "
    assert found_in(f"<p>{hard}</p>") == []
    ((kind, words),) = found_in(f"<p>{hard * 6}</p>")
    assert (kind, words[:6]) == ("grade", "grade ")


def test_missing_description_and_day_to_come_are_found():
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    assert found_in("<p>One.</p>", search_description="", checked_on=tomorrow) == [
        ("day-ahead", str(tomorrow)),
        ("description", ""),
    ]
    assert found_in("<p>One.</p>", checked_on=timezone.localdate()) == []


def test_title_and_summary_are_looked_at_too():
    found = findings(page_with("<p>One.</p>", title="A cure", summary="It is guaranteed."))
    assert [(finding.field, finding.block_id, finding.words) for finding in found] == [
        ("title", "", "cure"),
        ("summary", "", "guaranteed"),
    ]


def test_lines_that_are_published_with_the_center_are_looked_at_too():
    center = Center.objects.get()
    center.holidays = [Holiday(day=dt.date(2026, 12, 25), name="Guaranteed rest")]
    center.texts = [CenterTexts(directions="We cure people near the mall.")]
    found = sorted((finding.field, finding.words) for finding in findings(center))
    assert found == [("holidays-FORMS", "Guaranteed"), ("texts-FORMS", "cure")]


def test_reason_counts_for_the_sentences_alone():
    one = digest(findings(page_with("<p>It is guaranteed.</p>")))
    assert digest(findings(page_with("<p>Other words. It is guaranteed.</p>", "<p>More.</p>"))) == one
    assert digest(findings(page_with("<p>It is guaranteed to work.</p>"))) != one


def test_starter_content_is_held_by_nothing():
    found = {page.slug: findings(page) for page in Page.objects.type(SitePage).specific().order_by("path")}
    assert len(found) > 20
    assert [(slug, finding) for slug in found for finding in found[slug] if finding.level in (STOP, EXPLAIN)] == []
    assert sum(map(len, found.values())) < 5


def preview(client, page, body):
    url = reverse("wagtailadmin_pages:preview_on_edit", args=[page.pk])
    assert client.post(url, form(body)).json()["is_valid"]
    return client.get(url, {"in_preview_panel": "true"}).content.decode()


def test_preview_marks_the_places_and_readers_see_no_mark(admin_client, client):
    body = "<p>Our <b>guaranteed</b> plan &amp; addicts.</p>"
    page = page_with(body, search_description="", live=False, slug="rest")
    HomePage.objects.get().add_child(instance=page)
    html = preview(admin_client, page, body)
    assert '<b><mark data-finding="claim">guaranteed</mark></b>' in html
    assert '<mark data-finding="word">addicts</mark>' in html
    assert 'data-finding="description"' not in html  # the form told one
    ContentPage.objects.filter(pk=page.pk).update(live=True)
    public = client.get("/rest/").content.decode()
    assert "guaranteed" in public
    assert "data-finding" not in public
    assert "userbar" not in public


def test_checks_panel_has_a_rule_for_each_kind(admin_client):
    page = page_with("<p>One.</p>", live=False)
    HomePage.objects.get().add_child(instance=page)
    response = admin_client.get(reverse("wagtailadmin_pages:edit", args=[page.pk]))
    checks = next(panel for panel in response.context["side_panels"] if panel.name == "checks")
    configuration = checks.get_axe_configuration()
    rules = {rule["id"]: rule for rule in configuration["spec"]["rules"]}
    assert set(RULES) <= set(rules)
    assert set(RULES) <= set(configuration["options"]["runOnly"])
    assert {rules[kind]["selector"] for kind in RULES} == {f'[data-finding~="{kind}"]' for kind in RULES}
    assert all(configuration["messages"][kind]["help_text"] for kind in RULES)
