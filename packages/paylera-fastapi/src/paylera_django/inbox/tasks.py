"""What Celery's `autodiscover_tasks()` looks for: a worker must know the inbox before a message comes.

The tasks are registered by `paylera.queues.celery_queue`, where the project makes its inbox.
"""

from django.conf import settings

from paylera_django.inbox.setting import configured

if getattr(settings, "PAYLERA_INBOX", None):
    configured()
