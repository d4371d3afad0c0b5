from django.urls import path

from . import device_views, private_views, probe, views

app_name = "intake"
urlpatterns = [
    path("", views.assessment, name="assessment"),
    path("visit/", device_views.visit, name="visit"),
    path("leave/", device_views.leave, name="leave"),
    path("received/<str:receipt>/", views.received, name="received"),
    path("probe/<str:receipt>/", probe.probe, name="probe"),
    path("yours/<str:secret>/", private_views.yours, name="yours"),
]
