from django.urls import path

from .monitoring import synthetic_views
from .public import device_views, self_service_views, views

app_name = "intake"
urlpatterns = [
    path("", views.assessment, name="assessment"),
    path("visit/", device_views.visit, name="visit"),
    path("leave/", device_views.leave, name="leave"),
    path("leave/<str:token>/", device_views.leave, name="leave"),
    path("under-18/", views.under_18, name="under_18"),
    path("check/<str:token>/", views.check, name="check"),
    path("received/<str:receipt>/", views.received, name="received"),
    path("probe/<str:receipt>/", synthetic_views.probe, name="probe"),
    path("manage/<str:secret>/", self_service_views.manage, name="manage"),
    path("manage/<str:secret>/check/<str:token>/", self_service_views.check, name="manage_check"),
]
