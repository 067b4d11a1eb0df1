"""The setting `PAYLERA_INBOX`: where the project's inbox is, for the commands, the admin and the tasks of a queue."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from paylera_django.inbox.host import Inbox

EXAMPLE = 'PAYLERA_INBOX = "shop.billing.inbox"'


def configured() -> Inbox:
    """Return the project's inbox, or raise `ImproperlyConfigured` with what to do."""
    where = getattr(settings, "PAYLERA_INBOX", None)
    if not where:
        msg = f"the setting PAYLERA_INBOX is missing: it names your inbox, as in {EXAMPLE}"
        raise ImproperlyConfigured(msg)
    try:
        found = import_string(where)
    except (ImportError, AttributeError) as error:  # AttributeError: the setting is no text
        msg = f"PAYLERA_INBOX = {where!r} cannot be imported: {error}"
        raise ImproperlyConfigured(msg) from error
    if not isinstance(found, Inbox):
        msg = f"PAYLERA_INBOX = {where!r} is no paylera_django.inbox.Inbox but {type(found).__name__}"
        raise ImproperlyConfigured(msg)
    return found
