"""The addresses about sessions, under /admin/account/."""

from django.contrib import admin
from django.urls import path

from . import account_views, views

for_staff = admin.site.admin_view

urlpatterns = [
    path("account/", for_staff(account_views.account), name="account"),
    path("account/end/", for_staff(account_views.end_one), name="account_end"),
    path("account/end-others/", for_staff(account_views.end_others), name="account_end_others"),
    path("account/<int:user_id>/end/", for_staff(account_views.end_of_colleague), name="account_end_of_colleague"),
    path("account/left/", views.left, name="account_left"),
    path("account/stay/", views.stay, name="account_stay"),
]
