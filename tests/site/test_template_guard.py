"""The guard against variables that nobody gives sees every template of ours, and none of Django's."""

import pytest
from django.conf import settings
from django.template import Context, Origin, Template, engines
from django.test import RequestFactory

from tests.template_guard import EXCEPTIONS, OURS


def render(words, name, folder=OURS, **context):
    origin = Origin(name=str(folder / name), template_name=name)
    return Template(words, origin=origin, name=name, engine=engines["django"].engine).render(Context(context))


@pytest.mark.parametrize(
    "name", ["admin/base_site.html", "admin/intake/made_up.html", "search.html", "pages/page.html"]
)
@pytest.mark.parametrize("tag", ["{{ nobody_gave_this }}", "{% if nobody_gave_this %}{% endif %}"])
def test_an_unknown_variable_in_a_template_of_ours_is_caught(no_unknown_template_variables, name, tag):
    render(tag, name)
    assert no_unknown_template_variables == [f"nobody_gave_this in {name}"]
    no_unknown_template_variables.clear()


@pytest.mark.django_db
def test_an_unknown_variable_in_a_block_of_ours_is_caught(no_unknown_template_variables):
    words = '{% extends "error.html" %}{% block title %}{{ nobody_gave_this }}{% endblock %}'
    render(words, "admin/intake/made_up.html", request=RequestFactory().get("/"))
    assert "nobody_gave_this in admin/intake/made_up.html" in no_unknown_template_variables
    no_unknown_template_variables.clear()


def test_an_unknown_variable_in_a_template_of_another_is_not_ours():
    render("{{ nobody_gave_this }}", "admin/base_site.html", folder=settings.BASE_DIR / "made_up")


def test_each_exception_names_a_template_that_asks_for_it():
    for name, variable in EXCEPTIONS:
        assert variable in (OURS / name).read_text()
