"""The groups of staff and what each may do with content. Called by migrations, so that no site starts without roles.

Requests for help are not here: `intake.access` opens them by role, never by permission, which every superuser has.
"""

from django.contrib.auth.management import create_permissions

_WRITE = ("view", "add", "change")
_DRAFTING = {
    "page": ("view", "add"),  # a page without a published version is nowhere to be seen
    "pageversion": (*_WRITE, "delete"),  # drafts only: a published version is never deleted
    "section": (*_WRITE, "delete"),
    "pagecitation": (*_WRITE, "delete"),
    "source": ("view", "add"),
    "center": ("view", "change"),  # drafts: readers see what is published
    "notice": _WRITE,
}
_PUBLISHING = {
    "page": ("change",),  # its address and its place in the menu change what readers see at once
    "pageversion": ("publish",),
    "source": ("change",),  # live pages show it
    "center": ("publish", "lock", "unlock"),
    "notice": ("publish", "lock", "unlock", "delete"),
}
GRANTS = {
    "editor": [_DRAFTING],
    "reviewer": [_DRAFTING],
    "publisher": [_DRAFTING, _PUBLISHING],
}


def grant(apps, app_label, grants):
    """Makes sure that each group exists and has its permissions in one app; takes nothing away.

    `grants` maps the name of a group to a list of tables, each from a model's name to the actions allowed on it.
    """
    config = apps.get_app_config(app_label)
    if not getattr(config, "models_module", None):
        config.models_module = True  # inside a migration; permissions would only come after the last one
    create_permissions(config, apps=apps, verbosity=0)

    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, tables in grants.items():
        group, _created = Group.objects.get_or_create(name=name)
        codenames = [f"{action}_{model}" for table in tables for model, actions in table.items() for action in actions]
        permissions = Permission.objects.filter(content_type__app_label=app_label, codename__in=codenames)
        group.permissions.add(*permissions)
