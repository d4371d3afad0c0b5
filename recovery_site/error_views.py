"""Error pages. Each one says what to do next and shows the phone number and the crisis lines."""

import logging

from django.contrib import admin
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from intake.public.views import comes_from_our_page
from pages import facts

from . import cms, resubmit
from .cms import access as cms_access

logger = logging.getLogger(__name__)

# The fallback if the error page itself fails: no template, no style, nothing else that could break.
BARE = """\
<!doctype html>
<html lang="en-US">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<p>{advice}</p>
{phone}
<p>{crisis} <a href="tel:911">911</a>, <a href="tel:988">988</a></p>
</body>
</html>
"""


def page(request, status, title, advice):
    """Return an error page, never cached. `advice`: one or two sentences about what to do next."""
    body = render_to_string("error.html", {"status": status, "title": title, "advice": advice}, request=request)
    return HttpResponse(body, status=status, headers={"Cache-Control": "no-store"})


def bad_request(request, exception=None):
    return page(
        request,
        400,
        _("We could not read that"),
        _("Nothing was stored. Please go back and try once more, or give us a call."),
    )


def permission_denied(request, exception=None):
    return page(
        request,
        403,
        _("You can't open this page"),
        _("Your account has no access to this page. If you need access, ask your team lead."),
    )


def csrf_failure(request, reason=""):
    if cms.is_under(request) and not cms.is_page_load(request):
        return cms_access.not_saved()
    if resubmit.can_be_sent_again(request) and comes_from_our_page(request):
        return resubmit.page(request)
    if request.path == reverse("admin:login"):
        return admin.site.sign_in_again(request)
    return page(
        request,
        403,
        _("Please send that again"),
        _(
            "Nothing was stored, because this page was open too long or your browser blocks cookies. Go back, reload "
            "the page and send it again."
        ),
    )


def not_found(request, exception=None):
    return page(
        request,
        404,
        _("We could not find that page"),
        _("The page may have moved. Start from the home page, read the questions people ask, or call us."),
    )


def no_such_page(request):
    """Answer 404. For addresses that exist only for some callers, with or without a slash at the end."""
    raise Http404


def server_error(request):
    """Return the error page. If that fails too, return a bare page without templates, because the error may be in
    them."""
    title = _("Something went wrong on our side")
    advice = _("This is not your fault. Please try again in a minute, or call us.")
    try:
        return page(request, 500, title, advice)
    except Exception as error:
        logger.error("Could not build the error page: %s", type(error).__name__)
    crisis = _("If someone may be in danger, call now:")
    html = format_html(BARE, title=title, advice=advice, phone=_phone(), crisis=crisis)
    return HttpResponse(html, status=500, headers={"Cache-Control": "no-store"})


def _phone():
    try:
        center = facts.current().center
        return format_html('<p><a href="{}">{}</a></p>', center.phone_link, center.phone) if center else ""
    except Exception:
        return ""
