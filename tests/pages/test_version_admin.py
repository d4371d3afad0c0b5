"""Editing versions in the admin with real posts: each one opens the form and sends what a browser would send."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from faq.models import AnswerVersion
from pages.models import PageVersion
from tests.pages.helpers import (
    admin_url,
    answer_version,
    any_source,
    content_rows,
    newest,
    open_form,
    page_version,
    rows,
    said,
    send,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
both_kinds = pytest.mark.parametrize("make", [page_version, answer_version])
TAMPERED = (
    '<h4>a</h4><p onclick="alert(1)" style="color:red">b<script>alert(1)</script><img src=x onerror=alert(1)></p>'
    '<p><a href="javascript:alert(1)">c</a></p><iframe src="https://e.org/"></iframe><style>p{color:red}</style>'
)
REDUCED = 'a<p>b</p><p><a rel="noreferrer">c</a></p>'


@pytest.fixture
def editor(client, make_staff):
    client.force_login(make_staff("editor", username="erin"))
    return client


@pytest.fixture
def publisher(client, make_staff):
    client.force_login(make_staff("publisher", username="pat"))
    return client


def body_field(version):
    return "sections-0-body" if isinstance(version, PageVersion) else "body"


def body_of(version):
    return version.sections.get().body if isinstance(version, PageVersion) else version.body


def public(client, version):
    return client.get(version.subject.get_absolute_url())


def local(moment):
    """A moment as the browser's date and time box sends it: Arizona's time, without a zone."""
    return moment.astimezone(ZoneInfo("America/Phoenix")).strftime("%Y-%m-%dT%H:%M")


# Drafts beside the live text


@both_kinds
def test_edit_of_a_live_text_makes_a_new_draft_and_readers_see_the_old_one(editor, make):
    live = make(begins=timezone.now() - HOUR, title="As it was")
    before = content_rows()
    response = send(editor, live, title="As it will be", **{body_field(live): "<p>New words [1].</p>"})
    draft = newest(live)
    assert response.status_code == 302
    assert response["Location"] == admin_url(draft)
    assert said(response) == ["Saved as a draft. Readers still see what they saw before."]
    assert (draft.state(), draft.title, body_of(draft)) == ("draft", "As it will be", "<p>New words [1].</p>")
    assert draft.created_by.username == "erin"
    assert [c.source for c in draft.citations.all()] == [any_source()]
    assert b"As it was" in public(editor, live).content
    assert b"As it will be" not in public(editor, live).content
    for label, kept in before.items():  # nothing that was there has changed
        assert [row for row in kept if row not in content_rows()[label]] == []


@both_kinds
def test_edit_of_a_draft_changes_the_draft_itself(editor, make):
    draft = make(title="First try")
    response = send(editor, draft, title="Second try")
    assert response["Location"] == admin_url(draft)
    assert list(type(draft).objects.filter(title__endswith=" try").values_list("title")) == [("Second try",)]


@both_kinds
@pytest.mark.parametrize("condition", ["replaced", "expired"])
def test_edit_of_an_old_text_makes_a_new_draft(editor, make, condition):
    now = timezone.now()
    old = make(begins=now - 3 * HOUR, ends=now - 2 * HOUR if condition == "expired" else None, title="Old")
    if condition == "replaced":
        make(old.subject, begins=now - HOUR)
    count = old.subject.versions.count()
    send(editor, old, title="Restored")
    assert (newest(old).title, newest(old).state()) == ("Restored", "draft")
    assert old.subject.versions.count() == count + 1
    assert type(old).objects.get(pk=old.pk).title == "Old"


def test_section_can_be_added_changed_and_removed_in_one_edit(editor):
    live = page_version(begins=timezone.now() - HOUR)
    send(editor, live, title="Two sections")
    draft = newest(live)
    added = {
        "sections-TOTAL_FORMS": "2",
        "sections-0-DELETE": "on",
        "sections-1-position": "2",
        "sections-1-kind": "steps",
        "sections-1-heading": "Second",
        "sections-1-body": "<ol><li>Call</li></ol>",
        "sections-1-version": str(draft.pk),
    }
    send(editor, draft, **added)
    assert [(s.kind, s.heading, s.body) for s in draft.sections.all()] == [
        ("steps", "Second", "<ol><li>Call</li></ol>")
    ]
    assert [section.heading for section in live.sections.all()] == ["First"]


def test_removing_a_section_of_a_live_page_removes_it_from_the_draft_only(editor):
    live = page_version(begins=timezone.now() - HOUR)
    send(editor, live, **{"sections-0-DELETE": "on"})
    assert newest(live).pk != live.pk
    assert (newest(live).sections.count(), live.sections.count()) == (0, 1)


def test_first_draft_of_a_new_page_is_written_from_its_link(editor):
    page = page_version().page
    page.versions.all().delete()
    link = admin_url(PageVersion, "add", page=page.pk)
    assert f'href="{link}"' in editor.get(admin_url(type(page), "changelist")).content.decode()
    form = open_form(editor, link, PageVersion)
    assert form.fields["page"] == str(page.pk)
    words = {"title": "First words", "description": "About it", "summary": "In short.", "_save": "1"}
    editor.post(link, form.fields | words)
    assert [(v.title, v.publish_at) for v in page.versions.all()] == [("First words", None)]


@both_kinds
def test_edited_starter_text_becomes_an_editors_text(editor, make):
    live = make(begins=timezone.now() - HOUR)
    type(live).objects.filter(pk=live.pk).update(starter_digest="a" * 64)
    send(editor, live)
    assert newest(live).starter_digest == ""


@both_kinds
def test_tampered_text_is_reduced_to_the_allow_list(editor, make):
    draft = make()
    response = send(editor, draft, **{body_field(draft): TAMPERED})
    assert response.status_code == 302
    assert body_of(newest(draft)) == REDUCED


# Preview


@both_kinds
@pytest.mark.parametrize("begun", [False, True], ids=["a draft", "a live text"])
def test_preview_shows_the_unsaved_words_and_stores_nothing(editor, make, begun):
    version = make(begins=timezone.now() - HOUR if begun else None, title="As stored")
    fields = open_form(editor, admin_url(version), type(version)).fields
    before = rows()
    unsaved = {"title": "Unsaved title", body_field(version): "<p>Unsaved words [1].<script>alert(1)</script></p>"}
    response = editor.post(admin_url(version), fields | unsaved | {"_preview": "1"})
    html = response.content.decode()
    assert response.status_code == 200
    assert ("Unsaved title" in html, "As stored" in html, "<script>alert(1)" in html) == (True, False, False)
    assert '<p>Unsaved words <a class="source-mark"' in html
    assert "Preview. Nobody else sees this, and nothing was saved." in html
    assert "no-store" in response["Cache-Control"]
    assert rows() == before


def test_preview_of_a_page_that_was_never_saved_stores_nothing(editor):
    page = page_version().page
    url = admin_url(PageVersion, "add", page=page.pk)
    fields = open_form(editor, url, PageVersion).fields
    before = rows()
    words = {"title": "Unsaved title", "description": "About it", "summary": "In short.", "_preview": "1"}
    response = editor.post(url, fields | words)
    assert "<h1>Unsaved title</h1>" in response.content.decode()
    assert rows() == before


@both_kinds
def test_preview_by_a_publisher_leaves_the_schedule_alone(publisher, make):
    version = make(begins=timezone.now() + HOUR)
    fields = open_form(publisher, admin_url(version), type(version)).fields
    before = rows()
    pressed_both = {"title": "Unsaved title", "_preview": "1", "_publish": "1"}
    assert "Unsaved title" in publisher.post(admin_url(version), fields | pressed_both).content.decode()
    assert rows() == before


@both_kinds
def test_preview_with_a_mistake_shows_the_form_again(editor, make):
    version = make()
    fields = open_form(editor, admin_url(version), type(version)).fields
    before = rows()
    response = editor.post(admin_url(version), fields | {"title": "", "_preview": "1"})
    assert (response.status_code, "This field is required." in response.content.decode()) == (200, True)
    assert rows() == before


# Publishing


@both_kinds
def test_editor_has_no_button_and_no_field_to_publish(editor, make):
    form = open_form(editor, admin_url(make(begins=timezone.now() - HOUR)), make().__class__)
    assert form.buttons == ["_save", "_preview"]
    assert "publish_from" not in form.fields


@both_kinds
def test_publisher_has_the_buttons_that_fit_the_state(publisher, make):
    live = make(begins=timezone.now() - HOUR)
    buttons = [open_form(publisher, admin_url(version), type(version)).buttons for version in (live, make())]
    assert buttons == [["_save", "_preview", "_publish", "_offline"], ["_save", "_preview", "_publish"]]


@both_kinds
@pytest.mark.parametrize("publish_from", ["", "2020-01-01T09:00", "2090-01-01T09:00", "nonsense"])
def test_forged_publishing_by_an_editor_only_saves_a_draft(editor, make, publish_from):
    draft = make(title="Draft")
    response = send(editor, draft, "_publish", title="Edited", publish_from=publish_from)
    assert said(response) == ["Saved as a draft. Readers still see what they saw before."]
    assert (newest(draft).title, newest(draft).publish_at) == ("Edited", None)
    assert public(editor, draft).status_code == 404


@both_kinds
def test_forged_taking_offline_by_an_editor_only_saves_a_draft(editor, make):
    live = make(begins=timezone.now() - HOUR)
    send(editor, live, "_offline")
    assert type(live).objects.get(pk=live.pk).expire_at is None
    assert newest(live).state() == "draft"
    assert public(editor, live).status_code == 200


@both_kinds
def test_publisher_publishes_at_once(publisher, make):
    live = make(begins=timezone.now() - HOUR, title="As it was")
    response = send(publisher, live, "_publish", title="As it is")
    assert said(response) == ["Published. Readers see it now."]
    assert (newest(live).title, newest(live).state()) == ("As it is", "live")
    html = public(publisher, live).content.decode()
    assert ("As it is" in html, "As it was" in html) == (True, False)


@both_kinds
def test_second_click_on_publish_makes_no_second_version(publisher, make):
    draft = make(title="Once")
    url = admin_url(draft)
    fields = open_form(publisher, url, type(draft)).fields | {"title": "Once only", "_publish": "1"}
    answers = [said(publisher.post(url, fields))[-1] for _ in range(2)]
    assert answers == ["Published. Readers see it now.", "Nothing was changed: readers see exactly this."]
    assert [(version.pk, version.title) for version in draft.subject.versions.all()] == [(draft.pk, "Once only")]


@both_kinds
def test_old_text_is_brought_back_by_publishing_it_again(publisher, make):
    old = make(begins=timezone.now() - 2 * HOUR, title="The old one")
    make(old.subject, begins=timezone.now() - HOUR, title="The new one")
    assert said(send(publisher, old, "_publish")) == ["Published. Readers see it now."]
    assert (newest(old).title, old.subject.versions.count()) == ("The old one", 3)


@both_kinds
def test_publish_on_a_scheduled_text_keeps_its_time(publisher, make):
    begins = datetime(2090, 7, 4, 9, 30, tzinfo=ZoneInfo("America/Phoenix"))
    scheduled = make(begins=begins)
    send(publisher, scheduled, "_publish", title="Mended")
    assert (newest(scheduled).title, newest(scheduled).publish_at) == ("Mended", begins)


@both_kinds
def test_publisher_schedules_in_arizona_time(publisher, make):
    draft = make()
    begins = datetime(2090, 7, 4, 9, 30, tzinfo=ZoneInfo("America/Phoenix"))
    response = send(publisher, draft, "_publish", publish_from=local(begins))
    assert said(response) == ["Scheduled. Readers will see it from July 4, 2090, 09:30."]
    scheduled = newest(draft)
    assert (scheduled.pk, scheduled.publish_at, scheduled.state()) == (draft.pk, begins, "scheduled")
    assert public(publisher, draft).status_code == 404
    assert [v.pk for v in draft.subject.versions.live(begins)] == [draft.pk]


@both_kinds
def test_publishing_from_a_day_that_has_passed_begins_now(publisher, make):
    draft = make()
    before = timezone.now()
    response = send(publisher, draft, "_publish", publish_from="2020-01-01T09:00")
    assert said(response) == ["Published. Readers see it now."]
    assert before <= newest(draft).publish_at <= timezone.now()


@both_kinds
def test_time_to_publish_that_is_none_is_refused_with_a_sentence(publisher, make):
    draft = make()
    assert b"more than a hundred years" in send(publisher, draft, "_publish", publish_from="9999-12-31T23:59").content
    response = send(publisher, draft, "_publish", publish_from="soon")
    assert (response.status_code, "Enter a valid date/time." in response.content.decode()) == (200, True)
    assert newest(draft).publish_at is None


@both_kinds
def test_second_version_for_one_moment_is_refused_with_a_sentence(publisher, make):
    begins = datetime(2090, 7, 4, 9, 30, tzinfo=ZoneInfo("America/Phoenix"))
    first = make(begins=begins)
    second = make(first.subject)
    response = send(publisher, second, "_publish", title="Second", publish_from=local(begins))
    assert said(response) == ["Not published, but kept as a draft: another version begins at that moment."]
    assert (newest(first).title, newest(first).publish_at) == ("Second", None)
    assert type(first).objects.get(pk=first.pk).publish_at == begins


@both_kinds
def test_scheduled_text_is_fixed_for_an_editor(editor, make):
    scheduled = make(begins=timezone.now() + HOUR, title="As approved")
    send(editor, scheduled, title="Not approved")
    assert (newest(scheduled).title, newest(scheduled).publish_at) == ("Not approved", None)
    in_two_hours = scheduled.subject.versions.live(timezone.now() + 2 * HOUR)
    assert [version.title for version in in_two_hours] == ["As approved"]


@both_kinds
def test_publisher_takes_a_scheduled_text_off_the_schedule_by_saving_it(publisher, make):
    scheduled = make(begins=timezone.now() + HOUR)
    send(publisher, scheduled, title="Not yet")
    assert (newest(scheduled).pk, newest(scheduled).title) == (scheduled.pk, "Not yet")
    assert newest(scheduled).publish_at is None


@both_kinds
def test_publisher_moves_a_scheduled_text(publisher, make):
    scheduled = make(begins=timezone.now() + HOUR)
    begins = datetime(2090, 7, 4, 9, 30, tzinfo=ZoneInfo("America/Phoenix"))
    send(publisher, scheduled, "_publish", publish_from=local(begins))
    assert [v.publish_at for v in scheduled.subject.versions.all()] == [begins]


@both_kinds
def test_publisher_takes_a_page_offline(publisher, make):
    live = make(begins=timezone.now() - HOUR)
    assert public(publisher, live).status_code == 200
    response = send(publisher, live, "_offline", title="Not saved")
    assert said(response) == ["Taken off-line. Its address now answers “not found”."]
    assert public(publisher, live).status_code == 404
    assert [version.state() for version in type(live).objects.with_states().filter(pk=live.pk)] == ["expired"]
    assert newest(live).title != "Not saved"


@both_kinds
def test_taking_offline_what_is_not_live_changes_nothing_and_says_so(publisher, make):
    old = make(begins=timezone.now() - 2 * HOUR)
    make(old.subject, begins=timezone.now() - HOUR)
    before = content_rows()
    for version in (old, make(old.subject)):
        before = content_rows()
        response = send(publisher, version, "_offline")
        assert said(response) == ["Nothing was changed: readers do not see this version."]
        assert content_rows() == before
    assert LogEntry.objects.count() == 0


@both_kinds
def test_history_tells_who_published_and_who_took_offline(publisher, make):
    version = make()
    send(publisher, version, "_publish", title="Edited")
    send(publisher, version, "_offline")
    entries = LogEntry.objects.order_by("pk").filter(object_id=version.pk)
    told = [(entry.user.username, entry.get_change_message()) for entry in entries]
    assert told == [("pat", "Changed Title."), ("pat", "Changed begins."), ("pat", "Changed ends.")]


# Checks


@both_kinds
@pytest.mark.parametrize("mark", ["[2]", "[0]", "[99]"])
def test_mark_without_a_source_is_not_published_but_kept_as_a_draft(publisher, make, mark):
    live = make(begins=timezone.now() - HOUR, title="As it was")
    response = send(publisher, live, "_publish", title="New", **{body_field(live): f"<p>Words [1] {mark}.</p>"})
    heading = "First" if make is page_version else "Answer"
    assert said(response) == [
        f"Not published, but kept as a draft: “{heading}” has the mark {mark}, and there are 1 sources."
    ]
    assert (newest(live).title, newest(live).state()) == ("New", "draft")
    assert b"As it was" in public(publisher, live).content


def test_mark_is_published_once_it_has_its_source(publisher):
    draft = page_version(body="<p>Words [2].</p>")
    second = type(any_source()).objects.exclude(pk=any_source().pk)[0]
    added = {
        "citations-TOTAL_FORMS": "2",
        "citations-1-position": "2",
        "citations-1-source": str(second.pk),
        "citations-1-version": str(draft.pk),
    }
    assert said(send(publisher, draft, "_publish", **added)) == ["Published. Readers see it now."]


@both_kinds
def test_words_to_avoid_and_hard_sentences_give_a_warning_and_are_saved(editor, make):
    draft = make()
    hard = "<p>Notwithstanding considerable methodological heterogeneity, observational investigations demonstrate.</p>"
    response = send(editor, draft, title="For addicts", **{body_field(draft): f"<p>An addict may call.</p>{hard}"})
    part = "First" if make is page_version else "Answer"
    advice = "“{}”. Better: person with a substance use disorder"
    warnings = said(response)
    assert f"Title: {advice.format('addicts')}" in warnings
    assert f"{part}: {advice.format('addict')}" in warnings
    assert [warning.partition(" at grade ")[0] for warning in warnings if "grade" in warning] == [f"{part}: reads"]
    assert newest(draft).title == "For addicts"


def test_word_to_avoid_in_the_heading_of_a_section_gives_a_warning(editor):
    response = send(editor, page_version(), **{"sections-0-heading": "Signs of abuse"})
    assert said(response)[0] == "Signs of abuse: “abuse”. Better: use, misuse (of a medicine) or use disorder"


@both_kinds
def test_plain_words_give_no_warning(editor, make):
    response = send(editor, make(), title="Rest")
    assert said(response) == ["Saved as a draft. Readers still see what they saw before."]


# Deleting


@both_kinds
@pytest.mark.parametrize("condition", ["live", "scheduled", "expired", "replaced"])
@pytest.mark.parametrize("role", ["editor", "publisher"])
def test_only_drafts_can_be_deleted(client, make_staff, make, condition, role):
    client.force_login(make_staff(role))
    now = timezone.now()
    begins = now + HOUR if condition == "scheduled" else now - 3 * HOUR
    version = make(begins=begins, ends=now - 2 * HOUR if condition == "expired" else None)
    if condition == "replaced":
        make(version.subject, begins=now - HOUR)
    before = content_rows()
    assert b"Delete this draft" not in client.get(admin_url(version)).content
    assert client.get(admin_url(version, "delete")).status_code == 403
    assert client.post(admin_url(version, "delete"), {"post": "yes"}).status_code == 403
    assert content_rows() == before


@both_kinds
def test_draft_is_deleted_with_its_parts(editor, make):
    live = make(begins=timezone.now() - HOUR)
    before = content_rows()
    draft = make(live.subject)
    assert b"Delete this draft" in editor.get(admin_url(draft)).content
    assert editor.post(admin_url(draft, "delete"), {"post": "yes"}).status_code == 302
    assert content_rows() == before


@both_kinds
def test_list_of_versions_offers_no_bulk_deletion(publisher, make):
    version = make()
    form = {"action": "delete_selected", "_selected_action": version.pk, "post": "yes"}
    publisher.post(admin_url(type(version), "changelist"), form)
    assert type(version).objects.filter(pk=version.pk).exists()
    assert b'name="action"' not in publisher.get(admin_url(type(version), "changelist")).content


# Nonsense


@both_kinds
def test_list_tells_the_state_of_each_version_of_one_subject(editor, make):
    live = make(begins=timezone.now() - HOUR, title="The live one")
    make(live.subject, title="The draft")
    make(title="Of another subject")
    url = admin_url(type(live), "changelist") + f"?{live.subject_field}__id__exact={live.subject.pk}"
    html = editor.get(url).content.decode()
    assert [html.count(f">{title}</a>") for title in ("The live one", "The draft", "Of another subject")] == [1, 1, 0]
    assert [html.count(f'"field-state_label">{label}<') for label in ("Live", "Draft")] == [1, 1]


@both_kinds
@pytest.mark.parametrize("key", ["999999", "abc", "1_27", "99999999999999999999999"])
def test_version_that_does_not_exist_leads_away(publisher, make, key):
    url = admin_url(make()).rsplit("/", 3)[0] + f"/{key}/change/"
    for button in ("_save", "_publish", "_preview", "_offline"):
        response = publisher.post(url, {"title": "x", button: "1"})
        assert (response.status_code, response["Location"]) == (302, "/admin/")


def without(prefix):
    return lambda fields: {name: value for name, value in fields.items() if not name.startswith(prefix)}


NONSENSE = {
    "no management form": without("citations-TOTAL_FORMS"),
    "no inline at all": without("citations-"),
    "nothing": lambda fields: {},
    "count is a word": lambda fields: fields | {"citations-TOTAL_FORMS": "many"},
    "count is huge": lambda fields: fields | {"citations-TOTAL_FORMS": "99999999"},
    "source of no row": lambda fields: fields | {"citations-0-source": "999999"},
    "place is huge": lambda fields: fields | {"citations-0-position": "9" * 30},
    "place is negative": lambda fields: fields | {"citations-0-position": "-1"},
    "date is none": lambda fields: fields | {"checked_on": "2026-02-30"},
    "title is too long": lambda fields: fields | {"title": "x" * 121},
    "NUL in the title": lambda fields: fields | {"title": "a\x00b"},
    "subject is a word": lambda fields: fields | {"page": "abc", "question": "abc"},
    "one source twice": lambda fields: (
        fields
        | {"citations-TOTAL_FORMS": "2"}
        | {f"citations-1-{name}": fields[f"citations-0-{name}"] for name in ("position", "source", "version")}
    ),
}


@both_kinds
@pytest.mark.parametrize("spoil", NONSENSE.values(), ids=NONSENSE)
@pytest.mark.parametrize("begun", [False, True], ids=["a draft", "a live text"])
def test_nonsense_gets_a_page_and_changes_nothing(publisher, make, spoil, begun):
    version = make(begins=timezone.now() - HOUR if begun else None)
    fields = spoil(open_form(publisher, admin_url(version), type(version)).fields)
    before = content_rows()
    response = publisher.post(admin_url(version), fields | {"_publish": "1"})
    assert (response.status_code, "errornote" in response.content.decode()) == (200, True)
    assert content_rows() == before


@both_kinds
@pytest.mark.parametrize("field", ["id", "TOTAL_FORMS", "INITIAL_FORMS"])
def test_sources_of_other_versions_cannot_be_taken_by_a_forged_form(editor, make, field):
    mine, other = make(), make()
    forged = {
        "id": {"citations-0-id": str(other.citations.get().pk), "citations-0-position": "5"},
        "TOTAL_FORMS": {"citations-TOTAL_FORMS": "-1"},
        "INITIAL_FORMS": {"citations-INITIAL_FORMS": "7"},
    }
    before = list(other.citations.values())
    assert send(editor, mine, **forged[field]).status_code == 302
    assert list(other.citations.values()) == before
    assert [citation.source for citation in mine.citations.all()] == [any_source()]


@both_kinds
def test_view_permission_alone_shows_the_text_and_changes_nothing(client, make_staff, make):
    version = make()
    viewer = make_staff()
    viewer.user_permissions.set(Permission.objects.filter(codename=f"view_{type(version)._meta.model_name}"))
    client.force_login(viewer)
    assert client.get(admin_url(version)).status_code == 200
    before = content_rows()
    for button in ("_save", "_publish", "_offline"):
        assert client.post(admin_url(version), {"title": "x", button: "1"}).status_code == 403
    assert content_rows() == before


@both_kinds
def test_draft_that_began_while_its_form_was_open_is_not_changed(editor, make):
    version = make(title="As approved")
    fields = open_form(editor, admin_url(version), type(version)).fields
    version.publish()
    editor.post(admin_url(version), fields | {"title": "Too late", "_save": "1"})
    assert type(version).objects.get(pk=version.pk).title == "As approved"
    assert (newest(version).title, newest(version).publish_at) == ("Too late", None)


def test_starter_pages_and_answers_can_be_edited_as_they_are(editor):
    for model in (PageVersion, AnswerVersion):
        for version in model.objects.live():
            response = send(editor, version)
            assert response.status_code == 302
            assert said(response) == ["Saved as a draft. Readers still see what they saw before."]
            assert editor.get(response["Location"]).status_code == 200
