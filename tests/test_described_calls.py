"""Both services do what their OpenAPI documents say, whatever is sent to them: schemathesis makes the calls."""

import functools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
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

from harness import files
from harness.clients import AgentClient, CustomerClient, cookies_of, expect
from harness.services import Product
from harness.trust import trust

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
    "list_choices",
    "confirm",
    "typing",
    "stop",
    "hand_over_to_people",
    "judge",
    "change_session",
    "end",
    "rate",
    "read_transcript",
    "open_link",
    "attach",
    "read_attachment",
    "read_preview",
]
AGENTS_OPERATIONS = [
    "list_sessions",
    "read_queue",
    "read_session",
    "write_message",
    "change_session",
    "read_labels",
    "take_next_session",
    "take_session_over",
    "requeue_session",
    "release_session",
    "close_session",
    "read_history",
    "hold_session",
    "resume_session",
    "confirm",
    "typing",
    "read_today",
    "list_agents",
    "choose_availability",
    "note_activity",
    "list_teams",
    "set_up_team",
    "read_offers",
    "accept",
    "decline",
    "transfer_session",
    "suggest_replies",
    "sum_up",
    "translate",
    "attach",
    "read_attachment",
    "read_preview",
]
READING_ATTACHMENTS = ["read_attachment", "read_preview"]
# Of what the tests make none.
INVENTED = {"team_id": ["1", "999"], "offer_id": ["1", "unknown"], "message_id": ["1", "unknown"]}
# Of a time that a session is held until: one that is not over.
MOMENTS = ["2999-01-01T00:00:00Z", "2999-06-01T08:00:00+08:00"]
# What supervisors do.
SUPERVISORS_OPERATIONS = ["set_up_team"]
# Calls of the queue, of histories, of teams, offers and suggestions have nothing in them that could be wrong. Of a file
# the document allows any bytes, of which hardly any are good: tests/edge/test_uploads.py sends those.
NOT_MADE = [
    ("read_queue", GenerationMode.NEGATIVE),
    ("read_history", GenerationMode.NEGATIVE),
    ("read_labels", GenerationMode.NEGATIVE),
    ("suggest_replies", GenerationMode.NEGATIVE),
    ("list_teams", GenerationMode.NEGATIVE),
    ("list_agents", GenerationMode.NEGATIVE),
    ("list_choices", GenerationMode.NEGATIVE),
    ("read_offers", GenerationMode.NEGATIVE),
    ("attach", GenerationMode.POSITIVE),
]


def calls(operations: list[str]) -> list[tuple[str, GenerationMode]]:
    return [
        (operation, mode) for operation in operations for mode in GenerationMode if (operation, mode) not in NOT_MADE
    ]


@functools.cache
def read_document(url: str) -> str:
    return httpx.get(f"{url}/api/openapi.json", verify=trust()).text


def load(url: str, operation_id: str, names: list[str], attachments: list[str]) -> OpenApiSchema:
    """One operation of a service's document, without what nobody invents: names, cursors, times, logins."""
    document = json.loads(read_document(url))
    paths = {
        path: {method: operation for method, operation in item.items() if operation["operationId"] == operation_id}
        for path, item in document["paths"].items()
    }
    for item in paths.values():
        for operation in item.values():
            operation.pop("security", None)
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    known = {"attachment_id": attachments, **INVENTED}.get(parameter["name"], names)
                    parameter["schema"] = {"type": "string", "enum": known}
                elif parameter["name"] == "before" and parameter["schema"]["type"] == "string":
                    parameter["schema"] = {"type": "string", "enum": [""]}
                elif parameter["name"] == "since":
                    parameter["schema"] = {"type": "string", "enum": [datetime.now(UTC).isoformat()]}
                elif parameter["name"] == "timezone":
                    parameter["schema"] = {"type": "string", "enum": ["UTC", "Asia/Shanghai"]}
    # No team can be chosen here: whichever is named is refused.
    document["components"]["schemas"].get("EscalationBody", {"properties": {}})["properties"].pop("team", None)
    if "HoldBody" in document["components"]["schemas"]:
        document["components"]["schemas"]["HoldBody"]["properties"]["until"] = {"enum": [*MOMENTS, None]}
    schema: OpenApiSchema = from_dict({**document, "paths": {path: item for path, item in paths.items() if item}})
    schema.config.base_url = url
    return schema


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_documents_are_valid_and_every_operation_is_called(product: Product, service: str) -> None:
    document = json.loads(read_document(getattr(product, service).url))
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


def ids_for(operation_id: str, upload: Callable[[str, bytes], httpx.Response]) -> list[str]:
    """Of attachments, for an operation that reads them: a process looks into each that is sent."""
    if operation_id not in READING_ATTACHMENTS:
        return ["unknown"]
    return [expect(201, upload("a.png", files.picture("PNG")))["id"], "unknown"]


@pytest.mark.parametrize(("operation_id", "mode"), calls(CUSTOMERS_OPERATIONS))
def test_customers_calls_are_answered_as_described(
    customer: CustomerClient, operation_id: str, mode: GenerationMode
) -> None:
    attachments = ids_for(operation_id, customer.upload)
    schema = load(customer.url, operation_id, [customer.session_name], attachments)
    make_calls(schema, operation_id, mode, customer.http)


@pytest.fixture(scope="module")
def alice(shared_product: Product) -> Iterator[AgentClient]:
    with AgentClient(shared_product.workbench.url, "alice") as client:
        yield client


@pytest.fixture(scope="module")
def carol(shared_product: Product) -> Iterator[AgentClient]:
    with AgentClient(shared_product.workbench.url, "carol") as client:
        yield client


@pytest.mark.parametrize(("operation_id", "mode"), calls(AGENTS_OPERATIONS))
def test_agents_calls_are_answered_as_described(
    product: Product, alice: AgentClient, carol: AgentClient, operation_id: str, mode: GenerationMode
) -> None:
    """Of a conversation that waits, one that is with the agent, one with the bot and one that nobody has heard of."""
    with_bot, waiting, taken = (begin_session(product.chatbot.url, is_waiting=n > 0) for n in range(3))
    expect(200, alice.take_over(taken))
    names = [with_bot, waiting, taken, "s-unknown"]
    attachments = ids_for(operation_id, partial(alice.upload, taken))
    caller = carol if operation_id in SUPERVISORS_OPERATIONS else alice
    make_calls(load(alice.url, operation_id, names, attachments), operation_id, mode, caller.http)
