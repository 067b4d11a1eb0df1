"""For gunicorn and its like: `gunicorn skyline.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skyline.settings")
application = get_wsgi_application()
