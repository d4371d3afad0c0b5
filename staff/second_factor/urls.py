"""The addresses of the second factor, under /admin/second-factor/."""

from django.urls import path

from . import views

urlpatterns = [
    path("second-factor/", views.CodeView.as_view(), name="second_factor"),
    path("second-factor/recovery-code/", views.RecoveryCodeView.as_view(), name="second_factor_recovery_code"),
    path("second-factor/set-up/", views.SetUpView.as_view(), name="second_factor_set_up"),
]
