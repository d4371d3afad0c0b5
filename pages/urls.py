from django.urls import re_path

from . import views

# Wagtail makes the addresses of pages from this name.
urlpatterns = [re_path(r"^((?:[A-Za-z0-9-]+/)*)$", views.page, name="wagtail_serve")]
