from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin

User = get_user_model()
admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """The stock admin of accounts. The site alone writes when someone joined and signed in: PostgreSQL takes a moment
    past the year 9999, and no account with one can be read again."""

    readonly_fields = ["last_login", "date_joined"]
