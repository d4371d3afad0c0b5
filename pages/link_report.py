from django.db.models import Max
from django.shortcuts import render

from . import links
from .models import LinkCheck


def broken_links(request):
    """Show the report in /cms/: each broken link with the page that contains it."""
    last = LinkCheck.objects.aggregate(at=Max("checked_at"))["at"]
    return render(request, "pages/cms/broken_links.html", {"broken": links.all_broken(), "last": last})
