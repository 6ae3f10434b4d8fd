"""What holds for every operation of the customers' API, of which nobody has to think when one is added."""

import pytest

from chatbot.customers.urls import api
from chatbot.tests.customer import Customer, error_code
from chatbot.web.json_api import SAFE_METHODS

CHANGES = [
    (method, f"/{address.replace('<name>', 's-1')}")
    for address, operations in api.operations_by_address().items()
    for operation in operations
    for method in operation.methods
    if method not in SAFE_METHODS
]


def test_the_walk_finds_the_operations() -> None:
    assert {("POST", "/api/sessions"), ("POST", "/api/sessions/s-1/messages")} < set(CHANGES)


@pytest.mark.parametrize(("method", "address"), CHANGES)
async def test_a_page_of_another_site_changes_nothing(stranger: Customer, method: str, address: str) -> None:
    """The cookie is SameSite; there is no CSRF token."""
    headers = {"Origin": "https://evil.example"}
    response = await stranger.client.generic(method, address, b"{}", content_type="application/json", headers=headers)
    assert (response.status_code, error_code(response)) == (403, "FORBIDDEN_ORIGIN")
