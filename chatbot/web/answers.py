"""JSON answers, and the one place where an error becomes an answer."""

from collections.abc import Mapping
from typing import Any

from django.http import JsonResponse

from chatbot.conversations.errors import ApiError


def json_response(content: Mapping[str, Any], *, status: int = 200) -> JsonResponse:
    """An answer that no cache keeps."""
    return JsonResponse(content, status=status, headers={"Cache-Control": "no-store"})


def error_response(error: ApiError) -> JsonResponse:
    response = json_response(error.as_json(), status=error.http_status)
    for name, value in error.headers.items():
        response[name] = value
    return response
