"""Pictures and documents that editors keep, as nginx serves them in production (see deploy/nginx.conf)."""

import posixpath

from django.conf import settings
from django.http import Http404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.static import serve

PICTURES, DOCUMENTS = "images/", "documents/"  # what readers get; the originals of pictures lie beside them


@require_safe
@cache_control(public=True, max_age=3600)
def file(request, path):
    """A picture to show, or a document to keep; 404 for everything else."""
    path = posixpath.normpath(path)  # "documents/../x" lies elsewhere
    if not path.startswith((PICTURES, DOCUMENTS)):
        raise Http404
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    if path.startswith(DOCUMENTS):
        response["Content-Disposition"] = "attachment"
    return response
