"""The admissions desk: the list of requests and the page of one request."""

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import access, consent, readable, status, suspicion, workflow
from .contact import newest_of, newest_profile
from .models import AccessRecord, AssessmentRequest, Event, SealedText
from .sealed import CannotOpen

Stage = AssessmentRequest.Stage


class ReadByRole(admin.ModelAdmin):
    """Nothing is added, changed or deleted through the stock forms, and being a superuser opens nothing."""

    actions = None

    def lookup_allowed(self, lookup, value, request):
        return lookup == WorkFilter.parameter_name  # nothing else about requests is asked through an address

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class RecordedChangeList(ChangeList):
    """A list of requests: who saw which ones is recorded before the page is made."""

    def get_results(self, request):
        super().get_results(request)
        self.result_list = list(self.result_list)
        access.record(request.user, AccessRecord.Action.LIST, [row.pk for row in self.result_list])


class WorkFilter(admin.SimpleListFilter):
    """Open work unless something else is asked for."""

    title = _("work")
    parameter_name = "work"

    def lookups(self, request, model_admin):
        return [
            ("mine", _("Mine")),
            ("unassigned", _("Unassigned")),
            ("quarantine", _("Quarantine")),
            ("closed", _("Closed")),
        ]

    def choices(self, changelist):
        default, *others = super().choices(changelist)
        return [{**default, "display": _("Open")}, *others]

    def queryset(self, request, queryset):
        match self.value():
            case "closed":
                return queryset.filter(stage=Stage.CLOSED)
            case "mine":
                return queryset.open().filter(owner=request.user)
            case "unassigned":
                return queryset.open().filter(owner=None)
            case "quarantine":
                return queryset.open().filter(quarantined_at__isnull=False)
        return queryset.open()


@admin.register(AssessmentRequest)
class AssessmentRequestAdmin(ReadByRole):
    list_display = ["reference", "stage", "what_to_do", "due", "owner"]
    sortable_by = []  # the order is the work's: the next person to call on top
    list_display_links = ["reference"]
    list_filter = [WorkFilter]
    list_select_related = ["owner"]
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_view_permission(self, request, obj=None):
        return access.may_read_requests(request.user)

    def changelist_view(self, request, extra_context=None):
        context = {"title": _("Requests, the next to call on top"), "alarms": status.for_staff}
        return super().changelist_view(request, context)

    def get_changelist(self, request, **kwargs):
        return RecordedChangeList

    def get_queryset(self, request):
        return super().get_queryset(request).real().prefetch_related("contact_profiles").by_urgency()

    def get_ordering(self, request):
        return ["-closed_at", "pk"] if request.GET.get(WorkFilter.parameter_name) == "closed" else []

    @admin.display(description=_("what to do"))
    def what_to_do(self, obj):
        if obj.quarantined_at and obj.stage != Stage.CLOSED:
            return _("Check, then call")
        profile = newest_of(obj.contact_profiles.all())
        if obj.stage not in AssessmentRequest.WAITING_STAGES or profile is None:
            return "-"
        return {"call": _("Call"), "email": _("E-mail")}[profile.channel]

    @admin.display(description=_("first contact due"))
    def due(self, obj):
        if not obj.awaits_contact:
            return "-"
        due = f"{timezone.localtime(obj.due_at):%a %b %-d, %-I:%M %p}"
        return _("%(due)s (overdue)") % {"due": due} if obj.due_at < timezone.now() else due

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The page of one request. GET shows it, POST does one thing of `workflow` and comes back."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        typed_note = ""
        if request.method == "POST":
            try:
                with transaction.atomic():
                    done = self._do(request, obj)
            except workflow.Refused as refused:
                self.message_user(request, str(refused), messages.ERROR)
                typed_note = request.POST.get("note", "")
                obj.refresh_from_db()
            else:
                self.message_user(request, done, messages.SUCCESS)
                return HttpResponseRedirect(request.path)
        access.record(request.user, AccessRecord.Action.OPEN, [obj.pk])
        context = (
            self.admin_site.each_context(request)
            | _page_of(obj)
            | {
                "opts": self.opts,
                "title": _("Request %(reference)s") % {"reference": obj.reference},
                "typed_note": typed_note,
                "may_erase": access.may_erase(request.user) and not obj.legal_hold_at and obj.texts.exists(),
                "may_hold": access.may_erase(request.user),
            }
        )
        return TemplateResponse(request, "admin/intake/assessmentrequest/change_form.html", context)

    def history_view(self, request, object_id, extra_context=None):
        return HttpResponseRedirect("../change/")  # the timeline on the request's page is its history

    def _do(self, request, obj):
        """What the button says that was pressed, and the note that was typed, whichever button it was.
        Returns the sentence for the screen."""
        done = self._press(request, obj)
        note = request.POST.get("note", "")
        if note.strip() and request.POST.get("do") not in ("note", "erase", "lift_hold"):
            workflow.add_note(request_id=obj.pk, text=note, actor=request.user)
        return done

    def _press(self, request, obj):
        posted, actor = request.POST, request.user
        match posted.get("do"):
            case Stage.REACHING | Stage.TALKING | Stage.BOOKED as stage:
                workflow.set_stage(request_id=obj.pk, stage=stage, actor=actor)
                return _("The stage is set.")
            case "close":
                workflow.close(request_id=obj.pk, outcome=posted.get("outcome", ""), actor=actor)
                return _("The request is closed.")
            case "reopen":
                workflow.reopen(request_id=obj.pk, actor=actor)
                return _("The request is open again.")
            case "assign":
                workflow.assign(request_id=obj.pk, owner=_chosen_reader(posted.get("owner", "")), actor=actor)
                return _("The owner is set.")
            case "erase" if not posted.get("sure"):
                raise workflow.Refused(_("Tick the box first: what is erased can't come back."))
            case "erase":
                workflow.erase(request_id=obj.pk, actor=actor)
                return _("What the person told us is erased.")
            case "release":
                workflow.release_from_quarantine(request_id=obj.pk, actor=actor)
                return _("The request is out of quarantine.")
            case "hold":
                workflow.set_legal_hold(request_id=obj.pk, actor=actor)
                return _("The words of this request are kept until the hold is lifted.")
            case "lift_hold":
                workflow.lift_legal_hold(request_id=obj.pk, actor=actor)
                return _("The legal hold is lifted.")
            case "note":
                workflow.add_note(request_id=obj.pk, text=posted.get("note", ""), actor=actor)
                return _("The note is kept.")
        raise workflow.Refused(_("That button is not known. Nothing was changed."))


def _readers():
    User = get_user_model()
    return User.objects.filter(is_active=True, is_staff=True, groups__name__in=access.READERS).distinct()


def _chosen_reader(key):
    """The reader who was chosen as owner, or None for no one."""
    if not key:
        return None
    reader = {str(reader.pk): reader for reader in _readers()}.get(key)
    if reader is None:
        raise workflow.Refused(_("Only admissions staff and their lead can own a request."))
    return reader


def _page_of(obj):
    """What the request's page shows: the opened answers, the rules of contact, what may be done, what happened."""
    texts = [] if obj.hidden_at else list(obj.texts.select_related("author"))
    opened = {text.pk: _opened(text) for text in texts}
    words = [text for text in texts if text.kind != SealedText.Kind.NOTE]
    profile = newest_profile(obj) if words else None
    consents = list(obj.consents.all())
    agreed_to = {record.purpose for record in consents}
    return {
        "request_row": obj,
        "words": [
            {
                "kind": text.get_kind_display(),
                "at": text.at,
                "told": _told(opened[text.pk]),
                "is_plain": text.kind == SealedText.Kind.ADDITION,
            }
            for text in words
        ],
        "contact_rules": readable.contact_rules(profile, consent.EMAIL.purpose in agreed_to) if profile else [],
        "suspicions": suspicion.in_words(obj.suspicions),
        "consents": consents,
        "next_stages": _next_stages(obj),
        "is_closed": obj.stage == Stage.CLOSED,
        "outcomes": AssessmentRequest.Outcome.choices,
        "readers": _readers().order_by("username"),
        "timeline": _timeline(obj, texts, opened),
    }


def _told(content):
    """Pairs of question and answer for the answers of a form, a text for what was added, None for what did not open."""
    return readable.told(content) if isinstance(content, dict) else content


def _opened(text):
    """The text, or None where its envelope does not open: the page says so instead of failing."""
    try:
        return text.open()
    except CannotOpen:
        return None


def _next_stages(obj):
    stages = workflow.TRANSITIONS[obj.stage]
    return [(stage.value, stage.label) for stage in stages if stage != Stage.CLOSED]


def _timeline(obj, texts, opened):
    """Events and notes in one order, newest first."""
    recorded = list(obj.events.select_related("actor"))
    names = _names_of_codes(recorded)
    events = [
        {
            "at": event.at,
            "who": event.actor,
            "what": event.get_code_display(),
            "before": names.get(event.before, event.before),
            "after": names.get(event.after, event.after),
        }
        for event in recorded
        if event.code != event.Code.NOTE_ADDED  # the note itself stands there
    ]
    notes = [
        {"at": text.at, "who": text.author, "what": _("Note"), "note": opened[text.pk]}
        for text in texts
        if text.kind == SealedText.Kind.NOTE
    ]
    return sorted(events + notes, key=lambda entry: entry["at"], reverse=True)


SUSPICIONS = (Event.Code.SUSPECTED, Event.Code.CLEARED)


def _names_of_codes(events):
    """What the codes of events mean: stages and outcomes by their labels, owners by their user names, suspicions
    in words."""
    owners = {code for event in events for code in (event.before, event.after) if code.isdecimal()}
    users = get_user_model().objects.in_bulk(owners)
    suspected = {code for event in events if event.code in SUSPICIONS for code in (event.before, event.after)}
    reasons = {codes: "; ".join(map(str, suspicion.in_words(codes))) for codes in suspected}
    labels = dict(AssessmentRequest.Stage.choices) | dict(AssessmentRequest.Outcome.choices)
    return labels | reasons | {str(key): user.get_username() for key, user in users.items()}


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadByRole):
    list_display = ["at", "actor", "action", "how_many"]
    list_display_links = ["at"]
    list_select_related = ["actor"]
    list_per_page = 50
    show_full_result_count = False

    def has_view_permission(self, request, obj=None):
        return access.may_read_access_log(request.user)

    @admin.display(description=_("requests"))
    def how_many(self, obj):
        return len(obj.requests)
