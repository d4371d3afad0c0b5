"""Serve editors' pictures and documents in development. In production nginx does it (see deploy/nginx.conf)."""

import posixpath

from django.conf import settings
from django.http import Http404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.static import serve

PICTURES, DOCUMENTS = "images/", "documents/"  # public folders; the original pictures are in another folder


@require_safe
@cache_control(public=True, max_age=3600)
def file(request, path):
    """Serve a picture, or a document as a download. 404 for all other files."""
    path = posixpath.normpath(path)  # "documents/../x" is outside of it
    if not path.startswith((PICTURES, DOCUMENTS)):
        raise Http404
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    if path.startswith(DOCUMENTS):
        response["Content-Disposition"] = "attachment"
    return response
