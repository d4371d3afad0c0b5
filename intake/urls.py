from django.urls import path

from . import device_views, private_views, probe, views

app_name = "intake"
urlpatterns = [
    path("", views.assessment, name="assessment"),
    path("visit/", device_views.visit, name="visit"),
    path("leave/", device_views.leave, name="leave"),
    path("leave/<str:token>/", device_views.leave, name="leave"),
    path("under-18/", views.under_18, name="under_18"),
    path("check/<str:token>/", views.check, name="check"),
    path("received/<str:receipt>/", views.received, name="received"),
    path("probe/<str:receipt>/", probe.probe, name="probe"),
    path("yours/<str:secret>/", private_views.yours, name="yours"),
    path("yours/<str:secret>/check/<str:token>/", private_views.check, name="yours_check"),
]
