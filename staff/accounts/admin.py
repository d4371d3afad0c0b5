"""Staff accounts in the admin. Nobody can delete an account, set a password or grant rights here."""

import unicodedata

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import assignments, events, roles
from staff.models import SecurityEvent
from staff.sessions import fresh

from . import links, views
from .access import may_manage

User = get_user_model()
Kind = SecurityEvent.Kind


JOINERS = "\u200c\u200d"  # invisible, but names of some scripts are written with them


class AccountForm(forms.ModelForm):
    """The fields that an account manager may fill in. Any other posted field is ignored."""

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email"]
        field_classes = {"username": UsernameField}
        help_texts = {
            "email": gettext_lazy("Only this person may read its mail: the link to set a password goes there.")
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True

    def clean_username(self):
        """Refuse a username that looks like a colleague's, with similar letters or in another case."""
        username = self.cleaned_data["username"]
        if "username" in self.changed_data:
            ASCIIUsernameValidator()(username)
            others = User.objects.filter(username__iexact=username).exclude(pk=self.instance.pk)
            if other := others.order_by("pk").first():
                raise ValidationError(_("%s has this username. Choose another one.") % other, code="unique")
        return username

    def clean_first_name(self):
        return _one_line(self.cleaned_data["first_name"])

    def clean_last_name(self):
        return _one_line(self.cleaned_data["last_name"])

    def clean_email(self):
        """Refuse a colleague's address, because both accounts' set-up links would go to one inbox."""
        email = self.cleaned_data["email"]
        others = User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk)
        if "email" in self.changed_data and (other := others.order_by("pk").first()):
            raise ValidationError(_("%s already has this email address. Each needs their own.") % other, code="shared")
        return email


def _one_line(name):
    """Return a name. Refuse line breaks and invisible characters: emails about accounts tell the name."""
    kinds = {unicodedata.category(character) for character in name if character not in JOINERS}
    if not kinds.isdisjoint({"Cc", "Cf", "Zl", "Zp"}):
        raise ValidationError(_("Enter the name in one line, without invisible characters."), code="invisible")
    return name


class AccountAdmin(admin.ModelAdmin):
    form = AccountForm
    actions = None
    change_form_template = "staff/accounts/change_form.html"
    list_display = ["username", "full_name", "email", "roles", "is_active", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    readonly_fields = ["active", "roles", "link", "last_login", "date_joined"]

    class Media:
        css = {"all": ["staff/accounts.css"]}

    def lookup_allowed(self, lookup, value, request):
        """Allow only the list's own filter. Otherwise, a URL could test how the hash of a password begins."""
        return lookup.partition("__")[0] in self.list_filter

    def get_fieldsets(self, request, obj=None):
        entered = (None, {"fields": list(AccountForm.Meta.fields)})
        return [entered, (_("State"), {"fields": self.readonly_fields})] if obj else [entered]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def get_urls(self):
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view.as_view()), name=f"account_{name}")
            for name, view in views.ACTIONS.items()
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("name"), ordering="last_name")
    def full_name(self, account):
        return account.get_full_name()

    @admin.display(description=gettext_lazy("active"))
    def active(self, account):
        return _("Yes") if account.is_active else _("No. This account can't sign in.")

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, account):
        held = {group.name for group in account.groups.all()}
        return "; ".join(str(roles.LABELS[role]) for role in roles.ROLES if role in held) or _("none")

    @admin.display(description=gettext_lazy("set-up link"))
    def link(self, account):
        return links.state_of(account)

    def save_model(self, request, obj, form, change):
        """Save an account. A new one has no password: its owner gets a link to set one."""
        if not change:
            obj.is_staff = True
            obj.set_unusable_password()
            super().save_model(request, obj, form, change)
            events.record(Kind.ACCOUNT_CREATED, request=request, account=obj)
            links.request_link(obj, actor=request.user, request=request)
        elif form.changed_data:
            super().save_model(request, obj, form, change)
            is_new_address = "email" in form.changed_data
            before = User(**{name: form.initial[name] for name in AccountForm.Meta.fields})
            detail = " ".join(form.changed_data)
            events.record(Kind.ACCOUNT_CHANGED, request=request, account=obj, detail=detail, before=before)
            if is_new_address:
                links.end_open(obj, timezone.now())
                reason = _("The email address of the account was changed")
                assignments.refuse_waiting(obj, actor=request.user, reason=reason, request=request)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Ask for a fresh sign-in before an account is created or changed."""
        if request.method == "POST" and may_manage(request.user) and (page := fresh.ask(request)):
            return page
        return super().changeform_view(request, object_id, form_url, extra_context)

    def has_module_permission(self, request):
        return may_manage(request.user)

    def has_view_permission(self, request, obj=None):
        return may_manage(request.user)

    def has_add_permission(self, request):
        return may_manage(request.user)

    def has_change_permission(self, request, obj=None):
        return may_manage(request.user)

    def has_delete_permission(self, request, obj=None):
        return False
