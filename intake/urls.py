from django.urls import path

from . import views

app_name = "intake"
urlpatterns = [
    path("", views.assessment, name="assessment"),
    path("received/<str:receipt>/", views.received, name="received"),
]
