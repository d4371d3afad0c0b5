"""Read the pages that readers can open, as plain text."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.html import escape
from wagtail.models import Page

from faq.models import QuestionPage
from pages import fact_marks
from pages.citations import without_marks
from pages.models.page import HOME_DEPTH
from pages.plain_language import as_text
from pages.visibility import visible


@dataclass(frozen=True)
class Entry:
    """A page as plain text. Words in `lead` weigh more than words in `text`."""

    kind: str  # "page" or "question"
    url: str
    title: str
    lead: str
    text: str
    expire_at: datetime | None = None

    def is_shown(self, now):
        """Return whether the page has not expired at a moment. Works even before the worker unpublishes the page."""
        return self.expire_at is None or now < self.expire_at


def read():
    """Return an `Entry` for every page that readers can open. Needs one query for each type of page and one more."""
    pages = visible(Page.objects.filter(depth__gte=HOME_DEPTH)).order_by("path")
    return [entry_of(page) for page in pages.specific()]


def entry_of(page):
    """Return the `Entry` of a page. Its text has no citation marks."""
    summary, texts = getattr(page, "summary", ""), page.texts()
    parts = [_as_sentence(summary)]
    for heading, body in texts:
        parts += [_as_sentence(heading), fact_marks.fill(without_marks(body))]
    return Entry(
        kind="question" if isinstance(page, QuestionPage) else "page",
        url=page.url,
        title=page.title,
        lead=" ".join([summary, *(heading for heading, _body in texts)]),
        text=as_text("".join(parts)),
        expire_at=page.expire_at,
    )


def _as_sentence(text):
    return f"<p>{escape(text)}</p>" if text else ""
