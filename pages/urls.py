from django.urls import re_path

from . import views

# Wagtail uses this name to build page addresses.
urlpatterns = [re_path(r"^((?:[A-Za-z0-9-]+/)*)$", views.page, name="wagtail_serve")]
