"""The page of one account's roles: held, requested, and past ones."""

import datetime as dt

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from . import addresses, assignments, roles
from .day_field import DayField
from .models import RoleAssignment
from .sessions import fresh

RECENT_ADDRESS = dt.timedelta(days=30)  # for so long, the page says that the email address was changed
MOST_REASON = RoleAssignment._meta.get_field("reason").max_length


class GiveForm(forms.Form):
    """The form to give a role: which one, why, and until when. Offers only roles that the account doesn't have."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        help_text=gettext_lazy(
            "Lead, auditor and administrator begin when a second person confirms them. Admissions begins at once if a "
            "lead gives it. Otherwise, a lead must confirm it."
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MOST_REASON,
        help_text=gettext_lazy("For example: joins the admissions team. Everyone who can open this page sees it."),
    )
    last_day = DayField(
        label=gettext_lazy("Last day (optional)"),
        required=False,
        help_text=gettext_lazy("The role ends by itself at the end of this day."),
    )

    def __init__(self, account, *args, **kwargs):
        super().__init__(*args, **kwargs)
        held = RoleAssignment.objects.live(timezone.now()).filter(account=account).values_list("role", flat=True)
        self.fields["role"].choices = [
            ("", _("Choose a role")),
            *((role, label) for role, label in roles.LABELS.items() if role not in set(held)),
        ]

    def clean_last_day(self):
        """Refuse a day that is over."""
        day = self.cleaned_data["last_day"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(_("Enter today or a later day, or leave it empty."))
        return day

    def ends_at(self):
        """Return the moment at which the last day is over; None without a last day."""
        day = self.cleaned_data["last_day"]
        return day and timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))


class ReasonForm(forms.Form):
    """Which assignment a button concerns, and why it ends."""

    assignment = forms.IntegerField(widget=forms.HiddenInput, max_value=2**63 - 1)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=MOST_REASON, required=False)


def address_of(account):
    """Return the address of an account's roles."""
    return reverse("admin:staff_roles", args=[account.pk])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request, pk):
    """Show the roles of an account. POST changes one; a refusal is shown with what was typed."""
    if not roles.may_manage_accounts(request.user) and not roles.may_confirm_roles(request.user):
        raise PermissionDenied
    account = get_object_or_404(get_user_model(), pk=pk)
    if request.method != "POST":
        return _show(request, account, GiveForm(account))
    if ask := fresh.ask(request, back=address_of(account)):
        return ask
    if request.POST.get("action") == "give":
        form = GiveForm(account, request.POST)
        return _done(request, account) if _gives(request, account, form) else _show(request, account, form, status=422)
    form = ReasonForm(request.POST)
    refusal = _decide(request, account, form)
    if refusal:
        return _show(request, account, GiveForm(account), refused=(form, refusal), status=422)
    return _done(request, account)


def _done(request, account):
    return redirect(address_of(account))


def _gives(request, account, form):
    """Give the role of a form. Return whether that was done; if not, the form says why."""
    if not form.is_valid():
        return False
    try:
        given = assignments.give(
            account=account,
            role=form.cleaned_data["role"],
            reason=form.cleaned_data["reason"],
            ends_at=form.ends_at(),
            actor=request.user,
            request=request,
        )
    except assignments.RoleRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return False
    label = given.get_role_display()
    if given.needs_confirmation:
        messages.success(request, _("Requested: %s. It begins when a second person confirms it.") % label)
    else:
        messages.success(request, _("Given: %s.") % label)
    return True


def _decide(request, account, form):
    """End, confirm or refuse the assignment of a form. Return why not; "" if it was done."""
    decisions = {
        "end": (assignments.end, _("Ended: %s. To undo this, give the role again.")),
        "confirm": (assignments.confirm, _("Confirmed: %s. The role begins now.")),
        "refuse": (assignments.refuse, _("Refused: %s. To undo this, request the role again.")),
    }
    action = request.POST.get("action")
    if action not in decisions or not form.is_valid():
        return form.errors.get("reason", [_("This button is unknown. Reload the page and try again.")])[0]
    decide, sentence = decisions[action]
    reason = {} if action == "confirm" else {"reason": form.cleaned_data["reason"]}
    if not RoleAssignment.objects.filter(pk=form.cleaned_data["assignment"], account=account).exists():
        return _("This role was not found. Reload the page.")
    try:
        done = decide(form.cleaned_data["assignment"], actor=request.user, request=request, **reason)
    except assignments.RoleRefused as refusal:
        return str(refusal)
    messages.success(request, sentence % done.get_role_display())
    return ""


def _show(request, account, form, *, refused=None, status=200):
    """Show the page. `refused`: a posted `ReasonForm` that changed nothing, and why."""
    now = timezone.now()
    of_account = RoleAssignment.objects.filter(account=account).select_related(
        "assigned_by", "confirmation__confirmed_by", "ending__ended_by"
    )
    live, waiting = list(of_account.live(now)), list(of_account.waiting(now))
    shown = {assignment.pk for assignment in [*live, *waiting]}
    may_change = assignments.may_change(request.user, account)
    context = admin.site.each_context(request) | {
        "title": _("Roles"),
        "account": account,
        "form": form if may_change and account.is_active else None,
        "live": [(one, _lines(one), _reason_form(one, refused)) for one in live],
        "waiting": [
            {
                "assignment": assignment,
                "lines": _lines(assignment),
                "form": _reason_form(assignment, refused),
                "may_confirm": assignments.may_confirm(request.user, assignment),
                "who": assignments.who_can_confirm(assignment),
            }
            for assignment in waiting
        ],
        "address_lines": _address_lines(account, now) if waiting else [],
        "history": [(past, _lines(past)) for past in of_account.order_by("-pk") if past.pk not in shown],
        "refusal": refused[1] if refused else "",
        "may_change": may_change,
        "may_open_accounts": roles.may_manage_accounts(request.user),
        "who_can": "" if may_change else assignments.who_can_help(account),
    }
    return TemplateResponse(request, "staff/roles.html", context, status=status)


def _address_lines(account, now):
    """Return the sentences about the email address of an account, for the one who confirms a role."""
    lines = [_("Email address of this account: %s") % (account.email or _("none"))]
    changed_at = addresses.changed_at(account)
    if changed_at and changed_at > now - RECENT_ADDRESS:
        sentence = _("It was changed on %s. Before you confirm a role, ask the person whether this address is theirs.")
        lines.append(sentence % _at(changed_at))
    return lines


def _lines(assignment):
    """Return the sentences about an assignment: who gave it and why, who confirmed it, how it ends or ended."""
    if assignment.needs_confirmation:
        origin = _("Requested by %(who)s on %(at)s: %(reason)s")
    elif assignment.assigned_by:
        origin = _("Given by %(who)s on %(at)s: %(reason)s")
    else:
        origin = _("Given on the server on %(at)s: %(reason)s")
    words = {"who": assignment.assigned_by, "at": _at(assignment.starts_at), "reason": assignment.reason}
    lines = [origin % words]
    yes, over = getattr(assignment, "confirmation", None), getattr(assignment, "ending", None)
    if yes:
        lines.append(_("Confirmed by %(who)s on %(at)s.") % {"who": yes.confirmed_by, "at": _at(yes.occurred_at)})
    if over:
        if over.ended_by is None:
            end = _("Ended on %(at)s: %(reason)s")
        elif assignment.needs_confirmation and yes is None:
            end = _("Refused by %(who)s on %(at)s: %(reason)s")
        else:
            end = _("Ended by %(who)s on %(at)s: %(reason)s")
        lines.append(end % {"who": over.ended_by, "at": _at(over.ended_at), "reason": over.reason})
    elif assignment.ends_at:
        lines.append(_("Ends on %s.") % _at(assignment.ends_at))
    return lines


def _at(moment):
    return date_format(timezone.localtime(moment), "M j, Y, g:i A")


def _reason_form(assignment, refused):
    """Return the form beside an assignment, with what was typed if it was refused."""
    typed = ""
    if refused and refused[0].data.get("assignment") == str(assignment.pk):
        typed = refused[0].data.get("reason", "")
    initial = {"assignment": assignment.pk, "reason": typed}
    return ReasonForm(initial=initial, auto_id=f"id_{assignment.pk}_%s")
