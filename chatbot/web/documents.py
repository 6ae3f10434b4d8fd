"""What a service says it can do: `/api/openapi.json`, `/api/docs` (the same, to read and try), `/api/asyncapi.json`.

They are for everybody: what they describe is in the sources of this project.
"""

import functools
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from chatbot.web.asyncapi import asyncapi_document
from chatbot.web.json_api import PREFIX, ServiceAPI, View, by_method
from chatbot.web.openapi import Document

# Without `validatorUrl` Swagger UI asks a validator on the internet.
SWAGGER = {"url": f"/{PREFIX}/openapi.json", "layout": "BaseLayout", "deepLinking": True, "validatorUrl": None}


def document_addresses(api: ServiceAPI, streams: Mapping[str, Any]) -> list[URLPattern]:
    """The addresses of the documents of one service."""
    openapi = functools.cache(lambda: json.dumps(Document(api, streams)))
    asyncapi = functools.cache(lambda: json.dumps(asyncapi_document(api.title)))
    views = {"openapi.json": _json(openapi), "asyncapi.json": _json(asyncapi), "docs": _page(api)}
    return [path(f"{PREFIX}/{name}", by_method({"GET": view}, is_csrf_exempt=False)) for name, view in views.items()]


def _json(make: Any) -> View:
    async def document(request: HttpRequest) -> HttpResponse:
        return HttpResponse(make(), content_type="application/json")

    return document


def _page(api: ServiceAPI) -> View:
    """django-ninja's page, whose scripts and styles are its static files: nothing is fetched from elsewhere."""

    async def page(request: HttpRequest) -> HttpResponse:
        context = {"api": api, "swagger_settings": json.dumps(SWAGGER), "add_csrf": not api.is_csrf_exempt}
        return render(request, "ninja/swagger.html", context)

    return page
