"""A request that staff enter for a caller. They read the public form aloud, and its rules apply."""

import logging
from contextlib import suppress

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import access, search, workflow
from intake.contact.preferences import preferences_from
from intake.contact.promise import promise_to
from intake.crypto import envelope
from intake.models import AccessRecord, AssessmentRequest
from intake.submission import sent_form, store, tokens
from intake.submission.forms import AssessmentForm

MOST_TYPED = 254  # characters of a phone or email; anything longer is neither

logger = logging.getLogger(__name__)


class PhoneForm(AssessmentForm):
    """The public form, for phone calls. It has no spam trap, and the browser does not autofill staff's own data."""

    website = None
    field_order = ("adult", "for_whom", "relation", "name")  # as colleagues read it aloud; then the rest

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["adult"].help_text = gettext_lazy("About the caller, even if they are asking for someone else.")
        for name in ("name", "phone", "email", "language"):
            self.fields[name].widget.attrs["autocomplete"] = "off"


def page(model_admin, request):
    """Show the form for a caller's request.

    POST stores the request, once per form, or looks up the caller's earlier requests.
    """
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    if request.method != "POST":
        return _show(model_admin, request, PhoneForm(), tokens.draw())
    if request.POST.get("adult") == "no":
        form = PhoneForm(initial=request.POST.dict())
        return _answer(model_admin, request, "under_18.html", _("The caller is under 18"), form=form)
    try:
        draft = tokens.from_token(request.POST.get("token", ""))
    except tokens.BadToken:
        return _show(model_admin, request, PhoneForm(request.POST), tokens.draw(), 403, _stale())
    if request.POST.get("action") == "look":
        return _show(model_admin, request, PhoneForm(initial=request.POST.dict()), draft)
    form = PhoneForm(request.POST)
    if not form.is_valid():
        return _show(model_admin, request, form, draft, 422)
    return _store(model_admin, request, form, draft)


def _store(model_admin, request, form, draft):
    sent = sent_form.SentForm(draft, form.answers(), taken_by=request.user.pk)
    try:
        request_id = store.store(sent, promise_to(sent.at, preferences_from(sent.answers)))
    except sent_form.RequestWithdrawn:
        return _show(model_admin, request, form, tokens.draw(), 409, _withdrawn())
    except sent_form.TooManyAmendments:
        return _show(model_admin, request, form, draft, 409, _too_many_changes())
    except sent_form.ReferenceTaken:
        return _show(model_admin, request, form, tokens.draw(), 503, _not_stored())
    except Exception as error:  # no spool here: without its database, the desk is down anyway
        logger.error("A request by phone could not be kept: %s", type(error).__name__)
        return _show(model_admin, request, form, draft, 503, _not_stored())
    return _tell_stored(request, AssessmentRequest.objects.get(pk=request_id))


def _tell_stored(request, stored):
    """Claim the new request, open its page, and show what to read to the caller."""
    with suppress(workflow.TransitionRefused):  # posted twice, and the request is now closed or a colleague's
        workflow.claim(request_id=stored.pk, actor=request.user)
    messages.success(
        request, _("Saved. Tell the caller their reference: %(reference)s.") % {"reference": stored.reference}
    )
    promise = stored.promise or _("We will contact you.")
    messages.info(request, _("Read this to the caller: “%(promise)s”") % {"promise": promise})
    messages.info(request, _("If you talk now, press “They called: we spoke” below when you have finished."))
    known = search.same_contact(stored)
    if known:
        access.record(request.user, AccessRecord.Action.SEARCH, [one.pk for one in known])
        messages.warning(request, _sentence_for_known(known))
    return HttpResponseRedirect(_address_of(stored))


def _sentence_for_known(known):
    links = format_html_join(", ", '<a href="{}">{}</a> ({})', ((_address_of(one), one, _state(one)) for one in known))
    return format_html_join("", "{} {}", [(_("Earlier requests with this phone or email:"), links)])


def _state(request):
    return request.get_outcome_display() or _("open")


def _address_of(request):
    return reverse("admin:intake_assessmentrequest_change", args=[request.pk])


def _show(model_admin, request, form, draft, status=200, notice=""):
    """Log which earlier requests are shown, then render the form with them.

    Earlier requests are those with the same phone or email.
    """
    known = _known(request, draft) if request.method == "POST" else []
    title = _("Phone request")
    context = {
        "form": form,
        "token": tokens.to_token(draft),
        "notice": notice,
        "known": known,
        "looked": request.POST.get("action") == "look",
    }
    return _answer(model_admin, request, "phone_request.html", title, status, **context)


def _known(request, draft):
    """Return earlier requests with the phone or email typed.

    If the lookup fails, return none: saving the new request matters more.
    """
    typed = {name: request.POST.get(name, "")[:MOST_TYPED] for name in ("phone", "email")}
    try:
        known = search.known_contact(typed, besides=draft.id)
    except envelope.EncryptionError as error:
        logger.error("Known requests could not be looked up: %s", type(error).__name__)
        return []
    if known:
        access.record(request.user, AccessRecord.Action.SEARCH, [one.pk for one in known])
    return known


def _answer(model_admin, request, template, title, status=200, **context):
    context |= model_admin.admin_site.each_context(request) | {"opts": model_admin.opts, "title": title}
    return TemplateResponse(request, f"admin/intake/assessmentrequest/{template}", context, status=status)


def _stale():
    return _("This page was open for a long time. Nothing is lost: check the answers and press Save request again.")


def _withdrawn():
    return _("This request was withdrawn. If the caller wants a new one, press Save request again.")


def _too_many_changes():
    return _("This form was changed too many times and can't be saved again. Add the rest as a note on the request.")


def _not_stored():
    return _(
        "This was not saved. What you typed is still here: press Save request again. If it fails, write it on paper."
    )
