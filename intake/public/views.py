"""The request form and its confirmation."""

import logging

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from intake.contact.promise import promise_if_sent_soon
from intake.crypto import blind_index, envelope
from intake.monitoring import synthetic
from intake.submission import accept as submission
from intake.submission import (
    device,
    pending,
    rate_limit,
    referrer,
    sent_form,
    spam_signals,
    spool,
    tokens,
)
from intake.submission.forms import AssessmentForm
from pages import facts

from .confirmation import confirmation_of
from .optional import if_it_works

logger = logging.getLogger(__name__)


@never_cache
@csrf_exempt  # checked in here, so that a failure shows the form again with everything that was typed
@require_http_methods(["GET", "HEAD", "POST"])
def assessment(request):
    """Show the request form. A POST sends it.

    A refused form is shown again with everything typed, and says what to do. The status is 403 (expired page or no
    cookie), 409 (withdrawn, or changed too often), 422 (something to correct), 429 (too many from one network), or 503
    (storing failed). Someone under 18 is shown where to find help, and nothing about them is stored.
    """
    if request.method != "POST":
        return _show_form(request, None, tokens.draw(referrer_path=referrer.page_of(request)))
    posted = request.POST.dict()  # unreadable data fails here, and has a page of its own
    try:
        return _answer(request)
    except SuspiciousOperation:
        raise
    except Exception as error:
        logger.error("A form could not be answered: %s", type(error).__name__)
        # Unbound: validating again may fail again.
        return _show_form(request, AssessmentForm(initial=posted), _draft_of(request), 503, _not_stored())


def _answer(request):
    if request.POST.get("adult") == "no":
        pending.forget(request.POST.get("kept", ""))
        return HttpResponseRedirect(reverse("intake:under_18"), status=303)

    form = AssessmentForm(request.POST)
    try:
        draft = tokens.from_token(request.POST.get("token", ""))
    except tokens.BadToken:
        return _refuse(request, form, _drawn_anew(), 403, _stale())
    spent_token = None
    if not _passes_csrf_check(request):
        try:
            spent_token = tokens.read_single_use_token(request.POST.get("single_use_token", ""), draft)
        except tokens.BadToken:
            return _refuse(request, form, draft, 403, _stale())
        if not comes_from_our_page(request):
            return _refuse(request, form, draft, 403, _from_elsewhere())
    if not form.is_valid():
        return _refuse(request, form, draft, 422)
    return _accept(request, form, draft, spent_token)


def _passes_csrf_check(request):
    """Return whether Django's CSRF check passes. If not, we show the form again, not Django's error page."""
    refusal = CsrfViewMiddleware(assessment).process_view(request, None, (), {})
    return refusal is None


def _accept(request, form, draft, spent_token):
    answers = form.answers()
    is_synthetic = synthetic.is_signed(request)
    took = timezone.now() - draft.drawn_at
    signs = if_it_works(spam_signals.signals_in, answers, form.cleaned_data["website"], took, otherwise=())
    sent = sent_form.SentForm(
        draft,
        answers,
        form_key=None if spent_token else if_it_works(_form_key, request, answers),
        sender=if_it_works(rate_limit.sender_of, request, otherwise=""),
        spam_signals=() if is_synthetic else signs,
        spent_token=spent_token,
        is_synthetic=is_synthetic,
    )
    try:
        request_id = submission.accept(sent)
    except sent_form.RequestWithdrawn:
        return _refuse(request, form, _drawn_anew(draft), 409, _withdrawn())
    except sent_form.TooManyAmendments:
        return _refuse(request, form, draft, 409, _too_many_amendments())
    except sent_form.TokenSpent:
        return _refuse(request, form, draft, 403, _stale())
    except rate_limit.RateLimited:
        return _refuse(request, form, draft, 429, _too_many())
    except sent_form.ReferenceTaken:
        return _show_form(request, form, _drawn_anew(draft), status=503, notice=_not_stored())
    except (spool.SpoolError, envelope.EncryptionError) as error:
        logger.error("A request could not be stored: %s", type(error).__name__)
        return _show_form(request, form, draft, status=503, notice=_not_stored())
    pending.forget(request.POST.get("kept", ""))
    receipt = tokens.to_receipt(request_id, any_session=spent_token is not None)
    response = HttpResponseRedirect(reverse("intake:received", args=[receipt]), status=303)
    return device.forget(request, response)


def _refuse(request, form, draft, status, notice=""):
    """Redirect to a page that shows the form again, so that Back and Forward can show it too.

    If the form can't be stored, the response is the page itself.
    """
    content = {
        "token": tokens.to_token(draft),
        "fields": pending.fields_of(request.POST, form.fields),
        "status": status,
        "notice": notice,
    }
    token = pending.keep(request, draft.id.hex, content)
    if token is None:
        return _show_form(request, form, draft, status, notice)
    pending.forget(request.POST.get("kept", ""))  # with a new draft, the old page is another row
    return HttpResponseRedirect(reverse("intake:check", args=[token]), status=303)


@never_cache
@require_safe
def check(request, token):
    """Show a refused form again: what was typed, what was wrong, and the status of the refusal."""
    try:
        kept = pending.find(request, token)
    except Exception as error:
        logger.error("A pending form could not be shown: %s", type(error).__name__)
        return _unindexed(_show_form(request, None, tokens.draw(), 503, _not_shown()))
    if kept is None or "token" not in kept:  # nothing, or a form of the self-service page
        return _unindexed(_show_form(request, None, tokens.draw(), is_gone=True))
    form = AssessmentForm(pending.data_of(kept["fields"]))
    draft = tokens.from_token(kept["token"])
    return _unindexed(_show_form(request, form, draft, kept["status"], kept["notice"], kept_under=token))


@never_cache
@require_safe
def under_18(request):
    """Show where someone under 18 can find help. It has its own URL, so that Back and Forward work."""
    return private(render(request, "intake/under_18.html"))


@never_cache
@require_safe
def received(request, receipt):
    """Show the confirmation. Its URL holds no personal data.

    After a while, the page shows nothing anymore. It also shows nothing in another browser session, because someone
    else may open it from the browser's history.
    """
    try:
        request_id, any_session = tokens.from_receipt(receipt)
        may_show = any_session or device.must_forget(request)
        confirmation = confirmation_of(request_id, device.left_at(request)) if may_show else None
    except tokens.BadToken:
        confirmation = None  # a made-up address shows the same neutral page as an old one
    except Exception as error:
        logger.error("A confirmation could not be shown: %s", type(error).__name__)
        return private(render(request, "intake/received_later.html"))
    return private(render(request, "intake/received.html", {"confirmation": confirmation}))


def private(response):
    """Keep a page out of search engines and referrers, as its URL is a secret. Return the same response."""
    response["Referrer-Policy"] = "no-referrer"
    return _unindexed(response)


def _unindexed(response):
    """Keep a page out of search engines. Return the same response.

    Unlike `private`, it keeps the referrer: without one, browsers don't name the page's origin when its form is sent.
    Other sites still learn nothing, as our referrers stay on this site.
    """
    response["X-Robots-Tag"] = "noindex"
    return response


def _form_key(request, answers):
    """Return a keyed hash of browser session (the CSRF cookie) and contact. Forms by one person share it."""
    contact = blind_index.contact_of(answers)
    return blind_index.keyed_hash(
        "form",
        request.COOKIES[settings.CSRF_COOKIE_NAME],
        contact[blind_index.PHONE],
        contact[blind_index.EMAIL],
    )


def comes_from_our_page(request):
    """Return whether a form was sent from a page of this site.

    Browsers name the origin with every POST, and no other site can fake it.
    """
    return request.META.get("HTTP_ORIGIN") == f"{request.scheme}://{request.get_host()}"


def _draft_of(request):
    try:
        return tokens.from_token(request.POST.get("token", ""))
    except tokens.BadToken:
        return _drawn_anew()


def _drawn_anew(before=None):
    """Return a new draft for a form that is already filled in.

    It counts as open for a while: sending it at once is no sign of a machine.
    """
    return tokens.draw(was_open_for=spam_signals.TOO_FAST, referrer_path=before.referrer_path if before else "")


def _show_form(request, form, draft, status=200, notice="", kept_under="", is_gone=False):
    """Return the page of the form. `form`: None for one without answers.

    It names when we will call, unless other choices may change that.
    """
    must_forget = device.must_forget(request)
    if form is None:
        errors, questions = [], facts.current().until_change(_questions_without_answers, must_forget)
        promise = promise_if_sent_soon(timezone.now())
    else:
        form.must_forget = must_forget
        errors = [(field, error) for field in form for error in field.errors]  # checks the form, which may change it
        questions = _questions(form)
        promise = "" if form.has_more else promise_if_sent_soon(timezone.now())
    context = {
        "errors": errors,
        "questions": questions,
        "promise": promise,
        "must_forget": must_forget,
        "visit": device.mark_of(request),
        "token": tokens.to_token(draft),
        "single_use_token": tokens.draw_single_use_token(draft) if status != 200 else "",
        "notice": notice,
        "kept_under": kept_under,
        "is_gone": is_gone,
    }
    response = render(request, "intake/assessment.html", context, status=status)
    if status == 429:
        response["Retry-After"] = int(rate_limit.WINDOW.total_seconds())
    return response


def _questions_without_answers(_facts, must_forget):
    """Return the questions as HTML. Everybody gets the same text, so it has no token and no answer in it."""
    form = AssessmentForm()
    form.must_forget = must_forget
    return _questions(form)


def _questions(form):
    return render_to_string("intake/questions.html", {"form": form})


def _stale():
    return _(
        "This page was open for a long time, or your browser blocks cookies. Nothing is lost: please check your "
        "answers and press Send again."
    )


def _not_shown():
    return _("We can't show what you typed right now. Please load this page again in a minute, or call us.")


def _from_elsewhere():
    return _(
        "Your browser did not say that this form came from our page, so we did not store it. Please call us, or try "
        "another browser. Your words are still here."
    )


def _withdrawn():
    return _("This request was withdrawn. If you want us to contact you after all, please press Send again.")


def _too_many_amendments():
    return _("We have your request and many changes to it, so we can't take more here. Please call us with the rest.")


def _too_many():
    return _(
        "Many requests came from your network just now, so this one was not stored. Your words are still here. Please "
        "call us, or press Send again in ten minutes."
    )


def _not_stored():
    return _("We can't take your request right now. Your words are still here. Please try again soon, or call us.")
