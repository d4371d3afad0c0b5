from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from pages.models import PageCitation, PageVersion, Section, Source
from pages.versions import PublishedVersionIsFixed
from tests.pages.helpers import NOW, answer_version, any_source, at_its_time, content_rows, page_version

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
both_kinds = pytest.mark.parametrize("make", [page_version, answer_version])


def live_title(version, at):
    siblings = type(version).objects.filter(**{version.subject_field: version.subject})
    return [found.title for found in siblings.live(at)]


@both_kinds
def test_draft_is_never_live(make):
    draft = make(title="Draft")
    assert live_title(draft, NOW) == []
    assert live_title(draft, NOW + timedelta(days=36500)) == []


@both_kinds
def test_newest_begun_version_wins_whatever_the_order_of_writing(make):
    newer = make(title="Newer", begins=NOW - HOUR)
    make(newer.subject, title="Older", begins=NOW - 2 * HOUR)
    make(newer.subject, title="Draft")
    assert live_title(newer, NOW) == ["Newer"]


@both_kinds
def test_scheduled_version_begins_by_the_clock_alone(make):
    live = make(title="Now", begins=NOW - HOUR)
    make(live.subject, title="Later", begins=NOW + HOUR)
    moments = [NOW, NOW + HOUR - timedelta(microseconds=1), NOW + HOUR, NOW + 2 * HOUR]
    assert [live_title(live, moment) for moment in moments] == [["Now"], ["Now"], ["Later"], ["Later"]]


@both_kinds
def test_expired_newest_version_takes_the_subject_offline_and_no_older_comes_back(make):
    older = make(title="Older", begins=NOW - 3 * HOUR)
    make(older.subject, title="Newest", begins=NOW - 2 * HOUR, ends=NOW)
    moments = [NOW - timedelta(microseconds=1), NOW, NOW + timedelta(days=3650)]
    assert [live_title(older, moment) for moment in moments] == [["Newest"], [], []]


@both_kinds
def test_later_version_ends_the_offline_time(make):
    expired = make(title="Expired", begins=NOW - 2 * HOUR, ends=NOW - HOUR)
    make(expired.subject, title="Back", begins=NOW + HOUR)
    assert [live_title(expired, moment) for moment in (NOW, NOW + HOUR)] == [[], ["Back"]]


@both_kinds
def test_versions_of_other_subjects_do_not_decide(make):
    one = make(title="One", begins=NOW - 2 * HOUR)
    two = make(title="Two", begins=NOW - HOUR, ends=NOW)
    assert one.subject != two.subject
    assert (live_title(one, NOW), live_title(two, NOW)) == (["One"], [])


@both_kinds
def test_states_are_told_as_the_clock_stands(make):
    replaced = make(title="replaced", begins=NOW - 3 * HOUR)
    for title, begins in [("live", NOW - 2 * HOUR), ("scheduled", NOW + HOUR), ("draft", None)]:
        make(replaced.subject, title=title, begins=begins)
    make(title="expired", begins=NOW - 2 * HOUR, ends=NOW - HOUR)
    model = type(replaced)
    states = {
        version.title: version.state(NOW) for version in model.objects.with_states(NOW).filter(title__in=model_states())
    }
    assert states == {state: state for state in model_states()}


def model_states():
    return ["draft", "scheduled", "live", "expired", "replaced"]


@both_kinds
def test_replaced_version_that_ended_is_told_as_replaced(make):
    ended = make(begins=NOW - 3 * HOUR, ends=NOW - 2 * HOUR)
    make(ended.subject, begins=NOW - HOUR)
    assert type(ended).objects.with_states(NOW).get(pk=ended.pk).state(NOW) == "replaced"


@both_kinds
def test_publishing_lets_a_draft_begin_now(make):
    draft = make()
    before = timezone.now()
    draft.publish()
    draft.refresh_from_db()
    assert before <= draft.publish_at <= timezone.now()
    assert live_title(draft, timezone.now()) == ["Sleep" if make is page_version else "Can I sleep?"]


@both_kinds
def test_publishing_is_never_back_dated(make):
    draft = make()
    before = timezone.now()
    draft.publish(before - timedelta(days=400))
    draft.refresh_from_db()
    assert before <= draft.publish_at <= timezone.now()


@both_kinds
def test_scheduled_version_can_be_moved_until_it_begins(make):
    version = make()
    first, second = timezone.now() + timedelta(days=2), timezone.now() + timedelta(days=1)
    version.publish(first)
    version.publish(second)
    version.refresh_from_db()
    assert version.publish_at == second
    at_its_time(version, timezone.now() - HOUR)
    with pytest.raises(PublishedVersionIsFixed):
        version.publish(first)


@both_kinds
def test_two_versions_of_a_subject_cannot_begin_at_one_moment(make):
    first = make(begins=NOW)
    second = make(first.subject)
    with pytest.raises(IntegrityError), transaction.atomic():
        at_its_time(second, NOW)
    other = make()
    assert at_its_time(other, NOW).publish_at == NOW  # another subject may


@both_kinds
def test_version_cannot_end_before_it_begins_or_without_beginning(make):
    version = make()
    for begins, ends in [(NOW, NOW - HOUR), (None, NOW)]:
        with pytest.raises(IntegrityError), transaction.atomic():
            at_its_time(version, begins, ends)


@both_kinds
def test_taking_offline_ends_the_live_version_and_says_so(make):
    version = make(begins=timezone.now() - HOUR)
    before = timezone.now()
    assert version.take_offline() is True
    version.refresh_from_db()
    assert before <= version.expire_at <= timezone.now()
    assert live_title(version, timezone.now()) == []


@both_kinds
@pytest.mark.parametrize("condition", ["draft", "scheduled", "replaced", "expired"])
def test_taking_offline_changes_nothing_where_readers_see_nothing(make, condition):
    now = timezone.now()
    times = {
        "draft": (None, None),
        "scheduled": (now + HOUR, None),
        "replaced": (now - 3 * HOUR, None),
        "expired": (now - 3 * HOUR, now - 2 * HOUR),
    }
    version = make(begins=times[condition][0], ends=times[condition][1])
    if condition == "replaced":
        make(version.subject, begins=now - HOUR)
    before = content_rows()
    assert version.take_offline() is False
    assert content_rows() == before


def changed(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def copy_under_the_same_key(version):
    fields = {field.attname: getattr(version, field.attname) for field in version._meta.concrete_fields}
    return type(version)(**fields | {"title": "Changed"})


def moved_to_a_new_draft(part, version):
    make = page_version if isinstance(version, PageVersion) else answer_version
    draft = make(version.subject)
    draft.citations.all().delete()
    part.version = draft
    return part


CHANGES_OF_ANY_VERSION = {
    "save": lambda version: changed(version, title="Changed").save(),
    "save one field": lambda version: changed(version, title="Changed").save(update_fields=["title"]),
    "unpublish": lambda version: changed(version, publish_at=None).save(),
    "overwrite by key": lambda version: copy_under_the_same_key(version).save(),
    "delete": lambda version: version.delete(),
    "change a source": lambda version: changed(version.citations.get(), position=7).save(),
    "remove a source": lambda version: version.citations.get().delete(),
    "add a source": lambda version: version.citations.create(source=Source.objects.exclude(pk=any_source().pk)[0]),
}
CHANGES_OF_A_PAGE = {
    "change a section": lambda version: changed(version.sections.get(), body="<p>Changed</p>").save(),
    "remove a section": lambda version: version.sections.get().delete(),
    "add a section": lambda version: version.sections.create(heading="Added"),
}
CHANGES = [
    *[(page_version, change) for change in (CHANGES_OF_ANY_VERSION | CHANGES_OF_A_PAGE).items()],
    *[(answer_version, change) for change in CHANGES_OF_ANY_VERSION.items()],
]
CHANGE_IDS = [f"{make.__name__}: {name}" for make, (name, _) in CHANGES]


@pytest.mark.parametrize(("make", "change"), CHANGES, ids=CHANGE_IDS)
@pytest.mark.parametrize("ended", [False, True], ids=["live", "expired"])
def test_published_version_and_its_parts_never_change(make, change, ended):
    now = timezone.now()
    version = make(begins=now - 2 * HOUR, ends=now - HOUR if ended else None)
    before = content_rows()
    with pytest.raises(PublishedVersionIsFixed):
        change[1](version)
    assert content_rows() == before


@pytest.mark.parametrize(("make", "change"), CHANGES, ids=CHANGE_IDS)
def test_version_and_its_parts_may_change_until_it_begins(make, change):
    version = make(begins=timezone.now() + HOUR)
    before = content_rows()
    change[1](version)
    assert content_rows() != before


@pytest.mark.parametrize("part", ["section", "citation"])
def test_part_of_a_published_version_cannot_move_to_a_draft(part):
    version = page_version(begins=timezone.now() - HOUR)
    moving = version.sections.get() if part == "section" else version.citations.get()
    moved_to_a_new_draft(moving, version)
    before = content_rows()
    with pytest.raises(PublishedVersionIsFixed):
        moving.save()
    assert content_rows() == before


def test_part_of_a_draft_cannot_move_into_a_published_version():
    published = page_version(begins=timezone.now() - HOUR)
    draft = page_version(published.page)
    for part in (draft.sections.get(), draft.citations.get()):
        part.version = published
        with pytest.raises(PublishedVersionIsFixed):
            part.save()
    assert (Section.objects.filter(version=draft).count(), PageCitation.objects.filter(version=draft).count()) == (1, 1)


@both_kinds
def test_subject_and_source_of_a_version_cannot_vanish(make):
    version = make(begins=NOW)
    for row in (version.subject, version.citations.get().source):
        with pytest.raises(ProtectedError):
            row.delete()


@both_kinds
def test_version_outlives_the_account_that_made_it(make, make_staff):
    author = make_staff("editor")
    version = make()
    version.created_by = author
    version.save()
    version.publish()
    author.delete()
    version.refresh_from_db()
    assert (version.created_by, version.has_begun()) == (None, True)
