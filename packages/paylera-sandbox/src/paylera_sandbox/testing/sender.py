"""The signed-event sender: events of the sandbox, posted to the application under test."""

from __future__ import annotations

from typing import Any

from paylera_sandbox.webhooks.trials import Signed, trial
from paylera_sandbox.workbench import Doc, Workbench

DEFAULT_PATH = "/webhooks/paylera/"


class WebhookSender:
    """Posts events to a receiver: through a Django test client, a FastAPI `TestClient` (or any httpx client, also an
    asynchronous one, whose answers are to be awaited), or to a URL.

    `secret` is what signs, `path` is where the receiver is mounted.
    """

    def __init__(self, bench: Workbench, *, secret: str, path: str = DEFAULT_PATH) -> None:
        self._bench = bench
        self._seen: set[str] = set()
        self.secret = secret
        self.path = path

    def __call__(
        self,
        client: Any,
        event_type: str,
        *,
        path: str | None = None,
        signed: Signed = "right",
        object_id: str | None = None,
        **members: Any,
    ) -> Any:
        """Make an event of any type, post it and return the answer. `members` are set in its data. `signed` may be
        `wrong`, `stale` or `missing`, which a receiver has to refuse."""
        event = self._bench.trigger(event_type, object_id=object_id, **members)
        self._seen.add(event["id"])
        return self.post(client, event, path=path, signed=signed)

    def post(self, client: Any, event: Doc, *, path: str | None = None, signed: Signed = "right") -> Any:
        """Post an event of the sandbox, for example one that was posted before."""
        payload, headers = trial(event, self.secret, signed=signed)
        return _post(client, path or self.path, payload, headers)

    def forward(self, client: Any, *, path: str | None = None) -> list[Any]:
        """Post every event that happened in the sandbox since the last call, oldest first; return the answers."""
        happened = self._bench.events()
        fresh = [event for event in happened if event["id"] not in self._seen]
        self._seen.update(event["id"] for event in fresh)
        return [self.post(client, event, path=path) for event in fresh]


def _post(client: Any, path: str, payload: bytes, headers: dict[str, str]) -> Any:
    if isinstance(client, str):
        return _post_to_url(client, payload, headers)
    if hasattr(client, "generic"):  # Django's test clients and request factories
        rest = {name: value for name, value in headers.items() if name != "Content-Type"}
        return client.generic("POST", path, payload, "application/json", headers=rest)
    return client.post(path, content=payload, headers=headers)


def _post_to_url(url: str, payload: bytes, headers: dict[str, str]) -> Any:
    import httpx2

    return httpx2.post(url, content=payload, headers=headers, trust_env=False, timeout=10.0)
