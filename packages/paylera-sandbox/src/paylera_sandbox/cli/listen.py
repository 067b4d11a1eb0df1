"""`listen`: deliveries, live, to an application on this machine."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, NoReturn

from paylera_sandbox.cli.connection import Doc
from paylera_sandbox.cli.parameters import Option
from paylera_sandbox.cli.session import Session, talks


@talks
def listen(
    session: Session,
    *,
    forward_to: Annotated[str, Option(help="Your receiver, for example localhost:8000/webhooks/paylera/.")],
    events: Annotated[str, Option(help="Which, for example 'invoice.*,customer.created'.")] = "*",
    secret: Annotated[
        str | None, Option(envvar="PAYLERA_WEBHOOK_SECRET", help="What signs; made up if left out.")
    ] = None,
) -> None:
    """Send events to your application as they happen, signed, and show what it answers, until interrupted."""
    body: Doc = {"url": forward_to if "://" in forward_to else f"http://{forward_to}"}
    body["events"] = [event.strip() for event in events.split(",")]
    if secret:
        body["secret"] = secret
    for ending in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a script's background job begins with it ignored
        signal.signal(ending, _interrupt)
    found = session.sandbox.post("/sandbox/listeners", body)
    path = f"/sandbox/listeners/{found['id']}"
    if not session.out.as_json:
        session.out.result(None, f"Events go to {found['url']}, signed with {found['secret']}. Ctrl-C ends it.")
    try:
        while True:
            for attempt in session.sandbox.get(f"{path}/attempts")["data"]:
                session.out.result(attempt, _line(attempt))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one must not leave the endpoint behind
        session.sandbox.delete(path)
    if not session.out.as_json:
        sys.stderr.write("\nEnded.\n")


def _line(attempt: Doc) -> str:
    answer = attempt["status"] or attempt["error"]
    again = f", again at {attempt['next_attempt_at']}" if attempt["next_attempt_at"] else ""
    what = f"{attempt['at']}  {attempt['event_type']}  {attempt['event_id']}"
    return f"{what}  {answer} ({attempt['duration_ms']} ms){again}"


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
