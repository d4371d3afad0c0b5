from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin

User = get_user_model()
admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """The stock user admin, with the two dates read-only. The site sets them itself. An editor could enter a date near
    the end of year 9999, which PostgreSQL stores but Python cannot read back."""

    readonly_fields = ["last_login", "date_joined"]
