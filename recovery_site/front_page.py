"""The front page for staff at /admin/: links to the work that is waiting.

A panel is a function that takes the HTTP request and returns a `Panel`, or None if the user has no use for it. Add new
panels to `PANELS`, in display order.
"""

import functools
from dataclasses import dataclass

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Revision
from wagtail.permissions import page_permission_policy

from intake import access
from intake.admin.queue import tabs
from pages import content_generation, links
from pages.models import Center, LinkCheck, Notice
from pages.publishing import held_back
from staff import assignments, role_page

from .cms.access import may_edit

MOST = 8  # rows of a panel
WAITING = ["overdue", "unassigned", "mine", "back", "open", "quarantine"]  # tabs of the desk


@dataclass(frozen=True)
class Row:
    """One line of a panel: a link and a note about it."""

    text: str
    address: str
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """A box on the front page. Without rows, it shows the text `nothing`."""

    title: str
    rows: list[Row]
    nothing: str = ""
    more: Row | None = None


def panels(request):
    """Return the panels for the signed-in user."""
    made = [panel(request) for panel in PANELS]
    return [panel for panel in made if panel]


def requests_waiting(request):
    """Return a panel with the number of requests in each tab of the desk. It shows no content of requests."""
    if not access.may_read_requests(request.user):
        return None
    desk = reverse("admin:intake_assessmentrequest_changelist")
    counts, _needing = tabs.counts(request.user, timezone.now())
    return Panel(
        _("Requests waiting"),
        [Row(str(tabs.TABS[tab].label), f"{desk}?tab={tab}", counts[tab]) for tab in WAITING if counts[tab] != "0"],
        _("No requests are waiting."),
        Row(_("Open the desk"), desk),
    )


def roles_to_confirm(request):
    """Return a panel with the requested roles that the user may confirm. None if there are none."""
    waiting = assignments.to_confirm(request.user)
    rows = [
        Row(
            f"{asked.account}: {asked.get_role_display()}",
            role_page.address_of(asked.account),
            _("requested by %s") % asked.assigned_by,
        )
        for asked in waiting[:MOST]
    ]
    return Panel(_("Roles to confirm"), rows) if rows else None


def drafts(request):
    """Return a panel with the pages that have unpublished changes, the latest first."""
    if not may_edit(request):
        return None
    pages = _pages_of(request.user).filter(has_unpublished_changes=True).exclude(pk__in=_to_go_live())
    newest = pages.order_by("-latest_revision_created_at", "pk")
    return Panel(
        _("Drafts"),
        [_row(page, _("changed %s"), page.latest_revision_created_at) for page in newest[:MOST]],
        _("No page has unpublished changes."),
        Row(_("All pages"), reverse("wagtailadmin_explore_root")),
    )


def scheduled(request):
    """Return a panel with the pages that are scheduled to go live or expire, the next one first."""
    if not may_edit(request):
        return None
    pages, to_go_live = _pages_of(request.user), _to_go_live()
    rows = [(to_go_live[page.pk], page, _("goes live %s")) for page in pages.filter(pk__in=to_go_live)]
    rows += [(page.expire_at, page, _("expires %s")) for page in pages.filter(live=True, expire_at__gt=timezone.now())]
    rows.sort(key=lambda row: row[0])
    return Panel(
        _("Scheduled"),
        [_row(page, words, moment) for moment, page, words in rows[:MOST]],
        _("No page is scheduled to go live or expire."),
    )


def held(request):
    """Return a panel with the pages that a content check blocked at their scheduled time. None if there are none."""
    if not may_edit(request) or not (pages := held_back()):
        return None
    mine = set(_pages_of(request.user).filter(pk__in=[page.pk for page, _entry in pages]).values_list("pk", flat=True))
    rows = [_row(page, _("held since %s"), entry.timestamp) for page, entry in pages if page.pk in mine]
    return Panel(_("Scheduled, but not published"), rows[:MOST]) if rows else None


def content(request):
    """Return a panel with links to the parts of the CMS."""
    if not may_edit(request):
        return None
    count = _pages_of(request.user).filter(live=True).count()
    live = ngettext("%s page is live", "%s pages are live", count) % count
    return Panel(
        _("Content"),
        [
            Row(_("Pages"), reverse("wagtailadmin_explore_root"), live),
            Row(_("Pictures"), reverse("wagtailimages:index")),
            Row(_("Documents"), reverse("wagtaildocs:index")),
            Row(_("What changed"), reverse("wagtailadmin_reports:site_history")),
        ],
        more=Row(_("Open the CMS"), reverse("wagtailadmin_home")),
    )


def notices_showing(request):
    """Return a panel with the notices that readers see now, and the time when each one ends."""
    if not may_edit(request):
        return None
    now = timezone.now()
    rows = Notice.objects.filter(live=True, shows_from__lte=now, shows_until__gt=now).order_by("shows_until", "pk")
    edit, every = Notice.snippet_viewset.get_url_name("edit"), Notice.snippet_viewset.get_url_name("list")
    return Panel(
        _("Notices showing"),
        [Row(str(notice), reverse(edit, args=[notice.pk]), _until(notice.shows_until)) for notice in rows[:MOST]],
        _("No notice is showing."),
        Row(_("All notices"), reverse(every)),
    )


def broken_links(request):
    """Return a panel with the number of broken links. None if there are none."""
    if not may_edit(request):
        return None
    last_check = LinkCheck.objects.aggregate(Max("checked_at"))["checked_at__max"]
    old_addresses = frozenset(Redirect.objects.values_list("old_path", flat=True))
    count = _broken_count(content_generation.current(), last_check, old_addresses)
    if not count:
        return None
    words = ngettext("%s broken link", "%s broken links", count) % count
    return Panel(_("Broken links"), [Row(words, reverse("broken_links"))])


def launch_checklist(request):
    """Return a panel with what is missing before launch. None if nothing is missing."""
    if not may_edit(request) or not (center := Center.objects.first()):
        return None
    to_center = reverse(Center.snippet_viewset.get_url_name("edit"), args=[center.pk])
    rows = [Row(capfirst(name), to_center, _("not set, so readers don't see it")) for name in center.missing_facts()]
    if not LinkCheck.objects.exists():
        rows.append(Row(_("Links to other sites"), reverse("broken_links"), _("never checked")))
    return Panel(_("Before launch"), rows) if rows else None


PANELS = [
    requests_waiting,
    roles_to_confirm,
    held,
    drafts,
    scheduled,
    notices_showing,
    broken_links,
    content,
    launch_checklist,
]


@functools.lru_cache(maxsize=1)
def _broken_count(generation, last_check, old_addresses):
    """Return the number of broken links. Cached until the content or a redirect changes, or outer links are checked
    again."""
    return len(links.all_broken())


def _until(moment):
    return _("until %s") % date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _pages_of(user):
    pages = page_permission_policy.instances_user_has_any_permission_for(user, ["add", "change", "publish"])
    return pages.filter(depth__gt=1)


def _to_go_live():
    """Return the time when each scheduled page goes live: {page id: time}."""
    waiting = Revision.page_revisions.filter(approved_go_live_at__isnull=False)
    return {int(key): moment for key, moment in waiting.values_list("object_id", "approved_go_live_at")}


def _row(page, words, moment):
    """Return a row with the page's draft title. `words`: text with "%s" for the time. `moment`: that time, or None."""
    at = date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else ""
    return Row(page.draft_title or page.title, reverse("wagtailadmin_pages:edit", args=[page.pk]), words % at)
