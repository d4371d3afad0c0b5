"""WSGI entry point."""

import os
import sys
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from . import chunked_requests, database_timeouts, start_checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery_site.settings")
database_timeouts.install()
try:
    application = chunked_requests.with_length(get_wsgi_application())
    start_checks.refuse_start()
    import_module(settings.ROOT_URLCONF)  # takes 0.4 s, for which the first visitor would wait otherwise
    if not settings.DEBUG:  # while developing, a changed template must show
        from .page_cache import PageCache

        application = PageCache(application)
except ImproperlyConfigured as error:
    sys.stderr.write(f"Not started: {error}\n")
    sys.exit(3)  # tells gunicorn not to restart a worker that can never start
