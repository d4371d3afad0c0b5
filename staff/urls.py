"""The addresses of the staff app. `StaffSite` includes them under /admin/, in the namespace of the admin."""

from django.contrib import admin
from django.urls import path

from . import role_page
from .accounts.urls import urlpatterns as of_accounts
from .second_factor.urls import urlpatterns as of_second_factor
from .sessions.urls import urlpatterns as of_sessions

urlpatterns = [
    *of_accounts,
    *of_second_factor,
    *of_sessions,
    path("auth/user/<int:pk>/roles/", admin.site.admin_view(role_page.page), name="staff_roles"),
]
