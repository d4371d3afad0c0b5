"""The questions of a form without answers are kept, as they are the same for everybody. Nothing else is."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.test.signals import template_rendered

from pages.models import Center, OpeningHours
from tests.html import soup
from tests.intake.support.helpers import ADDRESS, form_on
from tests.intake.support.visitor import Browser, send

pytestmark = pytest.mark.django_db

MOST_TEMPLATES = 10  # 90 before the questions were kept


def questions_of(page):
    """The form without its hidden fields, as text."""
    form = soup(page).select_one("form.request-form")
    for hidden in form.select("input[type=hidden]"):
        hidden.decompose()
    return re.sub(r'data-visit="[0-9a-f]+"', "", str(form))


def test_fresh_form_renders_few_templates(client):
    client.get(ADDRESS)
    names = []

    def note(sender, template, **_):
        names.append(template.name)

    template_rendered.connect(note)
    try:
        client.get(ADDRESS)
    finally:
        template_rendered.disconnect(note)
    assert len(names) <= MOST_TEMPLATES, names


def test_fresh_form_has_its_own_tokens_each_time():
    pages = [form_on(Client().get(ADDRESS)) for _ in range(3)]
    for name in ("csrfmiddlewaretoken", "token"):
        assert len({page[name] for page in pages}) == 3


def test_fresh_form_shows_nothing_that_someone_else_typed(client):
    before = questions_of(client.get(ADDRESS))
    page = send(Browser(), name="Maria Quentin", message="Call after five", consent=None)
    assert "Maria Quentin" in page.content.decode()
    assert questions_of(client.get(ADDRESS)) == before


def test_form_after_a_send_is_kept_apart(client):
    before = questions_of(client.get(ADDRESS))
    sent = Client()
    sent.cookies[settings.VISIT_COOKIE_NAME] = "anything"
    after = soup(sent.get(ADDRESS)).select_one("form.request-form")
    visible = after.select("input:not([type=hidden]), select, textarea")
    assert after["autocomplete"] == "off"
    assert {field["autocomplete"] for field in visible} == {"off"}
    assert questions_of(client.get(ADDRESS)) == before


def test_fresh_form_follows_the_open_hours(client):
    def hidden_notes():
        return [note["data-part"] for note in soup(client.get(ADDRESS)).select(".closed-note[hidden]")]

    assert hidden_notes() == ["asap", "morning", "afternoon", "evening", "confirmed"]
    OpeningHours.objects.create(center=Center.objects.get(), weekday=1, opens="09:00", closes="12:00")
    assert hidden_notes() == ["asap", "morning", "confirmed"]
