"""What the tests of pages and answers share: small content, rows as they are, and forms as a browser sends them."""

from datetime import UTC, datetime
from html.parser import HTMLParser

from django.apps import apps
from django.contrib.messages import get_messages
from django.urls import reverse

from faq.models import AnswerCitation, AnswerVersion, Question, Topic
from pages.models import Page, PageCitation, PageVersion, Section, Source

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def page_version(page=None, *, begins=None, ends=None, title="Sleep", body="<p>Words about sleep [1].</p>"):
    """A version of a page with one section and one source; `begins` may lie in the past."""
    page = page or Page.objects.create(path=f"page-{Page.objects.count()}")
    version = PageVersion.objects.create(page=page, title=title, description="A description", summary="In short.")
    Section.objects.create(version=version, heading="First", body=body)
    PageCitation.objects.create(version=version, source=any_source())
    return at_its_time(version, begins, ends)


def answer_version(question=None, *, begins=None, ends=None, title="Can I sleep?", body="<p>Yes, in time [1].</p>"):
    """A version of an answer with one source; `begins` may lie in the past."""
    question = question or Question.objects.create(slug=f"q-{Question.objects.count()}", topic=Topic.objects.first())
    version = AnswerVersion.objects.create(question=question, title=title, description="A description", body=body)
    AnswerCitation.objects.create(version=version, source=any_source())
    return at_its_time(version, begins, ends)


def at_its_time(version, begins, ends=None):
    type(version).objects.filter(pk=version.pk).update(publish_at=begins, expire_at=ends)
    return type(version).objects.with_states().get(pk=version.pk)


def any_source():
    return Source.objects.get(key="dea-fact-sheet")


def rows(*models):
    """Every row of the models (default: of every table), to compare before and after."""
    models = models or apps.get_models(include_auto_created=True)
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


def content_rows():
    return rows(*apps.get_app_config("pages").get_models(), *apps.get_app_config("faq").get_models())


class FormFields(HTMLParser):
    """What a browser would send of the form with an id, buttons aside."""

    def __init__(self, html, form_id):
        super().__init__()
        self.fields, self.buttons = {}, []
        self._form_id, self._inside, self._textarea, self._select = form_id, False, None, None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self._inside = given.get("id") == self._form_id
        elif not self._inside:
            return
        elif tag == "input" and given.get("type") == "submit":
            self.buttons.append(given["name"])
        elif tag == "input" and "name" in given:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.fields[given["name"]] = given.get("value", "")
        elif tag == "textarea":
            self._textarea = given["name"]
            self.fields[self._textarea] = ""
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and (self._select not in self.fields or "selected" in given):
            self.fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self.fields[self._textarea] = self.fields[self._textarea].removeprefix("\n")
            self._textarea = None

    def handle_data(self, data):
        if self._textarea:
            self.fields[self._textarea] += data


def admin_url(target, view="change", **query):
    """The address of a row's admin page, or of a model's list or add page."""
    opts = target._meta
    arguments = [] if isinstance(target, type) else [target.pk]
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{view}", args=arguments, query=query)


def open_form(client, url, model):
    """The form of an admin page, as it was sent to the browser."""
    response = client.get(url)
    assert response.status_code == 200
    return FormFields(response.content.decode(), f"{model._meta.model_name}_form")


def send(client, version, button="_save", **changes):
    """Opens a version in the admin, changes fields, and presses a button."""
    url = admin_url(version)
    fields = open_form(client, url, type(version)).fields
    return client.post(url, fields | changes | {button: "1"})


def said(response):
    """The sentences that the answer tells the member of staff."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def newest(version):
    """The version that was made last of the same subject."""
    return type(version).objects.with_states().filter(**{version.subject_field: version.subject}).latest("pk")
