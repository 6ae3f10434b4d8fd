"""What holds for every address of the agents' API, of which nobody has to think when an operation is added."""

import json
from collections.abc import Iterator

import pytest
from django.test import AsyncClient
from django.urls import URLPattern, URLResolver, get_resolver

from chatbot.tests.customer import error_code
from chatbot.web.json_api import SAFE_METHODS
from workbench.api.urls import api

UNSAFE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
TOKEN = "a" * 32


def addresses(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """All addresses of a URLconf, with a name for each parameter."""
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"/{address.replace('<name>', 's-1')}"
        else:
            yield from addresses(pattern, address)


API_ADDRESSES = [each for each in addresses(get_resolver("config.urls_workbench")) if each.startswith("/api/")]

OPERATIONS = [
    (method, f"/{address.replace('<name>', 's-1')}")
    for address, operations in api.operations_by_address().items()
    for operation in operations
    for method in operation.methods
]
CHANGES = [(method, address) for method, address in OPERATIONS if method not in SAFE_METHODS]


def test_the_walk_finds_the_operations() -> None:
    assert ("POST", "/api/sessions/s-1/takeover") in CHANGES
    assert {address for _, address in OPERATIONS} < set(API_ADDRESSES)


@pytest.mark.parametrize("address", API_ADDRESSES)
@pytest.mark.parametrize("method", UNSAFE_METHODS)
@pytest.mark.parametrize(
    ("cookies", "refusal"), [({"sessionid": "x"}, (403, "CSRF_FAILED")), ({}, (401, "UNAUTHENTICATED"))]
)
async def test_nothing_is_changed_without_a_csrf_token(
    method: str, address: str, cookies: dict[str, str], refusal: tuple[int, str]
) -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    client.cookies.load(cookies | {"csrftoken": TOKEN})
    response = await client.generic(method, address, b"{}", content_type="application/json")
    assert (response.status_code, error_code(response)) == refusal


@pytest.mark.parametrize(("method", "address"), OPERATIONS)
@pytest.mark.parametrize("body", [b"{}", b"{", json.dumps({"content": "hi", "client_id": "c"}).encode()])
async def test_nothing_is_told_to_who_is_not_logged_in(
    transactional_db: None, method: str, address: str, body: bytes
) -> None:
    """With an invented login and the right token, whatever the body or query."""
    client = AsyncClient(enforce_csrf_checks=True)
    client.cookies.load({"sessionid": "invented", "csrftoken": TOKEN})
    response = await client.generic(
        method, f"{address}?limit=none", body, content_type="application/json", headers={"X-CSRFToken": TOKEN}
    )
    assert (response.status_code, error_code(response)) == (401, "UNAUTHENTICATED")
