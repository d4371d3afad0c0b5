import datetime as dt

from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError
from django.http import HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from . import form_token
from .forms import AssessmentForm
from .models import AssessmentRequest
from .submission import accept

RECEIPT_SHOWN_FOR = dt.timedelta(minutes=30)


class _CsrfCheck(CsrfViewMiddleware):
    """Django's CSRF check as a question: returns the reason for a refusal instead of a page."""

    def _reject(self, request, reason):
        return reason


@never_cache
@csrf_exempt  # checked in here, so that a failure shows the form again with everything that was typed
@require_http_methods(["GET", "HEAD", "POST"])
def assessment(request):
    """The request form, and what happens when it is sent.

    Every refusal shows the form again with everything typed: 403 (stale page), 422 (something to mend), 503 (nothing
    can be stored now). Someone under 18 is shown where to find help, and nothing of theirs is kept.
    """
    if request.method != "POST":
        return _show_form(request, AssessmentForm(), form_token.draw())
    if request.POST.get("adult") == "no":
        return render(request, "intake/under_18.html")

    form = AssessmentForm(request.POST)
    try:
        draft = form_token.from_token(request.POST.get("token", ""))
    except form_token.BadToken:
        return _show_form(request, form, form_token.draw(), status=403, notice=_stale())
    if _CsrfCheck(lambda _request: None).process_view(request, None, (), {}):
        notice = _stale() if settings.CSRF_COOKIE_NAME in request.COOKIES else _no_cookie()
        return _show_form(request, form, draft, status=403, notice=notice)
    if not form.is_valid():
        return _show_form(request, form, draft, status=422)
    try:
        accepted = accept(draft, form.answers())
    except IntegrityError:  # the drawn reference is taken: a new draft has another
        return _show_form(request, form, form_token.draw(), status=503, notice=_not_stored())
    except (DatabaseError, InterfaceError):
        return _show_form(request, form, draft, status=503, notice=_not_stored())
    receipt = form_token.to_receipt(accepted.pk)
    return HttpResponseRedirect(reverse("intake:received", args=[receipt]), status=303)


@never_cache
@require_safe
def received(request, receipt):
    """The confirmation. Its address holds no personal data; after a while it no longer shows the reference."""
    reference = None
    try:
        known = AssessmentRequest.objects.filter(
            pk=form_token.from_receipt(receipt), received_at__gt=timezone.now() - RECEIPT_SHOWN_FOR
        ).first()
        reference = known and known.reference
    except form_token.BadToken:
        pass  # a made-up address learns nothing: it sees the same neutral page as an old one
    except (DatabaseError, InterfaceError):
        pass  # the request is stored; that its reference can't be shown right now must not look like a failure
    response = render(request, "intake/received.html", {"reference": reference})
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _show_form(request, form, draft, status=200, notice=""):
    context = {"form": form, "token": form_token.to_token(draft), "notice": notice}
    return render(request, "intake/assessment.html", context, status=status)


def _stale():
    return _("This page was open for a long time. Nothing is lost: please check your answers and press Send again.")


def _no_cookie():
    return _(
        "Your browser did not send the small cookie that protects this form. Nothing is lost: please press Send again. "
        "If you see this twice, allow cookies for this site, or call us."
    )


def _not_stored():
    return _("We can't take your request right now. Your words are still here. Please try again soon, or call us.")
