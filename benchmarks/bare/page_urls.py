"""A view that answers the same bytes as the plain WSGI function, at every address."""

from django.http import HttpResponse
from django.urls import re_path

from .page import BODY, HEADERS


def show(request):
    return HttpResponse(BODY, headers=dict(HEADERS))


urlpatterns = [re_path("", show)]
