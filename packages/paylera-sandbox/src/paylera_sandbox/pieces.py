"""Pieces: how a large answer is sent, so that one of a hundred megabytes does not hold up the others."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE = 256 * 1024


class InPieces(Response):
    """An answer whose body is sent piece by piece, as the client takes it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send."""
        if len(self.body) <= PIECE:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for place in range(0, len(self.body), PIECE):
            piece, more = bytes(self.body[place : place + PIECE]), place + PIECE < len(self.body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})
