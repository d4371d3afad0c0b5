"""Each way to publish, with words that may reach readers and with words that may not."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.models import GroupApprovalTask, PageLogEntry, Workflow, WorkflowPage, WorkflowTask
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from pages import content_checks
from pages.models import ContentPage, HomePage, Notice, Source
from pages.publishing import EXPLAINED, HELD, PublishRefused, explain, held_back
from pages.publishing_admin import explain_url
from pages.rich_text import FEATURES
from tests.pages.cms_form import fields_of

pytestmark = pytest.mark.django_db

GOOD = "<p>We help people rest.</p>"
CLAIM = "<p>Our guaranteed plan helps people rest.</p>"
AMOUNT = "<p>Take 5 grams of kratom per day.</p>"
GONE = '<p>People rest <a linktype="source" id="99999">[gone]</a>.</p>'
TYPED = "<p>People rest [3].</p>"
HELD_ALWAYS = [GONE, TYPED]
HELD_WORDS = [CLAIM, AMOUNT, *HELD_ALWAYS]


@pytest.fixture
def boss(admin_client):
    return admin_client


@pytest.fixture
def rest():
    """A live page with good words."""
    page = ContentPage(title="Rest", summary="In short.", search_description="About rest.", live=False)
    page.sections = [("text", {"heading": "Sleep", "body": GOOD})]
    HomePage.objects.get().add_child(instance=page)
    page.publish(page.save_revision())
    return ContentPage.objects.get(pk=page.pk)


def latest(page):
    """The newest draft of a page as it is stored now."""
    return ContentPage.objects.get(pk=page.pk).get_latest_revision_as_object()


def draft(page, body, **fields):
    """A new draft of a page with these words. Returns its revision."""
    page = latest(page)
    page.sections = [("text", {"heading": "Sleep", "body": body})]
    for name, value in fields.items():
        setattr(page, name, value)
    return page.save_revision(clean=False)


def seen_by_readers(page):
    return "".join(child.value["body"].source for child in ContentPage.objects.get(pk=page.pk).sections)


def form(body, **fields):
    """What the page form sends."""
    return nested_form_data(
        {
            "title": "Rest",
            "slug": "rest",
            "summary": "In short.",
            "search_description": "About rest.",
            "sections": streamfield([("text", {"heading": "Sleep", "body": rich_text(body, features=FEATURES)})]),
            "seo_title": "",
            "menu": "",
            "menu_label": "",
            "menu_position": "0",
            "checked_on": "",
            "written_by": "",
            "go_live_at": "",
            "expire_at": "",
            "comments": {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": ""},
            **fields,
        }
    )


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


# The ways to publish: each takes (browser of a superuser, page, words) and tries


def press_publish(boss, page, body):
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    return boss.post(url, form(body) | {"action-publish": "1"}, follow=True)


def publish_in_bulk(boss, page, body):
    draft(page, body)
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    return boss.post(f"{url}?id={page.pk}&next=/cms/", {"include_descendants": ""}, follow=True)


def publish_from_parent_in_bulk(boss, page, body):
    page.unpublish()
    draft(page, body)
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    return boss.post(f"{url}?id={page.get_parent().pk}&next=/cms/", {"include_descendants": "on"}, follow=True)


def approve(boss, page, body):
    task = GroupApprovalTask.objects.create(name="Look")
    workflow = Workflow.objects.create(name="Look")
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=1)
    WorkflowPage.objects.create(workflow=workflow, page=page)
    draft(page, body)
    state = workflow.start(page, None)
    url = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", state.current_task_state.pk])
    response = boss.post(url, {"comment": ""}, follow=True)
    state.refresh_from_db()
    assert (state.status == "approved") == (seen_by_readers(page) == body)
    return response


def restore_an_old_revision(boss, page, body):
    old = draft(page, body)
    draft(page, GOOD)
    url = reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, old.pk])
    return boss.post(url, form(body) | {"action-publish": "1", "revision": str(old.pk)}, follow=True)


IN_THE_CMS = [press_publish, publish_in_bulk, publish_from_parent_in_bulk, approve, restore_an_old_revision]


@pytest.mark.parametrize("publish", IN_THE_CMS)
def test_words_that_may_be_said_reach_readers(boss, rest, publish):
    body = "<p>We help people sleep.</p>"
    publish(boss, rest, body)
    assert "We help people sleep." in seen_by_readers(rest)


@pytest.mark.parametrize("moment", ["9999-12-31 23:59", "0001-01-01 00:00", "20266-11-24 09:00"])
@pytest.mark.parametrize("name", ["go_live_at", "expire_at"])
def test_page_that_begins_or_ends_in_another_age_is_refused_in_words(boss, rest, name, moment):
    url = reverse("wagtailadmin_pages:edit", args=[rest.pk])
    refused = boss.post(url, form("<p>We help people sleep.</p>", **{name: moment}) | {"action-publish": "1"})
    words = refused.content.decode()
    assert (refused.status_code, "Check the year: it" in words, "We help people sleep." in words) == (200, True, True)
    assert "We help people rest." in seen_by_readers(rest)


@pytest.mark.parametrize("publish", IN_THE_CMS)
@pytest.mark.parametrize("body", HELD_WORDS)
def test_words_that_may_not_be_said_stay_a_draft(boss, rest, publish, body):
    response = publish(boss, rest, body)
    assert response.status_code == 200
    assert "We help people rest." in seen_by_readers(rest)
    kept = latest(rest).sections[0].value["body"].source
    if publish is not publish_from_parent_in_bulk:
        assert ("was not published" in said(response), "was published" in said(response)) == (True, False)
    assert [word in kept for word in ("guaranteed", "5 grams", "99999", "[3]")].count(True) == 1


def test_new_page_that_is_held_is_kept_as_a_draft(boss):
    url = reverse("wagtailadmin_pages:add", args=["pages", "contentpage", HomePage.objects.get().pk])
    response = boss.post(url, form(CLAIM, slug="new") | {"action-publish": "1"}, follow=True)
    page = ContentPage.objects.get(slug="new")
    assert (page.live, page.get_latest_revision().pk) == (False, page.latest_revision_id)
    assert "guaranteed" in said(response)
    assert boss.get("/new/").status_code == 404


def test_new_page_with_good_words_is_published(boss):
    url = reverse("wagtailadmin_pages:add", args=["pages", "contentpage", HomePage.objects.get().pk])
    boss.post(url, form(GOOD, slug="new") | {"action-publish": "1"})
    assert ContentPage.objects.get(slug="new").live
    assert boss.get("/new/").status_code == 200


@pytest.mark.parametrize("body", HELD_WORDS)
def test_refusal_leads_to_the_place_of_each_finding(boss, rest, body):
    response = press_publish(boss, rest, body)
    block = latest(rest).sections[0].id
    assert f'href="/cms/pages/{rest.pk}/edit/#block-{block}-section"' in said(response)
    assert f"&quot;id&quot;: &quot;{block}&quot;" in response.content.decode()


def test_shell_publishes_nothing_that_is_held(rest):
    with pytest.raises(PublishRefused):
        draft(rest, CLAIM).publish()
    with pytest.raises(PublishRefused):
        rest.publish(draft(rest, TYPED))
    rest.sections = [("text", {"heading": "Sleep", "body": AMOUNT})]
    with pytest.raises(PublishRefused):
        rest.save()
    new = ContentPage(title="New", summary="Our guaranteed cure.", search_description="New.")
    with pytest.raises(PublishRefused):
        HomePage.objects.get().add_child(instance=new)
    assert "We help people rest." in seen_by_readers(rest)


def test_day_that_has_not_come_stops_publishing(rest):
    with pytest.raises(PublishRefused):
        draft(rest, GOOD, checked_on=timezone.localdate() + dt.timedelta(days=1)).publish()
    draft(rest, GOOD, checked_on=timezone.localdate()).publish()
    assert ContentPage.objects.get(pk=rest.pk).checked_on == timezone.localdate()


def test_schedule_is_refused_for_words_that_are_held(boss, rest):
    soon = timezone.localtime() + dt.timedelta(days=1)
    url = reverse("wagtailadmin_pages:edit", args=[rest.pk])
    fields = form(CLAIM, go_live_at=soon.strftime("%Y-%m-%d %H:%M")) | {"action-publish": "1"}
    assert "was not published" in said(boss.post(url, fields, follow=True))
    rest.refresh_from_db()
    assert rest.scheduled_revision is None


def test_schedule_that_comes_due_is_called_off_and_told(boss, rest, clock):
    """The words were good when they were scheduled; then their source went."""
    source = Source.objects.create(key="rest", publisher="A", title="B", year=2020, url="https://example.org/")
    other = ContentPage(title="Other", summary="In short.", search_description="Other.", live=False)
    HomePage.objects.get().add_child(instance=other)
    soon = timezone.now() + dt.timedelta(hours=1)
    rest.publish(draft(rest, f"<p>People rest {source.as_mark()}.</p>", go_live_at=soon))
    other.go_live_at = soon + dt.timedelta(minutes=1)
    other.publish(other.save_revision())
    Source.objects.filter(pk=source.pk)._raw_delete("default")

    clock.shift(dt.timedelta(hours=2))
    call_command("publish_scheduled")

    rest, other = ContentPage.objects.get(pk=rest.pk), ContentPage.objects.get(pk=other.pk)
    assert other.live  # the command went on
    assert (rest.live, rest.scheduled_revision, rest.has_unpublished_changes) == (True, None, True)
    assert "We help people rest." in seen_by_readers(rest)
    assert [(held.pk, entry.action) for held, entry in held_back()] == [(rest.pk, HELD)]
    for front in ("/cms/", "/admin/"):
        assert "Scheduled, but not published" in boss.get(front).content.decode()
    history = boss.get(reverse("wagtailadmin_pages:history", args=[rest.pk])).content.decode()
    assert "Was not published at its scheduled time and stays a draft." in history

    draft(rest, GOOD, go_live_at=None).publish()
    assert held_back() == []
    assert "Scheduled, but not published" not in boss.get("/admin/").content.decode()


def test_reason_lets_a_claim_be_published_and_is_kept(client, make_staff, rest):
    publisher = make_staff("publisher")
    client.force_login(publisher)
    response = press_publish(client, rest, CLAIM)
    url = explain_url(rest)
    assert url in said(response)
    asked = client.get(url)
    assert "Our guaranteed plan helps people rest." in asked.content.decode()
    digest = asked.context["form"]["digest"].value()
    client.post(url, {"digest": digest, "reason": "The state board uses this very word."})
    assert "guaranteed" in seen_by_readers(rest)
    entry = PageLogEntry.objects.get(action=EXPLAINED, page=rest)
    assert (entry.user, entry.data["reason"]) == (publisher, "The state board uses this very word.")
    history = client.get(reverse("wagtailadmin_pages:history", args=[rest.pk])).content.decode()
    assert "The state board uses this very word." in history

    draft(rest, CLAIM + GOOD).publish()  # the reason counts for the sentence, whatever stands beside it
    with pytest.raises(PublishRefused):
        draft(rest, CLAIM + "<p>It is a guaranteed cure.</p>").publish()


def test_reason_for_other_sentences_publishes_nothing(boss, rest):
    press_publish(boss, rest, CLAIM)
    url = explain_url(rest)
    digest = boss.get(url).context["form"]["digest"].value()
    draft(rest, AMOUNT)
    response = boss.post(url, {"digest": digest, "reason": "The state board uses this very word."})
    assert "The sentences changed in the meantime." in response.content.decode()
    assert not PageLogEntry.objects.filter(action=EXPLAINED).exists()
    assert "We help people rest." in seen_by_readers(rest)


@pytest.mark.parametrize("body", HELD_ALWAYS)
def test_no_reason_helps_a_mark_without_a_source(boss, rest, body):
    url = explain_url(rest)
    assert url not in said(press_publish(boss, rest, CLAIM + body))
    digest = boss.get(url).context["form"]["digest"].value()
    response = boss.post(url, {"digest": digest, "reason": "The state board uses this."}, follow=True)
    assert "was not published" in said(response)
    assert "We help people rest." in seen_by_readers(rest)


def test_editor_who_may_not_publish_can_give_no_reason(client, make_staff, rest):
    draft(rest, CLAIM)
    client.force_login(make_staff("editor"))
    url = explain_url(rest)
    client.post(url, {"digest": "any", "reason": "Because I think so."})
    assert client.get(url).status_code != 200
    assert not PageLogEntry.objects.filter(action=EXPLAINED).exists()


@pytest.mark.parametrize(("alias", "is_shown"), [("", False), ("on", True)])
def test_reason_counts_for_an_alias_and_not_for_a_copy(boss, rest, alias, is_shown):
    revision = draft(rest, CLAIM)
    explain(rest, content_checks.findings(latest(rest)), "The state board uses this very word.", None)
    revision.publish()
    url = reverse("wagtailadmin_pages:copy", args=[rest.pk])
    fields = {"new_title": "Copy", "new_slug": "copy", "new_parent_page": rest.get_parent().pk}
    response = boss.post(url, fields | {"publish_copies": "on", "alias": alias}, follow=True)
    assert ("was not published" in said(response)) == (not is_shown)
    assert boss.get("/copy/").status_code == (200 if is_shown else 404)


@pytest.mark.parametrize(("role", "is_shown"), [("publisher", True), ("editor", False)])
def test_reason_lets_a_claim_in_a_notice_be_published(client, make_staff, role, is_shown):
    begins, ends = timezone.now(), timezone.now() + dt.timedelta(days=1)
    notice = Notice.objects.create(text="<p>Soon.</p>", shows_from=begins, shows_until=ends, live=False)
    notice.text = "<p>Our doors are open. Guaranteed.</p>"
    notice.save_revision()
    client.force_login(make_staff(role))
    digest = content_checks.digest(content_checks.findings(notice))
    client.post(explain_url(notice), {"digest": digest, "reason": "The state board uses this very word."})
    assert ("Guaranteed." in client.get("/").content.decode()) == is_shown
    assert Notice.objects.get().live == is_shown


@pytest.mark.parametrize("model", ["auth/user", "pages/source", "pages/nothing", "nothing/page"])
def test_reason_is_asked_for_nothing_else(boss, model):
    assert boss.get(f"/cms/say-why/{model}/1/").status_code == 404


def test_notice_that_is_held_is_shown_to_nobody():
    begins, ends = timezone.now(), timezone.now() + dt.timedelta(days=1)
    notice = Notice(text="<p>A guaranteed cure.</p>", shows_from=begins, shows_until=ends)
    with pytest.raises(PublishRefused):
        notice.save()
    notice.live = False
    notice.save()
    with pytest.raises(PublishRefused):
        notice.save_revision().publish()
    notice.text = "<p>We close at noon.</p>"
    notice.save_revision().publish()
    assert Notice.objects.get().live


def test_notice_that_is_held_stays_a_draft_in_its_form(boss):
    notice = Notice(text="<p>We close at noon.</p>", shows_until=timezone.now() + dt.timedelta(days=1), live=False)
    notice.save()
    notice.save_revision()
    url = reverse(Notice.snippet_viewset.get_url_name("edit"), args=[notice.pk])
    fields = fields_of(boss.get(url))
    fields["text"] = rich_text("<p>A guaranteed cure.</p>", features=["bold"])
    response = boss.post(url, fields | {"action-publish": "1"}, follow=True)
    assert "was not published" in said(response)
    notice.refresh_from_db()
    assert not notice.live
    assert "A guaranteed cure." in notice.get_latest_revision_as_object().text
