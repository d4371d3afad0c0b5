"""What a member of staff typed is not lost when they are signed out, or have signed in anew, before it is sent: they
get it back on a page of its own, and one button sends it again."""

from django.contrib import admin
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from . import cms

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 (names a field)


def is_worth_keeping(request):
    """Whether a post to the admin or the CMS that can't be taken holds anything that someone typed or chose."""
    return _is_post_of_staff(request) and bool(_fields(request))


def can_be_sent_again(request):
    """Whether a post that could not be checked is of use once more: its words, or the button alone that someone who is
    signed in has pressed."""
    return _is_post_of_staff(request) and (bool(_fields(request)) or admin.site.has_permission(request))


def _is_post_of_staff(request):
    is_of_staff = request.path.startswith(reverse("admin:index")) and request.path != reverse("admin:login")
    is_of_editor = cms.is_under(request) and cms.is_page_load(request)
    return request.method == "POST" and (is_of_staff or is_of_editor)


def page(request):
    """Everything that was sent, with a button that sends it again. Kept by nobody."""
    fields = _fields(request)
    context = admin.site.each_context(request) | {
        "title": _("Not sent yet"),
        "is_signed_in": admin.site.has_permission(request),
        "fields": fields,
        # A form of the CMS holds the whole page, in the editor's own notation.
        "words": [value for name, value in fields if not cms.is_under(request) and _was_typed(request, name, value)],
        "address": request.get_full_path(),
    }
    response = TemplateResponse(request, "admin/unsent.html", context, status=403)
    response["Cache-Control"] = "no-store"
    return response.render()


def _was_typed(request, name, value):
    """Whether these are words that stood on no page before. What a form showed already, ticks and choices are not."""
    is_new = not name.startswith(("initial-", "was-")) and request.POST.get(f"initial-{name}") != value
    return is_new and len(value.split()) > 1


def _fields(request):
    """Pairs of name and value, as they were sent. No password is shown or sent again."""
    names = [name for name in request.POST if name != TOKEN and "password" not in name.lower()]
    return [(name, value) for name in names for value in request.POST.getlist(name)]
