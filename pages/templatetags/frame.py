"""The parts of the frame around every page. They are the same for every reader, so they are kept until they change."""

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page

from .. import facts

register = template.Library()


@register.simple_tag(takes_context=True)
def site_header(context):
    """Render the header: crisis line, name, phone, open status, and the menu with this page marked in it."""
    known, path = _facts_of(context), context["request"].path
    return known.until_change(_header, path if path in known.until_change(_marked) else "")


@register.simple_tag(takes_context=True)
def notices(context):
    """Render the notices that apply now, for the whole site or for this page."""
    page = context.get("page")
    return _facts_of(context).until_change(_notices, page.pk if isinstance(page, Page) else None)


@register.simple_tag(takes_context=True)
def site_footer(context):
    """Render the footer: crisis lines, address, hours and the footer menu."""
    return _facts_of(context).until_change(_footer)


def _facts_of(context):
    return context.get("facts") or facts.current()


def _marked(known):
    """Return the addresses that the header marks as the current page."""
    return {reverse("search"), reverse("intake:assessment")} | {url for _label, url in known.header_menu}


def _header(known, here):
    addresses = {"search_url": reverse("search"), "assessment_url": reverse("intake:assessment")}
    more = {"links": known.header_menu, "here": here} | addresses
    return render_to_string("includes/site_header.html", facts.template_context(known) | more)


def _notices(known, page_id):
    return render_to_string("includes/notices.html", {"notices": known.notices_at(timezone.now(), page_id)})


def _footer(known):
    return render_to_string("includes/site_footer.html", facts.template_context(known))
