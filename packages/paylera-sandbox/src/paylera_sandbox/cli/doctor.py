"""`doctor`: is a merchant's application connected as it should be?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

import click

from paylera_sandbox.cli.exits import FAILED, CommandError, misused
from paylera_sandbox.cli.parameters import Argument, Option
from paylera_sandbox.cli.probes import Reply, probe
from paylera_sandbox.cli.session import Session, talks


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `hint` says what to do about a failure."""

    check: str
    ok: bool
    detail: str
    hint: str = ""


@talks
def doctor(
    session: Session,
    app: Annotated[str, Argument(metavar="URL", help="Your application, for example http://127.0.0.1:8000.")],
    *,
    webhook_path: Annotated[str, Option(help="Where its receiver is mounted.")] = "/webhooks/paylera/",
    relay_path: Annotated[str, Option(help="Where its relay is mounted.")] = "/api/paylera",
    secret: Annotated[str, Option(envvar="PAYLERA_WEBHOOK_SECRET", help="The secret that its receiver knows.")] = "",
    webhooks: Annotated[bool, Option("--webhooks/--no-webhooks", help="Check the receiver.")] = True,
    relay: Annotated[bool, Option("--relay/--no-relay", help="Check the relay.")] = True,
) -> None:
    """Check an application: does its receiver verify what arrives, and does its relay reach this sandbox?"""
    base = _base(app)
    if webhooks and not secret:
        misused("is needed to sign; give it, set PAYLERA_WEBHOOK_SECRET, or take --no-webhooks", "--secret")
    plans, sandbox = _sandbox(session)
    findings = [sandbox]
    if webhooks:
        findings += _receiver(base + _path(webhook_path, "--webhook-path"), secret)
    if relay:
        findings += _relay(base + _path(relay_path, "--relay-path").rstrip("/"), plans)
    _tell(session, findings)


def _base(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not url.isascii() or not url.isprintable() or " " in url:
        misused("must be the URL of your application, for example http://127.0.0.1:8000", "URL")
    return url.rstrip("/")


def _path(path: str, option: str) -> str:
    if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
        misused("must be a path that begins with '/'", option)
    return path


def _sandbox(session: Session) -> tuple[set[str] | None, Finding]:
    """Look for the sandbox; return the ids of its plans, None if it does not answer."""
    try:
        plans = {str(plan["id"]) for plan in session.sandbox.all("/v1/plans", limit=1000)}
    except CommandError as error:
        return None, Finding("sandbox answers", ok=False, detail=str(error), hint="start it with paylera-sandbox serve")
    return plans, Finding("sandbox answers", ok=True, detail=session.sandbox.url)


def _receiver(url: str, secret: str) -> Iterator[Finding]:
    """Post what a receiver has to take, and what it has to refuse."""
    from paylera_sandbox.webhooks.trials import trial

    event = _event()
    first = probe("POST", url, *trial(event, secret))
    reached = first.status is not None and first.status not in {404, 405} and not first.redirects
    yield Finding("receiver is reachable", reached, f"POST {url} {first.told}", _unreached(first))
    if not reached:
        return
    yield _accepts("receiver accepts a right signature", first)
    yield _accepts("receiver accepts the same event again", probe("POST", url, *trial(event, secret)))
    for signed, what in (("wrong", "a wrong signature"), ("stale", "an old signature"), ("missing", "no signature")):
        reply = probe("POST", url, *trial(_event(), secret, signed=signed))  # type: ignore[arg-type]  # one of its names
        yield _refuses(f"receiver refuses {what}", reply)
    yield _refuses("receiver refuses what is signed and no event", _nonsense(url, secret))


def _nonsense(url: str, secret: str) -> Reply:
    from paylera_sandbox.webhooks.trials import sign

    body = b"not an event"
    return probe("POST", url, body, {"Content-Type": "application/json", "Paylera-Signature": sign(body, secret)})


def _event() -> dict[str, object]:
    """Return an event that no handler is likely to act on, with an id of its own."""
    identifier = os.urandom(16).hex()
    return {
        "id": f"evt_{identifier}",
        "type": "webhook_endpoint.ping",
        "occurred_at": "2026-05-01T00:00:00.000Z",
        "schema_version": 1,
        "tenant_id": "ten_sandbox",
        "aggregate_type": "webhook_endpoint",
        "aggregate_id": f"we_{identifier}",
        "data": {"id": f"we_{identifier}", "object": "webhook_endpoint"},
    }


def _unreached(reply: Reply) -> str:
    if reply.redirects:
        return (
            f"it redirects to {reply.headers.get('location', '?')}: give the final address, with or without its slash"
        )
    if reply.status in {404, 405}:
        return "mount the receiver there, or say where it is with --webhook-path"
    return "start your application, or give another URL"


def _accepts(check: str, reply: Reply) -> Finding:
    ok = reply.status is not None and 200 <= reply.status < 300
    hints = {
        401: "the secrets differ: give the application's signing secret with --secret or PAYLERA_WEBHOOK_SECRET",
        403: "something in front of the receiver refuses: no login and no CSRF check may stand before it",
    }
    return Finding(check, ok, reply.told, hints.get(reply.status or 0, "a receiver answers 200 within 10 s"))


def _refuses(check: str, reply: Reply) -> Finding:
    ok = reply.status is not None and 400 <= reply.status < 500
    accepted = reply.status is not None and 200 <= reply.status < 300
    hint = "anybody could send this: verify the signature first" if accepted else "a stranger must not cause an error"
    return Finding(check, ok, reply.told, hint)


def _relay(url: str, plans: set[str] | None) -> Iterator[Finding]:
    """Ask the relay what a browser without a login asks."""
    token = probe("GET", f"{url}/csrf-token", headers={"Accept": "application/json"})
    given = token.json()
    off = token.status == 404 and isinstance(given, dict) and given.get("type") == "paylera.not_found"
    ok = off or (token.status == 200 and isinstance(given, dict) and "token" in given)
    detail = "the CSRF check is switched off" if off else f"GET {url}/csrf-token {token.told}"
    yield Finding("relay answers", ok, detail, "mount the relay there, or say where it is with --relay-path")
    if not ok:
        return
    listed = probe("GET", f"{url}/plans", headers={"Accept": "application/json"})
    yield _shows_plans(listed, plans)
    caller = probe("GET", f"{url}/me", headers={"Accept": "application/json"})
    known = caller.status in {200, 401} and caller.json() is not None
    hint = "without a login, me answers 401 with a problem document: look into the application's log"
    yield Finding("relay tells strangers from customers", known, f"GET {url}/me {caller.told}", hint)


def _shows_plans(reply: Reply, plans: set[str] | None) -> Finding:
    check, found = "relay shows this sandbox's plans", reply.json()
    if reply.status != 200 or not isinstance(found, dict) or not isinstance(found.get("data"), list):
        hint = "the relay does not reach Paylera: set PAYLERA_BASE_URL and PAYLERA_API_TOKEN where the application runs"
        return Finding(check, ok=False, detail=reply.told, hint=hint)
    shown = {str(plan.get("id")) for plan in found["data"] if isinstance(plan, dict)}
    same = plans is None or shown <= plans
    hint = "it shows other plans, so it talks to another Paylera: check its PAYLERA_BASE_URL"
    return Finding(check, same and bool(shown), f"{len(shown)} plans", hint)


def _tell(session: Session, findings: list[Finding]) -> None:
    problems = sum(not finding.ok for finding in findings)
    rows = [
        {"check": one.check, "ok": one.ok, "detail": one.detail, "hint": "" if one.ok else one.hint} for one in findings
    ]
    lines = [line for finding in findings for line in _lines(finding)]
    lines.append("Everything is well." if not problems else f"{problems} of {len(findings)} checks failed.")
    session.out.result({"ok": not problems, "checks": rows}, *lines)
    if problems:
        raise click.exceptions.Exit(FAILED)


def _lines(finding: Finding) -> list[str]:
    line = f"{'ok  ' if finding.ok else 'FAIL'} {finding.check}: {finding.detail}"
    return [line] if finding.ok else [line, f"     {finding.hint}"]
