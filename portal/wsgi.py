"""WSGI entry point, served by gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from portal.foundation import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
logs.catch_the_rest()
