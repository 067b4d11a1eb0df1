"""The inbox for Django: `INSTALLED_APPS += ["paylera_django.inbox"]`, `migrate`, and an `Inbox` in your own code."""

from typing import TYPE_CHECKING

from paylera._lazy import resolver

if TYPE_CHECKING:
    from paylera_django.inbox.claims import OrmClaims
    from paylera_django.inbox.host import Inbox
    from paylera_django.inbox.setting import configured
    from paylera_django.inbox.store import DjangoInboxStore

__all__ = ["DjangoInboxStore", "Inbox", "OrmClaims", "configured"]

if not TYPE_CHECKING:
    # Resolved on first use: Django imports an app's package before models may be.
    __getattr__ = resolver(
        __name__,
        {
            "DjangoInboxStore": "paylera_django.inbox.store",
            "Inbox": "paylera_django.inbox.host",
            "OrmClaims": "paylera_django.inbox.claims",
            "configured": "paylera_django.inbox.setting",
        },
    )
