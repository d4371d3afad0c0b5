"""The addresses about sessions, under /admin/account/."""

from django.urls import path

from . import views

urlpatterns = [
    path("account/left/", views.left, name="account_left"),
    path("account/stay/", views.stay, name="account_stay"),
]
