"""Helpers for the tests of pages and questions: small content, and rows as they are stored."""

import datetime as dt

from django.apps import apps
from django.test import TestCase
from django.utils import timezone
from wagtail.models import Page

from faq.models import FaqPage, QuestionPage, Topic
from pages.models import ContentPage, HomePage, Source

HOUR = dt.timedelta(hours=1)
HIGHEST_GRADE = 8  # of any text for readers

# The states of a page that readers can't open. "ended": it has expired, but no job has unpublished it yet.
OFF_LINE = ["draft", "scheduled", "ended", "unpublished"]


def section(heading="First", body="<p>Words about sleep.</p>", kind="text"):
    return kind, {"heading": heading, "body": body}


def page(slug="sleep", *, state="live", under="home", sections=None, **fields):
    """Create a page below the page with the slug `under`, and return it. `state`: "live" or one of `OFF_LINE`."""
    fields = {"title": "Sleep", "summary": "In short.", "search_description": "A description"} | fields
    sections = [section(body=f"<p>Words about sleep {mark()}.</p>")] if sections is None else sections
    return put(Page.objects.get(slug=under), ContentPage(slug=slug, sections=sections, **fields), state)


def question(slug="can-i-sleep", *, state="live", **fields):
    """Create a question with its answer, and return it. `state`: "live" or one of `OFF_LINE`."""
    fields = {"title": "Can I sleep?", "answer": f"<p>Yes, in time {mark()}.</p>"} | fields
    fields.setdefault("topic", Topic.objects.get(key="kratom"))
    fields.setdefault("search_description", "A description")
    return put(FaqPage.objects.get(), QuestionPage(slug=slug, **fields), state)


def put(parent, child, state="live"):
    """Add a page to the tree as editors do, and bring it into a state. Return it as it is stored."""
    child.live = False
    parent.add_child(instance=child)
    if state == "scheduled":
        child.go_live_at = timezone.now() + HOUR
    revision = child.save_revision()
    if state != "draft":
        revision.publish()
    if state == "unpublished":
        type(child).objects.get(pk=child.pk).unpublish()
    if state == "ended":
        Page.objects.filter(pk=child.pk).update(expire_at=timezone.now())
    return type(child).objects.get(pk=child.pk)


def edit(page, **changes):
    """Publish a page with changed fields, as editors do. Return it as it is stored."""
    page = page.specific
    for name, value in changes.items():
        setattr(page, name, value)
    with TestCase.captureOnCommitCallbacks(execute=True):
        page.save_revision().publish()
    return type(page).objects.get(pk=page.pk)


def any_source():
    return Source.objects.get(key="dea-fact-sheet")


def mark(key="dea-fact-sheet"):
    """Return the citation mark of a source in stored rich text."""
    return Source.objects.get(key=key).as_mark()


def home():
    return HomePage.objects.get()


def rows(*models):
    """Return every row of the models (default: of every table): {model: rows}. For comparisons before and after."""
    models = models or apps.get_models(include_auto_created=True)
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


def content_rows():
    models = [Page, *apps.get_app_config("pages").get_models(), *apps.get_app_config("faq").get_models()]
    return rows(*models, apps.get_model("wagtailcore", "Revision"))
