"""Take the pictures of the sandbox in `docs/images/`: its console and portal after eight months.

Run it as `python examples/python/sandbox_screenshots.py`. The pictures look best where the font Inter is installed.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Page, ViewportSize, sync_playwright
from screenshots import ARGUMENTS, IMAGES, STILL, save

from paylera import PayleraClient
from paylera_sandbox import Sandbox

DESKTOP = ViewportSize(width=1280, height=800)
CARDS = ("tok_visa_success", "tok_mastercard_success", "tok_visa_success", "tok_visa_decline_later")
PEOPLE = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov")
MONTHS = 8
USAGE = (640, 410, 530, 705, 880, 1210, 1340, 960)


class Receiver(BaseHTTPRequestHandler):
    """A receiver that is down for the first event of each month's renewal, so that there is a second attempt."""

    refused = 0

    def do_POST(self) -> None:
        """Answer one delivery."""
        self.rfile.read(int(self.headers["content-length"]))
        first = self.headers["paylera-event-type"] == "invoice.paid" and Receiver.refused < 1
        Receiver.refused += first
        body = b'{"error": "deploying, back in a minute"}' if first else b'{"received": true}'
        self.send_response(503 if first else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[str]:
    """Receive webhooks; yields the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/webhooks/paylera/"
    finally:
        server.shutdown()


def subscribe(client: PayleraClient, name: str, token: str, plan: str) -> dict[str, str]:
    """Make a customer with a card and a subscription."""
    customer = client.create_customer(email=f"{name.split(maxsplit=1)[0].lower()}@skyline.example", name=name)
    method = client.create_payment_method(customer["id"], type="card", token=token)
    subscription = client.create_subscription(
        customer_id=customer["id"], plan_code=plan, default_payment_method_id=method["id"]
    )
    return {"customer": customer["id"], "subscription": subscription["id"]}


def live(client: PayleraClient, sandbox: Sandbox) -> dict[str, str]:
    """Let the months pass; return the ids of the first customer."""
    first = subscribe(client, PEOPLE[0], CARDS[0], "starter")
    for month in range(MONTHS):
        if month < len(PEOPLE) - 1:
            subscribe(client, PEOPLE[month + 1], CARDS[month % len(CARDS)], "pro" if month % 2 else "starter")
        client.track(customer_id=first["customer"], feature_code="api_calls", quantity=str(USAGE[month] // 2))
        if month == MONTHS // 2:
            client.change_plan(first["subscription"], plan_code="pro")
        client.track(customer_id=first["customer"], feature_code="api_calls", quantity=str(USAGE[month] // 2))
        sandbox.wait_idle()
        client.request("POST", "/sandbox/clock/advance", json={"by": "1mo"})
        sandbox.wait_idle()
    client.track(customer_id=first["customer"], feature_code="api_calls", quantity="3127")
    sandbox.wait_idle()
    return first


def deliveries(client: PayleraClient) -> str:
    """Return the path of the deliveries to the one endpoint."""
    [endpoint] = client.request("GET", "/v1/admin/webhook-endpoints")["data"]
    return f"/v1/admin/webhook-endpoints/{endpoint['id']}/deliveries"


def look(page: Page, url: str, name: str) -> None:
    """Open a page and take its picture."""
    page.goto(url)
    save(page, name)


def main() -> None:
    """Start everything, let time pass, take the pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("there is no chromium here; on Debian: apt-get install chromium")
    with receiving() as hook, Sandbox(webhook_url=hook) as sandbox, sync_playwright() as playwright:
        client = PayleraClient(api_token=sandbox.token, base_url=sandbox.url)
        first = live(client, sandbox)
        [paid] = client.request(
            "GET", "/v1/admin/events", params={"type": "invoice.paid", "sort": "created_at:asc", "limit": 1}
        )["data"]
        [delivery] = client.request("GET", deliveries(client), params={"event_id": paid["id"]})["data"]
        portal = client.create_billing_portal_session(first["customer"], return_url="https://skyline.example/app")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        with browser.new_context(**STILL, viewport=DESKTOP) as context:
            page = context.new_page()
            console = f"{sandbox.url}/console"
            look(page, console, "sandbox-console")
            look(page, f"{console}/subscriptions/{first['subscription']}", "sandbox-timeline")
            look(page, f"{console}/deliveries/{delivery['id']}", "sandbox-delivery")
            look(page, portal["url"], "sandbox-portal")
        browser.close()
    print(f"four pictures in {IMAGES}")


if __name__ == "__main__":
    main()
