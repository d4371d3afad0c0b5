"""The door that gunicorn opens."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from . import chunked, database_timeouts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery_site.settings")
database_timeouts.install()
try:
    application = chunked.with_length(get_wsgi_application())
except ImproperlyConfigured as error:
    sys.stderr.write(f"Not started: {error}\n")
    sys.exit(3)  # gunicorn's code for what no new worker can mend: any other one it tries again and again
