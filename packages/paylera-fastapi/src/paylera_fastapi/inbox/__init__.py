"""The inbox for FastAPI, in the database of an SQLAlchemy engine: `pip install "paylera-fastapi[sqlalchemy]"`.

    inbox = Inbox(engine, handlers=on)
    app.include_router(paylera_webhooks(signing_secret=..., inbox=inbox), prefix="/webhooks/paylera")

`python -m paylera_fastapi.inbox shop.billing:inbox process` is the worker; `--help` tells the other commands.
"""

try:
    import sqlalchemy as _  # noqa: F401
except ImportError:
    raise ImportError('the inbox for FastAPI needs SQLAlchemy: pip install "paylera-fastapi[sqlalchemy]"') from None

from paylera_fastapi.inbox.claims import SqlAlchemyClaims
from paylera_fastapi.inbox.host import Inbox
from paylera_fastapi.inbox.sessions import session, sync_session
from paylera_fastapi.inbox.store import AsyncSqlAlchemyInboxStore, SqlAlchemyInboxStore
from paylera_fastapi.inbox.tables import metadata

__all__ = [
    "AsyncSqlAlchemyInboxStore",
    "Inbox",
    "SqlAlchemyClaims",
    "SqlAlchemyInboxStore",
    "metadata",
    "session",
    "sync_session",
]
