"""Both services say what they can do: OpenAPI, a page for it, and AsyncAPI."""

import json
import re
from typing import Any, get_args, get_type_hints

import pytest
from django.test import AsyncClient

from chatbot.conversations.events import EVENT_TYPES
from chatbot.conversations.events.base import Source
from chatbot.conversations.events.types import ChannelKind
from config.static import known_files
from realtime import groups
from realtime.events import sources

SERVICES = pytest.mark.parametrize("service", ["chatbot", "workbench"])


async def fetch(settings: Any, service: str, name: str) -> Any:
    settings.ROOT_URLCONF = f"config.urls_{service}"
    response = await AsyncClient().get(f"/api/{name}")
    assert response.status_code == 200
    return response


async def fetch_document(settings: Any, service: str, name: str) -> Any:
    return json.loads((await fetch(settings, service, name)).content)


def codes_of(operation: Any, status: int) -> list[str]:
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    codes: list[str] = schema["properties"]["error"]["properties"]["code"]["enum"]
    return codes


async def test_customers_calls_are_described(settings: Any) -> None:
    document = await fetch_document(settings, "chatbot", "openapi.json")
    assert set(document["paths"]) == {
        "/api/links",
        "/api/hand-overs",
        "/api/sessions",
        "/api/sessions/{name}",
        "/api/sessions/{name}/messages",
        "/api/sessions/{name}/messages/{message_id}/feedback",
        "/api/sessions/{name}/receipts",
        "/api/sessions/{name}/typing",
        "/api/sessions/{name}/stop",
        "/api/sessions/{name}/close",
        "/api/sessions/{name}/rating",
        "/api/sessions/{name}/transcript",
        "/api/sessions/{name}/escalate",
        "/api/sessions/{name}/cancel-escalation",
        "/api/teams",
        "/api/sessions/{name}/events",
        "/api/sessions/{name}/attachments",
        "/api/attachments/{attachment_id}",
        "/api/attachments/{attachment_id}/preview",
    }


async def test_agents_calls_are_described(settings: Any) -> None:
    document = await fetch_document(settings, "workbench", "openapi.json")
    assert set(document["paths"]) == {
        "/api/labels",
        "/api/sessions",
        "/api/agents",
        "/api/agent/activity",
        "/api/agent/availability",
        "/api/teams",
        "/api/teams/{team_id}",
        "/api/sessions/queue",
        "/api/sessions/next",
        "/api/sessions/{name}",
        "/api/sessions/{name}/messages/{message_id}/translation",
        "/api/sessions/{name}/suggestions",
        "/api/sessions/{name}/summary",
        "/api/sessions/{name}/messages",
        "/api/sessions/{name}/receipts",
        "/api/sessions/{name}/typing",
        "/api/sessions/{name}/takeover",
        "/api/sessions/{name}/requeue",
        "/api/sessions/{name}/release",
        "/api/sessions/{name}/close",
        "/api/sessions/{name}/events",
        "/api/sessions/{name}/attachments",
        "/api/attachments/{attachment_id}",
        "/api/attachments/{attachment_id}/preview",
        "/api/agent/events",
        "/api/agent/offers",
        "/api/offers/{offer_id}/accept",
        "/api/offers/{offer_id}/decline",
        "/api/sessions/{name}/transfer",
        "/api/sessions/{name}/hold",
        "/api/sessions/{name}/resume",
        "/api/sessions/{name}/history",
        "/api/today",
    }


@pytest.mark.parametrize(("call", "is_required"), [("transfer", True), ("messages", True), ("hold", False)])
async def test_a_body_may_be_left_out_where_an_empty_one_is_good(
    settings: Any, call: str, *, is_required: bool
) -> None:
    """Of a transfer each field may be absent, but not all of them."""
    document = await fetch_document(settings, "workbench", "openapi.json")
    body = document["paths"][f"/api/sessions/{{name}}/{call}"]["post"]["requestBody"]
    assert body["required"] is is_required


@SERVICES
async def test_operations_have_different_ids(settings: Any, service: str) -> None:
    document = await fetch_document(settings, service, "openapi.json")
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(ids)) == len(ids)


async def test_codes_of_refusals_are_literals(settings: Any) -> None:
    document = await fetch_document(settings, "workbench", "openapi.json")
    write = document["paths"]["/api/sessions/{name}/messages"]["post"]
    assert codes_of(write, 400) == ["INVALID_ATTACHMENTS", "INVALID_CLIENT_ID", "INVALID_CONTENT", "INVALID_JSON"]
    assert codes_of(write, 403) == ["CSRF_FAILED", "FORBIDDEN", "NOT_ASSIGNEE"]
    assert codes_of(write, 409) == ["INVALID_STATUS"]
    assert "429" not in document["paths"]["/api/sessions/queue"]["get"]["responses"]


async def test_a_refusal_says_what_else_it_holds(settings: Any) -> None:
    document = await fetch_document(settings, "workbench", "openapi.json")
    take_over = document["paths"]["/api/sessions/{name}/takeover"]["post"]
    schema = take_over["responses"]["409"]["content"]["application/json"]["schema"]
    agent = schema["properties"]["error"]["properties"]["agent"]
    assert {"$ref": "#/components/schemas/AgentJson"} in agent["anyOf"]
    assert document["components"]["schemas"]["AgentJson"]["required"] == ["id", "name"]


@SERVICES
async def test_streams_are_described(settings: Any, service: str) -> None:
    document = await fetch_document(settings, service, "openapi.json")
    stream = document["paths"]["/api/sessions/{name}/events"]["get"]
    assert list(stream["responses"]["200"]["content"]) == ["text/event-stream"]
    assert {each["name"] for each in stream["parameters"]} >= {"name", "Last-Event-ID", "lastEventId"}
    assert codes_of(stream, 404) == ["NOT_FOUND"]


@SERVICES
async def test_the_page_has_no_script_but_those_of_this_host(settings: Any, service: str) -> None:
    response = await fetch(settings, service, "docs")
    directives = response["Content-Security-Policy"].split("; ")  # in any order
    assert "default-src 'self'" in directives
    assert not [each for each in directives if each.startswith("script-src")]
    tags = re.findall(r"<(?:script|link|img)\b[^>]*>", response.content.decode())
    loaded = [found[1] for tag in tags if (found := re.search(r'(?:src|href)="([^"]*)"', tag))]
    assert loaded
    assert {each for each in loaded if each not in known_files().files} == set()
    inline = [tag for tag in tags if tag.startswith("<script") and "src=" not in tag]
    assert all('type="application/json"' in tag for tag in inline)
    assert re.search(r"\son\w+=|<style|\sstyle=", response.content.decode()) is None


@SERVICES
@pytest.mark.parametrize("kind", get_args(ChannelKind))
async def test_every_event_is_described_on_its_channels(settings: Any, service: str, kind: ChannelKind) -> None:
    document = await fetch_document(settings, service, "asyncapi.json")
    assert document["asyncapi"] == "3.0.0"
    expected = {name for name, event_type in EVENT_TYPES.items() if kind in event_type.channels}
    messages = document["channels"][kind]["messages"]
    assert set(messages) == expected
    for name, message in messages.items():
        properties = resolve(document, message)["payload"]["properties"]
        assert properties["type"] == {"const": name}
        assert ("id" in properties) == EVENT_TYPES[name].durable
        payload = resolve(document, properties["payload"])
        assert set(payload["properties"]) == set(get_type_hints(EVENT_TYPES[name].payload_on(kind)))


def resolve(document: Any, reference: dict[str, str]) -> Any:
    """What a `$ref` points to."""
    found = document
    for key in reference["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


async def test_channels_are_those_on_redis(settings: Any) -> None:
    document = await fetch_document(settings, "chatbot", "asyncapi.json")
    filled = {kind: re.sub(r"\{\w+\}", "x", channel["address"]) for kind, channel in document["channels"].items()}
    assert filled == {
        "session": groups.wire_name(groups.session("x")),
        "agent": groups.wire_name(groups.agent("x")),
        "broadcast": groups.wire_name(groups.BROADCAST),
        "team": groups.wire_name(groups.channel("team", "x")),
    }


def test_sources_are_those_of_the_settings() -> None:
    assert set(get_args(Source)) == sources()


@SERVICES
@pytest.mark.parametrize("name", ["openapi.json", "docs", "asyncapi.json"])
async def test_documents_are_only_read(settings: Any, service: str, name: str) -> None:
    settings.ROOT_URLCONF = f"config.urls_{service}"
    response = await AsyncClient().delete(f"/api/{name}")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
