"""Where Paylera is: tokens, base URLs, headers and paths; and secrets that hide."""

from __future__ import annotations

import copy
import json
import pickle
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paylera.endpoint import USER_AGENT, VERSION, Endpoint
from paylera.secret import Secret, SecretText, plain

TOKEN = "pl_test_canary_4711"
MESSAGE = r"must look like https://host\[:port\]\[/path\]"


def resolve(api_token: object = TOKEN, **options: Any) -> Endpoint:
    return Endpoint.resolve(api_token=api_token, **options)


@pytest.mark.parametrize(
    ("token", "base_url", "environ", "expected"),
    [
        ("pl_live_a", None, {}, ("https://api.paylera.dev", "live")),
        ("pl_test_a", None, {}, ("https://api.test.paylera.dev", "test")),
        ("pl_test_a", None, {"PAYLERA_BASE_URL": " "}, ("https://api.test.paylera.dev", "test")),
        ("pl_test_a", None, {"PAYLERA_BASE_URL": "http://127.0.0.1:8787/"}, ("http://127.0.0.1:8787", "custom")),
        ("pl_test_a", "https://B.example/x/", {"PAYLERA_BASE_URL": "http://e"}, ("https://b.example/x", "custom")),
        ("sk_other", "http://[::1]:80", {}, ("http://[::1]:80", "custom")),
    ],
)
def test_base_url_argument_beats_environment_beats_prefix(
    token: str, base_url: str | None, environ: dict[str, str], expected: tuple[str, str]
) -> None:
    endpoint = resolve(token, base_url=base_url, environ=environ)
    assert (endpoint.base_url, endpoint.mode) == expected


@pytest.mark.parametrize(
    "token", ["", "  ", None, 7, b"pl_test_x", "pl_test_a b", "pl_test_a\n", "pl_test_\x00", "pl_tést_a"]
)
def test_unusable_token_is_named_and_not_shown(token: object) -> None:
    with pytest.raises(ValueError, match="api_token") as caught:
        resolve(token)
    assert "pl_t" not in str(caught.value)


def test_unknown_prefix_needs_a_base_url() -> None:
    with pytest.raises(ValueError, match="pass base_url= or set PAYLERA_BASE_URL") as caught:
        resolve("sk_live_canary")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h", "h", "//h", "https://", "https:///x", "https://u:p@h", "https://@h", "https://h?x", "https://h?",
        "https://h#", "https://h:0", "https://h:99999", "https://h:x", "https://h/../v2", "https://h/.well", "https://h//x",
        "https://h/a b", "https://h\\x", "https://h\n", "https://[::1", "https://h%2e", "https://hö.de", "", 7, "https://-",
    ],
)  # fmt: skip
@pytest.mark.parametrize("source", ["base_url", "PAYLERA_BASE_URL"])
def test_unusable_base_url_names_its_source(url: object, source: str) -> None:
    if source == "base_url":
        with pytest.raises(ValueError, match=f"{source} {MESSAGE}"):
            resolve(base_url=url)
    elif isinstance(url, str) and url:
        with pytest.raises(ValueError, match=f"{source} {MESSAGE}"):
            resolve(environ={source: url if url != "https://h\n" else "https://h\nx"})


@pytest.mark.parametrize("version", ["", "2026 05 01", "x\r\ny: z", None, 20260501])
def test_unusable_api_version_is_named(version: object) -> None:
    with pytest.raises(ValueError, match="api_version"):
        resolve(api_version=version)


def test_headers_of_a_call() -> None:
    headers = resolve().headers(request_id="r-1", idempotency_key="k-1", has_body=True)
    assert dict(headers) == {
        "authorization": f"Bearer {TOKEN}",
        "paylera-api-version": "2026-05-01",
        "accept": "application/json",
        "user-agent": USER_AGENT,
        "x-request-id": "r-1",
        "idempotency-key": "k-1",
        "content-type": "application/json",
    }
    assert "idempotency-key" not in dict(resolve().headers(request_id="r-1"))
    assert TOKEN not in repr(headers)


def test_url_joins_constants_and_ids() -> None:
    endpoint = resolve(base_url="http://h/base")
    assert endpoint.url("/v1/plans") == "http://h/base/v1/plans"
    assert endpoint.url("/v1/a/{one_id}/b/{two_id}", one_id="x_1", two_id="Y-2") == "http://h/base/v1/a/x_1/b/Y-2"


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "a%2fb", "a?b", "a#b", "a\r\nb", "\x00", "a" * 129, "é", None, 7]
)
def test_hostile_ids_are_refused_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match="subscription_id must be"):
        resolve().url("/v1/subscriptions/{subscription_id}", subscription_id=value)


@given(st.text(max_size=30))
def test_any_id_is_one_segment_or_refused(value: str) -> None:
    try:
        url = resolve().url("/v1/subscriptions/{id}/cancel", id=value)
    except ValueError:
        return
    assert url == f"https://api.test.paylera.dev/v1/subscriptions/{value}/cancel"
    assert value.isascii()


def test_template_with_anything_else_is_refused() -> None:
    with pytest.raises(ValueError, match="constants and ids"):
        resolve().url("/v1/../admin")


def test_version_is_the_distributions() -> None:
    pyproject = Path(__file__).parents[3] / "packages/paylera/pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == VERSION
    assert USER_AGENT.startswith(f"paylera-python/{VERSION} ")


@pytest.mark.parametrize("secret", [Secret(TOKEN), SecretText(TOKEN)], ids=["Secret", "SecretText"])
def test_secret_shows_itself_nowhere(secret: Any) -> None:
    for text in (repr(secret), str(secret), f"{secret}", f"{secret:>50}", "%s %r" % (secret, secret), repr([secret])):  # noqa: UP031
        assert TOKEN not in text
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(secret, protocol)


def test_secret_is_revealed_on_request_alone() -> None:
    assert Secret(TOKEN).reveal() == TOKEN
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    with pytest.raises(TypeError):
        json.dumps(Secret(TOKEN))


def test_secret_text_is_whole_on_the_wire() -> None:
    text = SecretText(TOKEN)
    assert text == TOKEN
    assert text.encode() == TOKEN.encode()
    assert type(plain(text)) is str
    assert plain(text) == plain(TOKEN) == TOKEN


def test_resolving_a_secret_keeps_it() -> None:
    assert resolve(Secret(TOKEN)) == resolve(TOKEN)
    with pytest.raises(ValueError, match="blank"):
        resolve(Secret(" "))
