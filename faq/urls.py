from django.urls import path

from . import views

app_name = "faq"
urlpatterns = [
    path("", views.questions, name="questions"),
    path("<slug:slug>/", views.question, name="question"),
]
