"""The addresses of the second factor, under /admin/."""

from django.contrib import admin
from django.urls import path

from . import account_views, passkey_views, reset, views

urlpatterns = [
    path("second-factor/", views.CodeView.as_view(), name="second_factor"),
    path("second-factor/recovery-code/", views.RecoveryCodeView.as_view(), name="second_factor_recovery_code"),
    path("second-factor/set-up/", views.SetUpView.as_view(), name="second_factor_set_up"),
    path("second-factor/app/", account_views.AppView.as_view(), name="second_factor_app"),
    path("second-factor/passkey/", account_views.add_passkey, name="second_factor_passkey"),
    path("second-factor/recovery-codes/", account_views.new_recovery_codes, name="second_factor_recovery_codes"),
    path(
        "auth/user/<int:pk>/reset-second-factor/",
        admin.site.admin_view(reset.ResetView.as_view()),
        name="second_factor_reset",
    ),
    path("second-factor/remove/", account_views.remove, name="second_factor_remove"),
    path(
        "second-factor/passkey/registration/begin/",
        passkey_views.BeginRegistrationView.as_view(),
        name="passkey_begin_registration",
    ),
    path(
        "second-factor/passkey/registration/complete/",
        passkey_views.CompleteRegistrationView.as_view(),
        name="passkey_complete_registration",
    ),
    path(
        "second-factor/passkey/authentication/begin/",
        passkey_views.BeginAuthenticationView.as_view(),
        name="passkey_begin_authentication",
    ),
    path(
        "second-factor/passkey/authentication/complete/",
        passkey_views.CompleteAuthenticationView.as_view(),
        name="passkey_complete_authentication",
    ),
]
