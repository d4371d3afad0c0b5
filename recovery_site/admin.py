from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin

User = get_user_model()
admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """The stock user admin, but with its two dates read-only, because the site sets them.

    Otherwise, someone could enter a date near the end of year 9999. PostgreSQL stores it, but Python can't read it
    back.
    """

    readonly_fields = ["last_login", "date_joined"]
