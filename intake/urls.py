from django.urls import path

from . import private_views, probe, views

app_name = "intake"
urlpatterns = [
    path("", views.assessment, name="assessment"),
    path("visit/", views.visit, name="visit"),
    path("received/<str:receipt>/", views.received, name="received"),
    path("probe/<str:receipt>/", probe.probe, name="probe"),
    path("yours/<str:secret>/", private_views.yours, name="yours"),
]
