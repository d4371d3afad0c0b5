from django import template
from django.utils import timezone
from wagtail.models import Page

from .. import facts

register = template.Library()


@register.inclusion_tag("includes/notices.html", takes_context=True)
def notices(context):
    """Render the notices that apply now, for the whole site or for this page."""
    known, page = context.get("facts") or facts.current(), context.get("page")
    page_id = page.pk if isinstance(page, Page) else None
    return {"notices": known.notices_at(timezone.now(), page_id)}
