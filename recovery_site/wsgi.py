"""The door that gunicorn opens."""

import os

from django.core.wsgi import get_wsgi_application

from . import patience

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery_site.settings")
patience.install()
application = get_wsgi_application()
