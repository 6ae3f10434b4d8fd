"""Both services do what their OpenAPI documents say, whatever is sent to them: schemathesis makes the calls."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi import checks
from schemathesis.specs.openapi.schemas import OpenApiSchema

from harness.clients import AgentClient, CustomerClient, cookies_of, expect
from harness.services import Product

EXAMPLES = 10  # good ones and as many bad ones for each operation: some 30 s on a busy core
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
    checks.positive_data_acceptance,
]

CUSTOMERS_OPERATIONS = [
    "begin_session",
    "read_session",
    "write_message",
    "ask_for_a_human",
    "wait_no_longer",
    "confirm",
    "typing",
    "change_session",
    "end",
    "rate",
    "read_transcript",
]
AGENTS_OPERATIONS = [
    "list_sessions",
    "read_queue",
    "read_session",
    "write_message",
    "take_next_session",
    "take_session_over",
    "requeue_session",
    "release_session",
    "close_session",
    "confirm",
    "typing",
    "read_today",
]
# A call of the queue has nothing in it that could be wrong.
AGENTS_CALLS = [
    (operation_id, mode)
    for operation_id in AGENTS_OPERATIONS
    for mode in GenerationMode
    if (operation_id, mode) != ("read_queue", GenerationMode.NEGATIVE)
]


def load(url: str, names: list[str]) -> OpenApiSchema:
    """The document of a service, without the streams, and what nobody invents: names, cursors, times, logins."""
    document = httpx.get(f"{url}/api/openapi.json").json()
    paths = {path: item for path, item in document["paths"].items() if not path.endswith("/events")}
    for item in paths.values():
        for operation in item.values():
            operation.pop("security", None)
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"] = {"type": "string", "enum": names}
                elif parameter["name"] == "before" and parameter["schema"]["type"] == "string":
                    parameter["schema"] = {"type": "string", "enum": [""]}
                elif parameter["name"] == "since":
                    parameter["schema"] = {"type": "string", "enum": [datetime.now(UTC).isoformat()]}
                elif parameter["name"] == "timezone":
                    parameter["schema"] = {"type": "string", "enum": ["UTC", "Asia/Shanghai"]}
    schema: OpenApiSchema = from_dict({**document, "paths": paths})
    schema.config.base_url = url
    return schema


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_documents_are_valid_and_every_operation_is_called(product: Product, service: str) -> None:
    document = httpx.get(f"{getattr(product, service).url}/api/openapi.json").json()
    schema: OpenApiSchema = from_dict(document)
    schema.validate()
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    called = CUSTOMERS_OPERATIONS if service == "chatbot" else AGENTS_OPERATIONS
    assert {each for each in ids if not each.startswith("events_of_")} == set(called)


def begin_session(url: str, *, is_waiting: bool) -> str:
    with CustomerClient(url) as client:
        client.create_session()
        if is_waiting:
            expect(202, client.escalate())
        return client.session_name


def make_calls(schema: OpenApiSchema, operation_id: str, mode: GenerationMode, client: httpx.Client) -> None:
    """Make EXAMPLES calls of one operation, the same ones in each run, and check the answers."""
    operation = schema.find_operation_by_id(operation_id)
    headers = {**cookies_of(client), "X-CSRFToken": client.cookies.get("csrftoken", "")}

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=dict(headers), checks=CHECKS)

    call()


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("operation_id", CUSTOMERS_OPERATIONS)
def test_customers_calls_are_answered_as_described(
    customer: CustomerClient, operation_id: str, mode: GenerationMode
) -> None:
    make_calls(load(customer.url, [customer.session_name]), operation_id, mode, customer.http)


@pytest.mark.parametrize(("operation_id", "mode"), AGENTS_CALLS)
def test_agents_calls_are_answered_as_described(
    product: Product, alice: AgentClient, operation_id: str, mode: GenerationMode
) -> None:
    """Of a conversation that waits, one that is with the agent, one with the bot and one that nobody has heard of."""
    with_bot, waiting, taken = (begin_session(product.chatbot.url, is_waiting=n > 0) for n in range(3))
    expect(200, alice.take_over(taken))
    names = [with_bot, waiting, taken, "s-unknown"]
    make_calls(load(alice.url, names), operation_id, mode, alice.http)
