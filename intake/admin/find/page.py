"""Find: a search box and filters.

Search words are sent by POST and never appear in a URL.

The last searches are kept in the session, encrypted, so that Back returns to the results. Each browser tab returns to
its own search.
"""

import json
import secrets
import uuid
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from intake import access, search
from intake.admin.readers import show_without_leavers
from intake.crypto import blind_index, envelope
from intake.db.keyset import after
from intake.models import AccessRecord, AssessmentRequest, SavedFilter
from intake.models.saved_filter import refuse_non_codes
from intake.submission.forms import HonestTextField

from .filters import FilterForm

ROWS = 50
OPENED_AT_MOST = 200
LOOKED_AT_MOST = 20_000  # limit for filters without an index: 0.2 s at most, whatever the size of the table
ADDRESS = "admin:intake_assessmentrequest_find"
KEPT = "searches"
KEPT_AT_MOST = 20  # the newest searches of a browser session


class FindForm(FilterForm):
    """The search form. It takes words, filters, or both."""

    words = HonestTextField(
        label=gettext_lazy("Reference, phone, email, or name"),
        help_text=gettext_lazy("Type the full number or email address. For a name, one full word is enough."),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
        error_messages={
            "max_length": gettext_lazy(
                "This is too long for a reference, phone, email, or name. Shorten it and try again."
            )
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.fields["words"].widget.attrs["autofocus"] = True

    def clean(self):
        cleaned = super().clean()
        if not self.errors and not any(cleaned.values()):
            self.add_error("words", _("Type something here, or choose a filter below."))
        return cleaned


class SaveForm(forms.ModelForm):
    """The form to save filters under a name."""

    class Meta:
        model = SavedFilter
        fields = ["name", "is_shared"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}
        help_texts = {"name": gettext_lazy("Such as “New from the weekend”. Never describe a person.")}
        error_messages = {"name": {"required": gettext_lazy("Enter a name for the filter.")}}


@dataclass
class Results:
    """The results of a search, newest first.

    `last`: the last request examined, where the search can continue; None if there are no more. `opened`: how many
    requests were decrypted to compare names.
    """

    rows: list
    last: AssessmentRequest | None = None
    opened: int = 0

    @property
    def is_cut(self):
        """Whether the search stopped before its page was full. Older requests may match too."""
        return self.last is not None and len(self.rows) < ROWS


def page(model_admin, request):
    """Show Find, and handle its POSTs: search, save a filter, delete a filter.

    `?filter=` shows a saved filter. `?again=` repeats a search kept in the session.
    """
    if request.method != "POST":
        return _show_again(model_admin, request) if "again" in request.GET else _show_saved(model_admin, request)
    match request.POST.get("action"):
        case "save":
            return _save(model_admin, request)
        case "delete":
            return _delete(request)
    return _find(model_admin, request)


def _show_saved(model_admin, request):
    key = request.GET.get("filter")
    if key is None:
        return _show(model_admin, request, FindForm(reader=request.user))
    saved = _saved(request.user, key)
    if saved is None:
        messages.warning(request, _("This filter was deleted, or it is not shared with you."))
        return HttpResponseRedirect(reverse(ADDRESS))
    form = FindForm(saved.criteria, reader=request.user)
    results = _by_filters(form, None) if form.is_valid() else None
    return _show(model_admin, request, form, results, saved=saved)


def _find(model_admin, request):
    form = FindForm(request.POST, reader=request.user)
    if not form.is_valid():
        return _show(model_admin, request, form)
    words = form.cleaned_data["words"]
    known = search.by_reference(words)
    if known is not None:
        access.record(request.user, AccessRecord.Action.SEARCH, [known.pk])
        return HttpResponseRedirect(reverse("admin:intake_assessmentrequest_change", args=[known.pk]))
    return HttpResponseRedirect(reverse(ADDRESS, query={"again": _keep(request)}))


def _show_again(model_admin, request):
    asked = _kept(request, request.GET["again"])
    if asked is None:
        messages.info(request, _("This search is no longer available. Search again."))
        return HttpResponseRedirect(reverse(ADDRESS))
    form = FindForm(asked, reader=request.user)
    if not form.is_valid():  # a chosen colleague or page no longer exists
        return _show(model_admin, request, form)
    words, last = form.cleaned_data["words"], _last_seen(asked.get("after", ""))
    kind = search.kind_of(words) if words else None
    if kind is None:
        results = _by_filters(form, last)
    elif kind == blind_index.NAME:
        results = _by_name(form, last, request.user)
    else:
        results = _page(form.narrow(search.by_contact(kind, words)), last, ROWS)
    return _show(model_admin, request, form, results, kind=kind)


def _keep(request):
    """Store the posted search in the session, encrypted, and return its key."""
    key = secrets.token_urlsafe(6)
    asked = {name: request.POST.get(name, "") for name in (*FindForm.base_fields, "after")}
    encrypted = envelope.encrypt(json.dumps(asked), _place_of(request, key)).hex()
    kept = [*request.session.get(KEPT, {}).items(), (key, encrypted)]
    request.session[KEPT] = dict(kept[-KEPT_AT_MOST:])
    return key


def _kept(request, key):
    """Return the search stored under `key`. None if there is none or it can't be decrypted."""
    try:
        return json.loads(envelope.decrypt(bytes.fromhex(request.session[KEPT][key]), _place_of(request, key)))
    except (KeyError, ValueError, envelope.DecryptionError):
        return None


def _place_of(request, key):
    return envelope.Place(table="session", column=KEPT, row=f"{request.session.session_key}:{key}")


def _save(model_admin, request):
    form, name = FindForm(request.POST, reader=request.user), SaveForm(request.POST)
    if form.is_valid() and name.is_valid():
        codes = form.codes()
        try:
            refuse_non_codes(codes)
        except ValidationError as refusal:
            name.add_error(None, refusal)
        else:
            saved, _made = SavedFilter.objects.update_or_create(
                owner=request.user,
                name=name.cleaned_data["name"],
                defaults={"criteria": codes, "is_shared": name.cleaned_data["is_shared"]},
            )
            messages.success(request, _("The filter is saved."))
            return HttpResponseRedirect(reverse(ADDRESS, query={"filter": saved.pk}))
    return _show(model_admin, request, form, save_form=name)


def _delete(request):
    saved = _saved(request.user, request.POST.get("filter", ""))
    if saved is not None:  # already deleted by the first of two clicks
        if not _may_delete(request.user, saved):
            raise PermissionDenied
        saved.delete()
    messages.success(request, _("The filter is deleted."))
    return HttpResponseRedirect(reverse(ADDRESS))


def _by_filters(form, last):
    """Return the requests within the chosen days that match the filters, as `Results`.

    Examines at most `LOOKED_AT_MOST` requests. If it stops there, `Results.last` is where it stopped.
    """
    requests = AssessmentRequest.objects.real().select_related("owner")
    in_time = _behind(form.narrow_to_days(AssessmentRequest.objects.order_by(*search.NEWEST)), last)
    edge = in_time[LOOKED_AT_MOST - 1 : LOOKED_AT_MOST].first()
    if edge is None:
        return _page(form.narrow(requests), last, ROWS)
    within = requests.filter(received_at__gte=edge.received_at).exclude(after(edge, search.NEWEST))
    found = _page(form.narrow(within), last, ROWS)
    return found if found.last else Results(found.rows, edge)


def _by_name(form, last, reader):
    """Return the requests with the name typed, as `Results`.

    Decrypts at most `OPENED_AT_MOST` candidates, newest first. Logs the access before decrypting.
    """
    words = form.cleaned_data["words"]
    candidates = _page(form.narrow(search.by_name(words)), last, OPENED_AT_MOST)
    if candidates.rows:
        access.record(reader, AccessRecord.Action.COMPARE, [row.pk for row in candidates.rows])
    found = []
    for row in candidates.rows:
        names = search.stored_names(row)
        row.found_as = next((name for name in names if blind_index.is_name_in(words, name)), None)
        if row.found_as:
            row.newest_name = names[0]
            found.append(row)
    return Results(found, candidates.last, opened=len(candidates.rows))


def _page(requests, last, size):
    """Return up to `size` requests that follow `last`, newest first, as `Results`."""
    rows = list(_behind(requests, last).order_by(*search.NEWEST)[: size + 1])
    return Results(rows[:size], rows[size - 1] if len(rows) > size else None)


def _behind(requests, last):
    if last is None:
        return requests
    # The second condition is redundant, but PostgreSQL needs it to start in the middle of its index.
    return requests.filter(after(last, search.NEWEST), received_at__lte=last.received_at)


def _last_seen(key):
    """Return the request after which the search continues. None to begin with the newest."""
    try:
        return AssessmentRequest.objects.filter(pk=uuid.UUID(key)).first()
    except ValueError:
        return None


def _saved(user, key):
    """Return the saved filter with this key, or None if this user can't see one."""
    is_id = key.isdecimal() and len(key) < 19
    return SavedFilter.objects.seen_by(user).filter(pk=int(key)).first() if is_id else None


def _may_delete(user, saved):
    return saved.owner_id == user.pk or (saved.is_shared and access.leads(user))


def _show(model_admin, request, form, results=None, *, kind=None, saved=None, save_form=None):
    """Log which requests are shown, then render the page."""
    if results is not None:
        access.record(request.user, AccessRecord.Action.SEARCH, [row.pk for row in results.rows])
        show_without_leavers(results.rows, request.user)
    filters = [
        {"saved": one, "may_delete": _may_delete(request.user, one)}
        for one in SavedFilter.objects.seen_by(request.user).select_related("owner")
    ]
    context = model_admin.admin_site.each_context(request) | {
        "opts": model_admin.opts,
        "title": _("Find a request"),
        "form": form,
        "save_form": save_form or SaveForm(),
        "chosen": form.chosen_labels() if form.is_bound else [],
        "results": results,
        "is_by_name": kind == blind_index.NAME,
        "kind": kind,
        "saved": saved,
        "filters": filters,
    }
    return TemplateResponse(request, "admin/intake/assessmentrequest/find.html", context)
