"""The pages for what went wrong. Each says what to do next and shows the phone number and the crisis lines."""

from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from intake.views import comes_from_our_page

from . import unsent


def page(request, status, title, advice):
    """An error page with a title and one or two sentences of advice; never cached."""
    body = render_to_string("error.html", {"title": title, "advice": advice}, request=request)
    return HttpResponse(body, status=status, headers={"Cache-Control": "no-store"})


def bad_request(request, exception=None):
    return page(
        request,
        400,
        _("We could not read that"),
        _("Nothing was stored. Please go back and try once more, or call us."),
    )


def permission_denied(request, exception=None):
    return page(
        request,
        403,
        _("You can't open this page"),
        _("Your account has no access to it. If it should, ask the lead of your team."),
    )


def csrf_failure(request, reason=""):
    if unsent.is_worth_keeping(request) and comes_from_our_page(request):
        return unsent.page(request)
    return page(
        request,
        403,
        _("Please send that once more"),
        _("Nothing was stored. The page was open for a long time or cookies are blocked. Go back, reload, send again."),
    )


def not_found(request, exception=None):
    return page(
        request,
        404,
        _("We could not find that page"),
        _("It may have moved. Start from the home page, read the questions people ask, or call us."),
    )


def no_such_page(request):
    """A view for an address that is there for some callers only: for all others it is not, with or without a slash."""
    raise Http404


def server_error(request):
    return page(
        request,
        500,
        _("Something went wrong on our side"),
        _("It is not your fault. Please try again in a minute, or call us."),
    )
