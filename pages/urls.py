from django.urls import path, register_converter

from . import views

app_name = "pages"


class PagePathConverter:
    """The form that `Page.path` has, so that nothing else reaches the database; capitals are mended by the view."""

    regex = r"[A-Za-z0-9-]+(?:/[A-Za-z0-9-]+)*"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(PagePathConverter, "page_path")

urlpatterns = [
    path("", views.page, name="home"),
    path("<page_path:path>/", views.page, name="page"),
]
