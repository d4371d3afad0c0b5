from django.urls import path

from staff.passwords.views import ReplacePasswordView

from . import set_up

urlpatterns = [
    path("replace-password/", ReplacePasswordView.as_view(), name="replace_password"),
    path("set-up/done/", set_up.done, name="set_up_done"),
    path("set-up/<str:token>/", set_up.SetUpView.as_view(), name="set_up"),
]
