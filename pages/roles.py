"""The staff groups, their permissions in /cms/, and the rows that Wagtail requires.

`set_up` runs after every `migrate` and flush, so every site has the roles in this table. If someone gave a content role
another permission by hand, the next deploy removes it.

Assessment requests are not in the table. `intake.access` checks roles, never permissions, because superusers have every
permission.
"""

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Locale,
    Page,
    Site,
    Workflow,
)
from wagtail.snippets.models import create_extra_permissions

from . import site_address

# What each role may do with pages, with pictures and documents, and with other rows: `app.model` to actions. Models
# that don't exist (yet) are skipped. "add" without "change" lets people change only their own rows.
_ENTER = {"wagtailadmin.admin": ["access"]}
_DRAFTING = {
    "pages": ["add", "change"],
    "media": ["add", "choose"],
    "rows": _ENTER
    | {
        "pages.source": ["view", "add"],
        "pages.center": ["view", "change"],
        "pages.notice": ["view", "add", "change"],
        "faq.topic": ["view"],
    },
}
_PUBLISHING = {
    "pages": ["add", "change", "publish", "lock", "unlock"],
    "media": ["add", "change", "choose", "delete"],
    "rows": _ENTER
    | {
        "pages.source": ["view", "add", "change", "delete"],  # live pages show it
        "pages.center": ["view", "change", "publish", "lock", "unlock"],
        "pages.notice": ["view", "add", "change", "delete", "publish", "lock", "unlock"],
        "faq.topic": ["view", "add", "change", "delete"],
        "wagtailredirects.redirect": ["view", "add", "change", "delete"],
    },
}
CONTENT_ROLES = {"editor": _DRAFTING, "reviewer": _DRAFTING, "publisher": _PUBLISHING}
GROUPS_OF_WAGTAIL = ["Editors", "Moderators"]  # they may have permissions that are not in the table
WORKFLOW_OF_WAGTAIL = "Moderators approval"


def set_up(**kwargs):
    """Create the root rows, the groups and their permissions. Remove all other permissions of these groups. Safe to
    repeat."""
    locale, _made = Locale.objects.get_or_create(language_code=settings.LANGUAGE_CODE)
    root = Page.get_first_root_node() or Page.add_root(title="Root", slug="root", locale=locale)
    folder = Collection.get_first_root_node() or Collection.add_root(name="Root")
    if site := Site.objects.filter(is_default_site=True).first():
        site_address.follow(site)
    Group.objects.filter(name__in=GROUPS_OF_WAGTAIL).delete()
    # This workflow locks pages until a moderator approves them, and there are no moderators now.
    for workflow in Workflow.objects.active().filter(name=WORKFLOW_OF_WAGTAIL):
        workflow.deactivate()
    create_extra_permissions(apps.get_app_config("wagtailsnippets"))  # publish and lock, for models that support them
    for name, rights in CONTENT_ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.set(_permissions(rights["rows"]))
        on_pages = _permissions({"wagtailcore.page": rights["pages"]})
        on_media = _permissions({f"wagtail{kind}": rights["media"] for kind in ("images.image", "docs.document")})
        _give(GroupPagePermission.objects.filter(group=group), on_pages, group=group, page=root)
        _give(GroupCollectionPermission.objects.filter(group=group), on_media, group=group, collection=folder)


def _permissions(table):
    """Return the permissions that a table lists: {`app.model`: actions}."""
    wanted = Q()
    for label, actions in table.items():
        app_label, model = label.split(".")
        codenames = [f"{action}_{model}" for action in actions]
        wanted |= Q(content_type__app_label=app_label, content_type__model=model, codename__in=codenames)
    return list(Permission.objects.filter(wanted))


def _give(rows, permissions, **of):
    """Give one group exactly these permissions on one page or collection, which `of` names."""
    rows.exclude(permission__in=permissions, **of).delete()
    for permission in permissions:
        rows.get_or_create(permission=permission, **of)
