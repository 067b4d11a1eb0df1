"""For uvicorn and its like: `uvicorn skyline.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skyline.settings")
application = get_asgi_application()
