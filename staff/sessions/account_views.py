"""The page of your own account: where you are signed in. Leads and administrators also sign out colleagues there."""

from django.contrib import admin, messages
from django.contrib.auth import get_user_model, logout
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from staff import events, roles
from staff.second_factor import account_views

from . import endings


@require_safe
def account(request):
    """List the user's own sessions, and colleagues who are signed in for those who may sign them out."""
    live = endings.live(timezone.now())
    here = events.hashed_network(request)
    own = [
        {
            "row": row,
            "is_this": row.pk == events.hashed_session(request),
            "is_same_network": row.network == here,
        }
        for row in live.filter(user=request.user).order_by("-last_used_at")
    ]
    may_end_others = roles.may_manage_accounts(request.user)
    context = admin.site.each_context(request) | {
        "title": _("Your account"),
        "own": own,
        "has_others": len(own) > 1,
        "may_end_others": may_end_others,
        "colleagues": _colleagues(live, request.user) if may_end_others else [],
        "second_factor": account_views.section(request),
    }
    return TemplateResponse(request, "staff/account.html", context)


@require_POST
def end_one(request):
    """End one of the user's own sessions. Ending the current one works like Sign out in the header."""
    row = endings.live(timezone.now()).filter(user=request.user, pk=request.POST.get("session", "")).first()
    if row and row.pk == events.hashed_session(request):
        logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    if row and endings.end(row, endings.SELF, request, by=request.user):
        messages.success(request, _("Signed out there."))
    else:
        messages.info(request, _("That session had already ended."))
    return _back()


@require_POST
def end_others(request):
    """End all of the user's own sessions except the current one."""
    count = endings.end_all(request.user, request.user, request, keep=events.hashed_session(request))
    messages.success(request, _sentence(count))
    return _back()


@require_POST
def end_of_colleague(request, user_id):
    """End all sessions of a colleague. For leads and administrators."""
    if not roles.may_manage_accounts(request.user):
        raise PermissionDenied
    user = get_object_or_404(get_user_model(), pk=user_id)
    if user == request.user:
        return end_others(request)
    count = endings.end_all(user, request.user, request)
    messages.success(request, f"{_sentence(count)} ({user.get_username()})")
    return _back()


def _colleagues(live, user):
    """Return who else is signed in: user, username, number of sessions, last use."""
    others = live.exclude(user=user).values("user", "user__username")
    return others.annotate(count=Count("pk"), last_used_at=Max("last_used_at")).order_by("user__username")


def _sentence(count):
    if not count:
        return _("Nobody was signed in elsewhere.")
    return ngettext("Signed out in %d place.", "Signed out in %d places.", count) % count


def _back():
    return HttpResponseRedirect(reverse("admin:account"))
