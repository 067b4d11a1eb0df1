"""The relay's own words for refusals, and what of an upstream problem may reach a browser.

Source: contract section 5.
"""

from __future__ import annotations

from paylera import strict_json
from paylera.http import Headers, Response
from paylera.problems import TITLES, FieldFault, Problem, problem_response

PASSED_MEMBERS = ("type", "title", "status", "detail", "problem", "code", "errors", "next_action", "trace_id")
"""The members of an upstream 4xx problem that reach the browser."""

_WITHOUT_BODY = {404: "paylera.not_found", 429: "paylera.rate_limited"}


def invalid(field: str, code: str, message: str, *, type: str = "paylera.invalid_request") -> Problem:  # noqa: A002
    """Return the problem of one faulty field."""
    return Problem(type, f"{field}: {message}", errors=[FieldFault(field, code, message)])


def no_such_subscription() -> Problem:
    """Return the 404 that says neither "not yours" nor "no such id"."""
    return Problem("paylera.not_found", "there is no such subscription")


def pass_on(response: Response) -> Response:
    """Return an upstream 4xx with only the members a browser may see; `Retry-After` is kept."""
    try:
        upstream = strict_json.loads(response.body)
    except strict_json.StrictJsonError:
        upstream = None
    if not isinstance(upstream, dict):
        code = _WITHOUT_BODY.get(response.status, "paylera.invalid_request")
        upstream = {"type": code, "title": TITLES[code][1]}
    document = {name: upstream[name] for name in PASSED_MEMBERS if name in upstream}
    return problem_response(response.status, document | {"status": response.status}, retry_after(response))


def retry_after(response: Response) -> Headers:
    """Return the `Retry-After` header of `response`, if it has a plausible one."""
    value = response.header("retry-after")
    return (("retry-after", value),) if value is not None and len(value) <= 64 and value.isprintable() else ()
