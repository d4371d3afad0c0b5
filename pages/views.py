from django.http import Http404, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from . import structured_data
from .models import OldPath, PageVersion, Section


@require_safe
@cache_control(public=True, max_age=60)
def page(request, path=""):
    """The live version of the page at `path`. An old address, or one in capitals, leads on; else 404."""
    if path != path.lower():
        return HttpResponsePermanentRedirect(f"/{path.lower()}/")
    version = PageVersion.objects.live().select_related("page").filter(page__path=path).first()
    if version:
        return render_version(request, version)
    moved = OldPath.objects.select_related("page").filter(path=path).first()
    if moved:
        return HttpResponsePermanentRedirect(moved.page.get_absolute_url())
    raise Http404


def render_version(request, version, preview=False):
    """The public page of one version, as readers see it; `preview` adds a banner that says it is not live."""
    citations = version.citations.select_related("source")
    sections = list(version.sections.all())
    has_figures = any(section.figure for section in sections)
    # What saves a life stands above the list of contents, which would push it off the screen of a phone.
    urgent = sections.pop(0) if sections and sections[0].kind == Section.Kind.EMERGENCY else None
    return render(
        request,
        "pages/page.html",
        {
            "page": version.page,
            "version": version,
            "urgent": urgent,
            "sections": sections,
            "has_figures": has_figures,
            "citations": citations,
            "structured_data": structured_data.of_page(version, citations),
            "preview": preview,
        },
    )
