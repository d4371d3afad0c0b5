"""Keep what staff typed if their sign-in ended or changed before they sent the form.

We show what they sent on its own page, with a button that sends it again.
"""

from django.contrib import admin
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from . import cms

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 (names a field)


def is_worth_keeping(request):
    """Return whether a POST to the admin or the CMS has any fields. Call it for a POST that was refused."""
    return _is_post_of_staff(request) and bool(_fields(request))


def can_be_sent_again(request):
    """Return whether to offer a POST again after its CSRF check failed: if it has fields, or if the user is signed in.

    A signed-in user may just have pressed a button, without any fields.
    """
    return _is_post_of_staff(request) and (bool(_fields(request)) or admin.site.has_permission(request))


def _is_post_of_staff(request):
    is_of_staff = request.path.startswith(reverse("admin:index")) and request.path != reverse("admin:login")
    is_of_editor = cms.is_under(request) and cms.is_page_load(request)
    return request.method == "POST" and (is_of_staff or is_of_editor)


def page(request):
    """Return a page with everything that was sent and a button that sends it again. Stores nothing."""
    fields = _fields(request)
    context = admin.site.each_context(request) | {
        "title": _("Not sent yet"),
        "is_signed_in": admin.site.has_permission(request),
        "fields": fields,
        # A form of the CMS contains the whole page in the editor's own format.
        "words": [value for name, value in fields if not cms.is_under(request) and _was_typed(request, name, value)],
        "address": request.get_full_path(),
    }
    response = TemplateResponse(request, "admin/unsent.html", context, status=403)
    response["Cache-Control"] = "no-store"
    return response.render()


def _was_typed(request, name, value):
    """Return whether someone typed this value. Only values of two or more words count.

    Values that the form already showed don't count.
    """
    is_new = not name.startswith(("initial-", "was-")) and request.POST.get(f"initial-{name}") != value
    return is_new and len(value.split()) > 1


def _fields(request):
    """Return the sent fields as pairs of name and value. Leaves out passwords, so they are never shown or sent
    again."""
    names = [name for name in request.POST if name != TOKEN and "password" not in name.lower()]
    return [(name, value) for name in names for value in request.POST.getlist(name)]
