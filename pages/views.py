from django.conf import settings
from django.db import OperationalError
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.models import Page

from . import facts, share_pictures
from .visibility import visible


@require_safe
def page(request, path=""):
    """Show the page at an address. Redirects capital letters to lowercase.

    Pages have no access rules, so we skip Wagtail's check. If the visitor has a session, look up the user: editors get
    an edit link, and no cache keeps that response.
    """
    address = reverse("wagtail_serve", args=[path])  # `path` lacks the language, as in /es/
    if address != address.lower():
        return HttpResponsePermanentRedirect(address.lower())
    found = _page_at(address)
    if found is None:
        raise Http404
    response = found.serve(request)
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        patch_cache_control(response, public=True, max_age=60)
        return response
    if request.user.is_staff and request.user.has_perm("wagtailadmin.access_admin"):
        response.context_data["edit_url"] = reverse("wagtailadmin_pages:edit", args=[found.pk])
    patch_cache_control(response, private=True, no_store=True)
    return response


@require_safe
@cache_control(public=True, max_age=60)
def share_picture(request, path):
    """Return the picture that link previews show for the page at a path, or for the form."""
    if path == reverse("intake:assessment"):
        kind, title = "form", _("Ask for a free assessment")
    elif found := _page_at(path):
        kind, title = found.share_picture, found.title
    else:
        raise Http404
    center = facts.current().center
    picture = share_pictures.draw(kind, title, center.name if center else "")
    return HttpResponse(picture, content_type="image/png")


def _page_at(path):
    """Return the page that readers can open at a path, or None.

    The facts know every address. So an unknown one costs no query, and a known one two, however deep it is in the tree.
    """
    known = facts.current()
    if not known.urls:
        raise OperationalError("the addresses of the pages could not be read yet")
    page_id = known.page_at(path)
    return visible(Page.objects.filter(pk=page_id)).specific().first() if page_id else None
