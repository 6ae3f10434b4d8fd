"""The OpenAPI document of a service: django-ninja's, with what may be refused, and the streams.

Private of django-ninja: what OpenAPISchema's methods are called and return.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema
from ninja.operation import Operation
from pydantic import BaseModel, TypeAdapter, ValidationError

from chatbot.conversations import errors
from chatbot.web.json_api import PREFIX, SAFE_METHODS, Guard, ServiceAPI, invalid_code

Json = dict[str, Any]
Refusals = Sequence[type[errors.ApiError]]

RETRY_AFTER: Json = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
NAME: Json = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
POSITION: Json = {
    "schema": {"type": "string"},
    "description": "Where to go on from: the `id:` of the last event that came, or the `position` of an answer.",
}


class Document(OpenAPISchema):
    """Says of an operation also how it refuses, with the codes, and what its guard asks for."""

    def __init__(self, api: ServiceAPI, streams: Mapping[str, Json]) -> None:
        super().__init__(api, f"{PREFIX}/")
        self["paths"].update(streams)

    def operation_details(self, operation: Operation) -> Json:
        details: Json = super().operation_details(operation)
        refusals = refusals_of(operation)
        for error in refusals:
            for schema in map(_schema_of, error.detail_types.values()):
                self.add_schema_definitions(schema.get("$defs", {}))
        details["responses"].update(describe(refusals, _codes_of(operation)))
        return details

    def operation_security(self, operation: Operation) -> list[Json]:
        guard = guard_of(operation)
        self.securitySchemes.update(guard.schemes)
        return guard.security(is_safe=is_safe(operation))

    def request_body(self, operation: Operation) -> Json:
        body: Json = super().request_body(operation)
        if body:
            body["required"] = not all(_may_be_left_out(model) for model in _body_models(operation))
        return body


def guard_of(operation: Operation) -> Guard:
    guard: Guard
    (guard,) = operation.auth_callbacks  # type: ignore[assignment]
    return guard


def is_safe(operation: Operation) -> bool:
    return SAFE_METHODS.issuperset(operation.methods)


def refusals_of(operation: Operation) -> Refusals:
    """Every error that may be the answer of an operation."""
    sources = {model.__ninja_param_source__ for model in operation.models}
    guard = guard_of(operation)
    implied: list[type[errors.ApiError]] = [*guard.refusals, errors.DatabaseUnavailable]
    if not is_safe(operation):
        implied += guard.refusals_of_changes
    if "path" in sources:
        implied.append(errors.NotFound)
    if "query" in sources:
        implied.append(errors.InvalidQuery)
    if "body" in sources:
        implied += [errors.InvalidBody, errors.BodyTooLarge, errors.UnsupportedMediaType]
    return [*implied, *operation.view_func.refusals]  # type: ignore[attr-defined]


def describe(refusals: Refusals, body_codes: Sequence[str] = ()) -> dict[int, Json]:
    """OpenAPI's responses for these errors; `body_codes` are those of InvalidBody, which has one for each field."""
    codes: dict[int, set[str]] = defaultdict(set)
    details: dict[int, Json] = defaultdict(dict)
    for error in refusals:
        codes[error.http_status].update(body_codes if error is errors.InvalidBody else [error.code])
        details[error.http_status].update(error.detail_types)
    return {status: _answer(status, sorted(codes[status]), details[status]) for status in sorted(codes)}


def event_stream(summary: str, guard: Guard, refusals: Refusals, parameters: Sequence[Json]) -> Json:
    """The path item of a stream, which no operation of django-ninja answers."""
    resume = [
        {"name": "Last-Event-ID", "in": "header", **POSITION},
        {"name": "lastEventId", "in": "query", **POSITION},
    ]
    events: Json = {
        "description": "Server-Sent Events; `/api/asyncapi.json` says which. Each is `event: <type>`, "
        "`id: <position>` and `data: <envelope>`. The first is `stream-open`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
    responses = {200: events, **describe(refusals)}
    operation = {
        "operationId": summary.lower().replace(" ", "_"),
        "summary": summary,
        "tags": ["streams"],
        "security": guard.security(is_safe=True),
        "parameters": [*parameters, *resume],
        "responses": responses,
    }
    return {"get": operation}


def _answer(status: int, codes: Sequence[str], details: Mapping[str, Any]) -> Json:
    properties: Json = {
        "code": {"type": "string", "enum": codes},
        "message": {"type": "string", "description": "For people, in the language of the call."},
        **{name: _schema_of(detail) for name, detail in details.items()},
    }
    error = {"type": "object", "properties": properties, "required": ["code", "message"]}
    schema = {"type": "object", "properties": {"error": error}, "required": ["error"]}
    for name in details:
        properties[name].pop("$defs", None)
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": schema}},
        **({"headers": RETRY_AFTER} if status in (429, 503) else {}),
    }


def _schema_of(detail: Any) -> Json:
    return TypeAdapter(detail).json_schema(ref_template=REF_TEMPLATE)


def _codes_of(operation: Operation) -> list[str]:
    return ["INVALID_JSON", *(invalid_code(name) for name in _body_fields(operation))]


def _body_fields(operation: Operation) -> Mapping[str, Any]:
    """The fields of an operation's body, by name."""
    return dict(_fields(operation))


def _fields(operation: Operation) -> Iterator[tuple[str, Any]]:
    for model in _body_models(operation):
        yield from model.model_fields.items()


def _body_models(operation: Operation) -> Iterator[type[BaseModel]]:
    for model in operation.models:
        if model.__ninja_param_source__ == "body":
            yield from (argument.annotation for argument in model.model_fields.values())


def _may_be_left_out(model: type[BaseModel]) -> bool:
    """Whether an empty object is good: no body at all is one."""
    try:
        model.model_validate({})
    except ValidationError:
        return False
    return True
